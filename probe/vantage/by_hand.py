"""What waits to be sent, as a file that somebody carries to the server; and the receipts that come back.

Whoever carries it can neither alter nor add to it: it is sealed (sealed.py). Nothing is sent here, and what waits goes
on waiting until a receipt names it, so that it may also be sent meanwhile. The server's side is in server/by_hand.py.
"""

import gzip
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import typer
import zstandard
from pydantic import BaseModel, ValidationError

from probe import config as _config
from probe.tongue import N_, say
from probe.vantage import enrolment, identity, private, sealed
from probe.vantage.answers import words
from probe.vantage.enrolment import Enrolment
from probe.vantage.identity import Identity
from probe.vantage.sealed import Kind, NotSealed
from probe.vantage.signing import WINDOW
from results import outbox
from results.fate import Fate
from results.outbox import Receipt, Sender
from results.store import Store

_AT_ONCE = 500  # receipts that are kept in one transaction
NOT_JOINED = N_(
    "This vantage has joined no server, so that nothing waits to be sent (kedergi vantage enrol CODE@SERVER)."
)
_WAITING = N_(
    "{count} measurements that wait to be sent are in {file}. They wait here until the server's receipts say that they "
    "arrived: whoever runs the server gets them with `kedergi import`, and you bring them back with it."
)
_REFUSED = N_("Measurement {uid} is not at the server, and will not be sent again: {why}")
_NO_SERVER_KEY = N_("This vantage joined before its server had a key of its own; its receipts can't be believed.")
_NOTED = N_("{arrived} are at the server, {refused} were refused there; {waiting} wait to be sent.")


class CantCarry(Exception):
    """There is nothing to carry, or nowhere to put it. The message is one sentence for a person."""


class _Said(BaseModel):
    """A line of receipts."""

    uid: str | None = None  # None: the server could not read even that
    fate: Fate
    says: str = ""


def run_export(file: Path, config: Path | None) -> int:
    """Writes what waits, and says how much that is. Raises CantCarry, NoKey, BadEnrolment, StoreError."""
    joined, key = _member()
    store = Store(_config.store_url(_config.load(config)))
    unfit: list[str] = []
    try:
        with closing(store), private.whole(file) as raw, _packed(raw, file.suffix) as out:
            made = sealed.write(
                out,
                key,
                Kind.OUTBOX,
                _waiting(store, _sender(joined), unfit),
                made_at=datetime.now(UTC),
                vantage=joined.vantage,
                nonce=secrets.token_urlsafe(16),
            )
    except OSError as exc:
        raise CantCarry(say("Can't write {path}: {why}.", path=file, why=exc.strerror or exc)) from exc
    for says in unfit:
        typer.echo(says, err=True)
    typer.echo(say(_WAITING, count=made.lines, file=file), err=True)
    return 0


def run_receipts(file: Path, config: Path | None) -> int:
    """Notes what arrived, and says it; 1 where the server refused any. Raises CantCarry, BadEnrolment, StoreError."""
    joined, _ = _member()
    believed = joined.believed
    if believed is None:
        raise CantCarry(say(_NO_SERVER_KEY))
    try:
        found = sealed.checked(sealed.lines_of(file), Kind.RECEIPTS, lambda _head: believed)
    except NotSealed as exc:
        raise CantCarry(say("{file}: {why}; nothing was noted.", file=file, why=exc)) from exc
    if found.head.vantage != joined.vantage:
        raise CantCarry(say("{file}: it is about another vantage's measurements; nothing was noted.", file=file))
    store = Store(_config.store_url(_config.load(config)))
    with closing(store):
        fates = _noted(store, _sender(joined), sealed.between(sealed.lines_of(file)))
        left = outbox.standing(store, _sender(joined)).waiting
    arrived = fates[Fate.STORED] + fates[Fate.THERE]
    typer.echo(say(_NOTED, arrived=arrived, refused=fates[Fate.REFUSED], waiting=left))
    return int(fates[Fate.REFUSED] > 0)


def _member() -> tuple[Enrolment, Identity]:
    folder = _config.data_folder()
    joined, key = enrolment.load(folder), identity.load(folder)
    if joined is None:
        raise CantCarry(say(NOT_JOINED))
    if key is None:
        raise identity.NoKey(say("The key of this vantage, {path}, is gone; put it back.", path=folder / identity.FILE))
    return joined, key


def _sender(joined: Enrolment) -> Sender:
    return Sender(joined.vantage, joined.joined_at - WINDOW)


def _waiting(store: Store, sender: Sender, unfit: list[str]) -> Iterator[bytes]:
    """Their lines. What can't be one is told in `unfit`."""
    for uid, found in outbox.waiting(store, sender):
        if isinstance(found, str):
            unfit.append(f"Measurement {uid} is left out. {found}")
        else:
            yield found


def _noted(store: Store, sender: Sender, lines: Iterator[bytes]) -> "Counter[Fate]":
    fates: Counter[Fate] = Counter()
    while some := list(islice(lines, _AT_ONCE)):
        receipts = [Receipt(one.uid, one.fate, words(one.says)) for one in map(_read, some) if one.uid]
        own = outbox.of_its_own(store, sender, [one.uid for one in receipts])
        mine = [one for one in receipts if one.uid in own]
        outbox.keep(store, mine, at=datetime.now(UTC))
        fates.update(one.fate for one in mine)
        for one in mine:
            if one.fate is Fate.REFUSED:
                typer.echo(say(_REFUSED, uid=one.uid, why=one.says), err=True)
    return fates


def _read(line: bytes) -> _Said:
    try:
        return _Said.model_validate_json(line)
    except ValidationError as exc:
        raise CantCarry(say("The receipts were made by a newer program, and can't be read by this one.")) from exc


@contextmanager
def _packed(raw: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """As the file's name says: .zst, .gz, else plain."""
    match suffix.lower():
        case ".zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as out:
                yield cast("BinaryIO", out)
        case ".gz":
            with gzip.GzipFile(fileobj=raw, mode="wb") as out:
                yield cast("BinaryIO", out)
        case _:
            yield raw
