"""The server's list as its members get it: sealed, the same from every worker, and never older than one given out.

Which targets are on it is told by the configuration (probe.lists). What a vantage measures of it, it decides itself.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlmodel import SQLModel

from probe.vantage import sealed
from probe.vantage.identity import Identity
from probe.vantage.sealed import Kind
from probe.vantage.server_list import line_of
from results.store import Store
from targets.target import Target, Use

_VERSION = SQLModel.metadata.tables["list_version"]
_GIVEN = frozenset({Use.DEFAULT, Use.OPT_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One version."""

    content: bytes = field(repr=False)
    version: str
    made_at: datetime
    targets: int


def listing(store: Store, key: Identity, targets: Iterable[Target], *, now: datetime) -> Listing:
    """Where the newest that was given out is another one, this is a new version from now on. Blocks."""
    lines = [line_of(target) for target in targets if target.use in _GIVEN]
    made_at = _since(store, sha256(b"\n".join(lines)).hexdigest(), now.replace(microsecond=0))
    out = io.BytesIO()
    found = sealed.write(out, key, Kind.TARGETS, lines, made_at=made_at, vantage="", nonce="")
    return Listing(content=out.getvalue(), version=found.sha256, made_at=made_at, targets=found.lines)


def _since(store: Store, digest: str, now: datetime) -> datetime:
    """From when on the targets with this digest are the newest, by the store."""
    query = sa.select(_VERSION.c.made_at, _VERSION.c.digest).order_by(_VERSION.c.made_at.desc()).limit(1)
    with store.transaction(alone=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("lock table list_version in exclusive mode"))
        newest = connection.execute(query).first()
        if newest is not None and newest.digest == digest:
            return newest.made_at  # type: ignore[no-any-return]
        # A clock that was set back makes no list older than the one before it.
        since = now if newest is None else max(now, newest.made_at + timedelta(seconds=1))
        connection.execute(sa.insert(_VERSION), {"made_at": since, "digest": digest})
    return since
