"""The addresses of accounts, as routes for the server's application, and what they work with. No page is made here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, partial
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from results.records import iso
from results.store import Store
from server.accounts import admin, entrance, own
from server.accounts.gate import Gate
from server.accounts.guard import ServerGuard
from server.accounts.keys import kept_keys
from server.accounts.passwords import Passwords
from server.accounts.proving import Desk
from server.accounts.web import Accounts, answering
from server.control.limits import Turns
from server.pages.tongue import teach

_HASHED_AT_ONCE, _WAITING = 2, 20  # passwords, of 32 MiB each
_STYLE = files("server.accounts").joinpath("static", "accounts.css").read_bytes()


def create_accounts(
    store: Store,
    *,
    folder: Path,
    names: Sequence[str],
    utcnow: Callable[[], datetime],
    passwords: Passwords | None = None,
) -> Accounts:
    """`folder`: where the server's key lies; `names`: those of the configuration. Blocks. Raises ConfigError."""
    desk = Desk(store=store, keys=kept_keys(folder), passwords=passwords or Passwords())
    return Accounts(
        desk=desk,
        hashing=Turns(_HASHED_AT_ONCE, _WAITING),
        templates=_environment(),
        utcnow=utcnow,
        names=names,
        version=metadata.version("kedergi"),
    )


def accounts_routes(accounts: Accounts) -> list[Route]:
    """Before any route that takes all paths."""
    seen, sent, both = ["GET"], ["POST"], ["GET", "POST"]
    return [
        Route(path, answering(accounts, partial(page, accounts)), methods=methods)
        for path, page, methods in (
            ("/sign-in", entrance.sign_in, both),
            ("/sign-out", entrance.sign_out, sent),
            ("/first/{code}", entrance.choose, both),
            ("/account", own.account, seen),
            ("/account/password", own.password, sent),
            ("/account/totp", own.totp, sent),
            ("/account/totp/off", own.totp_off, sent),
            ("/account/sessions", own.end_others, sent),
            ("/admin", admin.members, seen),
            ("/admin/invite", admin.invite, sent),
            ("/admin/revoke", admin.revoke, sent),
            ("/admin/accounts", admin.everybody, seen),
            ("/admin/accounts/add", admin.add, sent),
            ("/admin/accounts/change", admin.change, sent),
            ("/admin/audit", admin.log, seen),
        )
    ] + [Route("/static/accounts.css", _style, methods=["GET"])]


def stand_before(app: Starlette, accounts: Accounts, *, public: bool) -> None:
    """All that comes to the application comes through these; `public` as the configuration has it."""
    if not public:
        app.add_middleware(Gate, accounts=accounts)
    app.add_middleware(ServerGuard, names=accounts.names)


async def _style(_request: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "no-cache"})


@cache
def _environment() -> Environment:
    """Everything is escaped; a name that a template misspells is an error, not an empty place."""
    env = Environment(
        loader=PackageLoader("server.accounts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(iso=iso)
    teach(env)
    for name in env.list_templates():
        env.get_template(name)
    return env
