"""What the commands of `kedergi accounts` do with the store, and what they print: the operator's, in the audit."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

from probe import config as _config
from probe.config import Settings
from results.account_tables import AccountRow, AuditRow
from results.records import iso
from results.schema import as_it_is
from results.store import Store
from server.accounts import audit, people
from server.accounts.people import NotDone
from server.accounts.roles import OPERATOR, Role
from server.logs import LOG

_COLUMNS = {"name": 42, "role": 9, "second factor": 15}
_LASTS = "It is good once, for 24 hours."


def run_add(name: str, role: Role, *, config: Path | None) -> None:
    """Prints the link alone on stdout."""
    with _opened(config) as (settings, store):
        code = people.add(store, name, role, who=OPERATOR, now=datetime.now(UTC))
    _print_link(settings, code)


def run_link(name: str, *, config: Path | None) -> None:
    """Prints the link alone on stdout."""
    with _opened(config) as (settings, store):
        code = people.new_link(store, name, who=OPERATOR, now=datetime.now(UTC))
    _print_link(settings, code)


def run_role(name: str, role: Role, *, config: Path | None) -> None:
    with _opened(config) as (_, store):
        people.set_role(store, name, role, who=OPERATOR, now=datetime.now(UTC))
    typer.echo(f"{name} is {role.value} from now on.", err=True)


def run_disable(name: str, *, config: Path | None) -> None:
    _run(people.disable, name, "is signed out everywhere, and can't sign in.", config)


def run_enable(name: str, *, config: Path | None) -> None:
    _run(people.enable, name, "can sign in again.", config)


def run_forget_totp(name: str, *, config: Path | None) -> None:
    _run(people.forget_totp, name, "has no second factor any more.", config)


def run_list(*, as_json: bool, config: Path | None) -> None:
    """One line an account."""
    with _opened(config) as (_, store):
        found = people.everybody(store)
    if as_json:
        for one in found:
            typer.echo(json.dumps(_record(one)))
        return
    if not found:
        typer.echo("Nobody has an account; `kedergi serve` prints a link for the first admin.", err=True)
        return
    typer.echo("".join(name.ljust(width) for name, width in _COLUMNS.items()) + "state")
    for one in found:
        shown = (one.name, one.role, "on" if one.totp else "off")
        line = "".join(value.ljust(width) for value, width in zip(shown, _COLUMNS.values(), strict=True))
        typer.echo(line + _state(one))


def run_audit(*, as_json: bool, config: Path | None) -> int:
    """1 where a row does not fit the one before."""
    with _opened(config) as (_, store):
        rows = audit.whole(store)
    for row in rows:
        typer.echo(json.dumps(_audited(row)) if as_json else _line(row))
    wrong = audit.first_that_does_not_fit(rows)
    if wrong is not None:
        typer.echo(f"Row {wrong} is not what was written, or is missing; what comes after it proves nothing.", err=True)
        return 1
    return 0


def address(settings: Settings, code: str, *, otherwise: str = "http://127.0.0.1:8733") -> str:
    """A one-time link. `otherwise`: what the server is reached by where the configuration has no name for it."""
    names = settings.server.name
    return f"{f'https://{names[0]}' if names else otherwise}/first/{code}"


def say_first_link(settings: Settings, store: Store, *, otherwise: str) -> None:
    """In the log, while there is no admin: how there comes to be one. Once a start of `kedergi serve`; blocks."""
    code = people.first_link(store, now=datetime.now(UTC))
    if code is not None:
        link = address(settings, code, otherwise=otherwise)
        LOG.warning("Nobody administers this server yet. Whoever opens %s does, once, within 24 hours.", link)


def _run(change: Callable[..., None], name: str, says: str, config: Path | None) -> None:
    with _opened(config) as (_, store):
        change(store, name, who=OPERATOR, now=datetime.now(UTC))
    typer.echo(f"{name} {says}", err=True)


def _print_link(settings: Settings, code: str) -> None:
    typer.echo(address(settings, code))
    typer.echo(_LASTS, err=True)


def _state(one: AccountRow) -> str:
    if one.disabled_at:
        return f"disabled {iso(one.disabled_at)[:19]}"
    return "in use" if one.password else "no password yet"


def _record(one: AccountRow) -> dict[str, object]:
    """Nothing of the password and the second factor but whether they are."""
    return {
        "name": one.name,
        "role": one.role,
        "password": one.password is not None,
        "totp": one.totp is not None,
        "made_at": iso(one.made_at),
        "disabled_at": one.disabled_at and iso(one.disabled_at),
    }


def _audited(row: AuditRow) -> dict[str, object]:
    return {
        "number": row.number,
        "at": iso(row.at),
        "who": row.who,
        "what": row.what,
        "about": row.about,
        "digest": row.digest,
    }


def _line(row: AuditRow) -> str:
    return f"{iso(row.at)[:19]}  {row.who or '–':<20}  {row.what:<24}  {row.about}".rstrip()


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Settings, Store]]:
    """As `serve` has it: a command beside a running server changes no schema. Raises ConfigError."""
    settings = _config.load(config)
    store = Store(_config.store_url(settings), as_it_is)
    try:
        yield settings, store
    except NotDone as exc:
        raise _config.ConfigError(str(exc)) from exc
    finally:
        store.close()
