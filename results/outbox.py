"""What a vantage has not sent yet, oldest first, in batches that a server takes; and the server's receipts.

Nothing is sent here (probe/submit.py). The server's side of a receipt is not here either.
"""

from collections.abc import Collection, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import zstandard
from pydantic import ValidationError
from sqlmodel import SQLModel

from results.fate import Fate
from results.formats.jsonl import line
from results.own_insert import insert_into
from results.packing import Spoilt, unpacked
from results.records import adapter
from results.store import Store, judgement_of
from results.tables import same

LINES_MAX = 500
PACKED_MAX_BYTES = 8 * 1024 * 1024
UNPACKED_MAX_BYTES = 64 * 1024 * 1024
LINE_MAX_BYTES = 4 * 1024 * 1024  # with its end
_AT_ONCE = 50  # rows that are in memory
_LEVEL = 9  # a volunteer's line is slower than the machine

_Found = tuple[int, str, bytes | str]

_LINK = SQLModel.metadata.tables["link"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_EVIDENCE = SQLModel.metadata.tables["evidence"]
_VERDICT = SQLModel.metadata.tables["verdict"]
_RECEIPT = SQLModel.metadata.tables["receipt"]


class Sender(NamedTuple):
    """Whose measurements are sent: those under the name that the server gave, made since."""

    vantage: str
    since: datetime  # UTC


class Receipt(NamedTuple):
    """What became of one measurement."""

    uid: str
    fate: Fate
    says: str = ""  # why it was refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What goes in one request. Without a uid there is nothing to send."""

    uids: tuple[str, ...]  # in the order of the lines
    packed: bytes = field(repr=False)  # JSON Lines, zstd
    unfit: tuple[Receipt, ...]  # what no batch can hold: to be kept as it is
    after: int  # every link up to this number has its receipt: the next batch need not look there again


class Standing(NamedTuple):
    """How far sending is."""

    sent: int  # stored there, or there already
    waiting: int
    refused: int


def next_batch(
    store: Store, sender: Sender, *, after: int = 0, most: int = LINES_MAX, aside: Collection[str] = frozenset()
) -> Batch:
    """The oldest that wait, but for those put `aside`; at most so many. Blocks.

    They are found along the vantage's chain: its numbers only grow, so that what is done is never looked at again.
    """
    lines: list[tuple[str, bytes]] = []
    unfit: list[Receipt] = []
    unpacked = 0
    # Whoever stops in the middle has to close: PostgreSQL's cursor is the server's.
    with store.transaction() as connection, closing(_waiting(connection, sender, after)) as waiting:
        newest = sa.select(sa.func.max(_LINK.c.number)).where(_LINK.c.vantage == sender.vantage)
        done = int(connection.execute(newest).scalar() or 0)
        for place, (number, uid, found) in enumerate(waiting):
            if place == 0:
                done = number - 1
            if uid in aside:
                continue
            if isinstance(found, str):
                unfit.append(Receipt(uid, Fate.REFUSED, found))
                continue
            unpacked += len(found)
            if unpacked > UNPACKED_MAX_BYTES:
                break
            lines.append((uid, found))
            if len(lines) >= most:
                break
    packed = _packed(lines)
    while len(packed) > PACKED_MAX_BYTES:  # never of one line alone, which is shorter than that
        lines = lines[: len(lines) // 2]
        packed = _packed(lines)
    return Batch(uids=tuple(uid for uid, _ in lines), packed=packed, unfit=tuple(unfit), after=done)


def waiting(store: Store, sender: Sender) -> Generator[tuple[str, bytes | str], None, None]:
    """All that wait, oldest first: uid and line without its end, or instead of a line why there can be none. Blocks."""
    with store.transaction() as connection, closing(_waiting(connection, sender, 0)) as found:
        for _, uid, line_ in found:
            yield uid, line_.rstrip(b"\n") if isinstance(line_, bytes) else line_


def of_its_own(store: Store, sender: Sender, uids: Collection[str]) -> set[str]:
    """Which of these it has measured, and under the name that it sends under. Blocks."""
    query = _of(sender, sa.select(_LINK.c.uid)).where(_LINK.c.uid.in_(uids))
    with store.transaction() as connection:
        return set(connection.execute(query).scalars())


def keep(store: Store, receipts: Iterable[Receipt], *, at: datetime) -> None:
    """In one transaction; the first receipt of a measurement holds. Blocks."""
    rows = [{"uid": one.uid, "fate": one.fate.value, "says": one.says, "at": at} for one in receipts]
    if not rows:
        return
    with store.transaction() as connection:
        connection.execute(insert_into(_RECEIPT, connection).on_conflict_do_nothing(), rows)


def standing(store: Store, sender: Sender) -> Standing:
    """How many of its measurements are sent, wait, and were refused. Blocks."""
    query = _of(sender, sa.select(_RECEIPT.c.fate, sa.func.count().label("many"))).group_by(_RECEIPT.c.fate)
    with store.transaction() as connection:
        counts = {row.fate: int(row.many) for row in connection.execute(query)}
    sent = counts.get(Fate.STORED, 0) + counts.get(Fate.THERE, 0)
    return Standing(sent, counts.get(None, 0), counts.get(Fate.REFUSED, 0))


def _of(sender: Sender, query: sa.Select[Any]) -> sa.Select[Any]:
    """Over the sender's chain, with the receipts as far as there are any."""
    return (
        query.select_from(_LINK)
        .join(_MEASUREMENT, same(_MEASUREMENT, _LINK))
        .outerjoin(_RECEIPT, _RECEIPT.c.uid == _LINK.c.uid)
        .where(_LINK.c.vantage == sender.vantage, _MEASUREMENT.c.started_at >= sender.since)
    )


def _waiting(connection: sa.Connection, sender: Sender, after: int) -> Generator[_Found, None, None]:
    """Number, uid and line of what has no receipt, in the chain's order; instead of a line why there can be none."""
    query = (
        _of(sender, sa.select(_LINK.c.number, _EVIDENCE.c.codec, _EVIDENCE.c.blob, _VERDICT))
        .join(_EVIDENCE, same(_EVIDENCE, _LINK))
        .join(_VERDICT, same(_VERDICT, _LINK))
        .where(_LINK.c.number > after, _RECEIPT.c.uid.is_(None))
        .order_by(_LINK.c.number)
    )
    with connection.execution_options(yield_per=_AT_ONCE).execute(query) as result:
        for row in result.mappings():
            yield row["number"], row["uid"], _line(row)


def _line(row: sa.RowMapping) -> bytes | str:
    try:
        measurement = adapter().validate_json(unpacked(row["codec"], row["blob"]))
    except (Spoilt, ValidationError):
        # One row that was altered must not keep all that come after it from being sent.
        return "What is stored of it can't be read any more, so that it can't be sent; `kedergi verify` says more."
    found = (line(measurement, judgement_of(row)) + "\n").encode()
    if len(found) > LINE_MAX_BYTES:
        size, allowed = len(found) / 1024 / 1024, LINE_MAX_BYTES // 1024 // 1024
        return f"It is too large to be sent: {size:.1f} MiB, allowed are {allowed}."
    return found


def _packed(lines: Iterable[tuple[str, bytes]]) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join(one for _, one in lines))
