"""`kedergi alerts`: what the commands print, and how they end."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.events import Change, EventKind
from results.queue import Planned, Queue
from results.store import Store
from server.alerts.cli import app
from server.alerts.services import opened
from tests.server.alerts.build import KCELL, NOW, event, flip
from tests.server.alerts.conftest import Webhook

SECRET = "hunter2"


def run(folder: Path, *arguments: str, alerts: str) -> tuple[int, str, str]:
    file = folder / "kedergi.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{folder}/kedergi.db"\n[alerts]\n{alerts}', "utf-8")
    done = CliRunner().invoke(app, [*arguments, "--config", str(file)])
    return done.exit_code, done.stdout, done.stderr


def to(*addresses: str) -> str:
    return f"to = {json.dumps(addresses)}\n"


def test_a_test_reaches_every_address(tmp_path: Path, webhook: Webhook) -> None:
    alerts = to(webhook.address(SECRET), webhook.address("b"), webhook.address("b")) + "language = 'ru'\n"
    status, said, _ = run(tmp_path, "test", alerts=alerts)
    shown = f"json://127.0.0.1:{webhook.server.server_port}/…: sent"
    assert (status, said.splitlines()) == (0, [shown, shown])
    assert webhook.titles(SECRET) == webhook.titles("b") == ["Kedergi: пробное сообщение"]


def test_a_test_says_who_did_not_take_it(tmp_path: Path, webhook: Webhook) -> None:
    webhook.answers[SECRET] = [403]
    status, said, errors = run(tmp_path, "test", alerts=to(webhook.address(SECRET), webhook.address("b")))
    assert status == 1
    assert [line.partition("/…: ")[2] for line in said.splitlines()] == ["the service answered 403", "sent"]
    assert SECRET not in said + errors


@pytest.mark.parametrize(
    ("alerts", "says"),
    [("", "There is nobody to alert"), (to(f"nosuch://{SECRET}@host"), "alerts.to.0 = a secret")],
)
def test_without_a_right_address_a_test_is_a_wrong_call(tmp_path: Path, alerts: str, says: str) -> None:
    status, said, errors = run(tmp_path, "test", alerts=alerts)
    assert (status, said) == (2, "")
    assert says in errors
    assert len(errors.splitlines()) == 1
    assert SECRET not in errors


def filled(folder: Path, here: str, gone: str) -> None:
    store = Store(f"sqlite:///{folder}/kedergi.db")
    queue = Queue(store)
    queue.add([flip(), flip(Change.ENDED)])
    first, second = queue.unplanned()
    addresses = [opened(here).digest, opened(gone).digest]
    queue.plan(first, [Planned(address=address, due_at=NOW) for address in addresses], at=NOW)
    sent, failed = queue.take(NOW, timedelta(minutes=1), addresses=addresses)
    queue.sent(sent, at=NOW, says="sent")
    queue.given_up(failed, at=NOW, says="the service answered 500")
    waits = Planned(address=addresses[0], due_at=NOW + timedelta(hours=9), says="waits for the quiet hours to end")
    queue.plan(second, [waits], at=NOW)
    store.close()


def test_the_list_says_who_waits_and_why(tmp_path: Path, webhook: Webhook) -> None:
    here, gone = webhook.address(SECRET), "ntfy://hunter2-of-old"
    filled(tmp_path, here, gone)
    status, said, errors = run(tmp_path, "list", "--format", "json", alerts=to(here))
    assert status == 0
    waits, given_up, sent = (json.loads(line) for line in said.splitlines())
    masked = f"json://127.0.0.1:{webhook.server.server_port}/…"
    assert (waits["state"], waits["to"], waits["says"]) == ("waiting", masked, "waits for the quiet hours to end")
    assert (waits["due_at"], waits["title"]) == ("2026-11-25T23:40:00+00:00", "ratel.kz is accessible again")
    assert (given_up["state"], given_up["to"], given_up["tries"]) == ("given_up", None, 1)
    assert (sent["state"], sent["sent_at"], sent["event"]) == ("sent", NOW.isoformat(), event().uid)
    assert SECRET not in said + errors


def test_the_list_is_a_table_for_people(tmp_path: Path, webhook: Webhook) -> None:
    here, gone = webhook.address(SECRET), "ntfy://hunter2-of-old"
    filled(tmp_path, here, gone)
    status, said, errors = run(tmp_path, "list", alerts=to(here))
    assert status == 0
    head, waits, given_up, sent = said.splitlines()
    assert head.split()[:2] == ["state", "at"]
    assert waits.startswith("waiting")
    assert "2026-11-25 23:40" in waits
    assert "the service answered 500" in given_up
    assert "no longer configured" in given_up
    assert "Confirmed: ratel.kz is blocked" in sent
    assert SECRET not in said + errors
    _, shorter, _ = run(tmp_path, "list", "--limit", "1", alerts=to(here))
    assert len(shorter.splitlines()) == 2


def test_an_outage_stands_in_the_list_like_any_event(tmp_path: Path) -> None:
    address = "ntfy://a-topic-that-nobody-guesses"
    store = Store(f"sqlite:///{tmp_path}/kedergi.db")
    queue = Queue(store)
    out = event(kind=EventKind.OUTAGE, urls=(), networks=(KCELL,), confidence="weak", confirmed=False, mechanisms=())
    queue.add([flip(of=out), flip(Change.REOPENED, out)])
    for one in queue.unplanned():
        queue.plan(one, [Planned(address=opened(address).digest, due_at=NOW)], at=NOW)
    store.close()
    status, said, _ = run(tmp_path, "list", "--format", "json", alerts=to(address))
    titles = [json.loads(line)["title"] for line in said.splitlines()]
    assert (status, titles) == (0, ["Again: Possible outage: Kcell (AS29355)", "Possible outage: Kcell (AS29355)"])


def test_an_empty_list_says_so(tmp_path: Path) -> None:
    assert run(tmp_path, "list", alerts="") == (0, "", "No alert was due yet.\n")
