"""`kedergi accounts`: what the commands print, how they end, and what of them stands in the audit."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from results.store import Store
from server.accounts import audit, people
from server.accounts.cli import app
from server.joining import invite

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(store_url: str, store: Store, tmp_path: Path) -> Run:
    def command(*arguments: str, server: str = "") -> tuple[int, str, str]:
        file = tmp_path / "server.toml"
        file.write_text(f"[store]\nurl = {json.dumps(store_url)}\n[server]\n{server}\n", "utf-8")
        done = CliRunner().invoke(app, [*arguments, "--config", str(file)])
        return done.exit_code, done.stdout, done.stderr

    assert people.everybody(store) == []
    return command


def test_an_account_is_made_and_its_link_is_printed_alone(run: Run, store: Store) -> None:
    name = 'name = ["kedergi.example.org:8443", "b.example.org"]'
    status, out, err = run("add", "Newsroom", "--role", "analyst", server=name)
    assert (status, err) == (0, "It is good once, for 24 hours.\n")
    link, code = out.strip().rsplit("/", 1)
    assert link == "https://kedergi.example.org:8443/first"
    found = people.of_link(store, code, now=datetime.now(UTC))
    assert found is not None
    assert (found.name, found.role, found.password) == ("newsroom", "analyst", None)


def test_accounts_are_listed_without_what_is_kept_of_their_passwords(run: Run, store: Store) -> None:
    run("add", "newsroom", "--role", "admin")
    run("add", "reader", "--role", "viewer")
    run("disable", "reader")
    with store.transaction(alone=True) as connection:
        people.renew(connection, "newsroom", "$argon2id$secret")
    _, out, _ = run("list")
    rows = [line.split() for line in out.splitlines()]
    assert rows[1] == ["newsroom", "admin", "off", "in", "use"]
    assert rows[2][:4] == ["reader", "viewer", "off", "disabled"]
    _, out, _ = run("list", "--format", "json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["name"], one["password"], one["totp"]) for one in found] == [
        ("newsroom", True, False),
        ("reader", False, False),
    ]
    assert "argon2" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "chief", "--role", "viewer"),
        ("add", "a b", "--role", "viewer"),
        ("disable", "nobody"),
        ("disable", "chief"),
        ("role", "chief", "viewer"),
        ("enable", "chief"),
        ("forget-totp", "chief"),
        ("link", "nobody"),
        ("link", "a'; drop table account; --"),
        ("add", "x", "--role", "king"),
    ],
)
def test_what_can_t_be_done_is_one_sentence(run: Run, store: Store, arguments: tuple[str, ...]) -> None:
    run("add", "chief", "--role", "admin")
    before = people.everybody(store), audit.whole(store)
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert (people.everybody(store), audit.whole(store)) == before


def test_the_audit_is_printed_and_says_whether_it_is_whole(run: Run, store: Store) -> None:
    run("add", "chief", "--role", "admin")
    run("add", "newsroom", "--role", "viewer")
    run("role", "newsroom", "analyst")
    invite(store, vantage_class="home", country="KZ", now=datetime.now(UTC), hours=1)
    status, out, err = run("audit")
    assert (status, err) == (0, "")
    assert [line.split(maxsplit=2)[1:] for line in out.splitlines()] == [
        ["operator", "account made              chief, admin"],
        ["operator", "account made              newsroom, viewer"],
        ["operator", "role changed              newsroom, analyst"],
        ["operator", "invitation made           home, KZ"],
    ]
    _, out, _ = run("audit", "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert tuple(rows[0][name] for name in ("number", "who", "about")) == (1, "operator", "chief, admin")
    assert len({row["digest"] for row in rows}) == 4


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("update audit set about = 'reader, admin' where number = 2", 2),
        ("update audit set at = '2020-01-01 00:00:00' where number = 3", 3),
        ("delete from audit where number = 1", 1),
        ("delete from audit where number = 2", 2),
    ],
)
def test_who_takes_the_triggers_off_and_alters_the_audit_is_found_out(
    run: Run, store: Store, statement: str, wrong: int
) -> None:
    for number in range(3):
        run("add", f"name-{number}", "--role", "viewer")
    with store.transaction(alone=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("alter table audit disable trigger all"))
        else:
            for doing in ("update", "delete"):
                connection.execute(sa.text(f"drop trigger audit_no_{doing}"))
        connection.execute(sa.text(statement))
    status, _, err = run("audit")
    assert (status, err.startswith(f"Row {wrong} ")) == (1, True)
