"""A member's outbox that somebody carried here: into the store as if it had been sent, and a file of receipts back.

How the file is made and sealed is in probe/vantage. What is no outbox is none of this module's (by_hand_cli.py).
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.vantage import private, sealed
from probe.vantage.identity import Identity, public_key
from probe.vantage.sealed import Head, Kind, NotSealed
from results.fate import Fate
from results.intake import Batch, Entry, NoMember, Receipt, take
from results.store import Store
from results.tables import MemberRow
from server import joining
from server.body import Refused
from server.intake.limits import Limits
from server.intake.reading import Reader

_BATCH_BYTES = 8 * 1024 * 1024  # of lines that are in memory
ENDING = ".receipts"


class NotTaken(Exception):
    """The file, or the rest of it, is not taken in. The message is one sentence for a person."""


def receipts_file(file: Path) -> Path:
    """Where the receipts of an outbox go."""
    return file.with_name(file.name + ENDING)


def take_outbox(
    store: Store, reader: Reader, key: Identity, file: Path, *, utcnow: Callable[[], datetime]
) -> "Counter[Fate]":
    """Stores what is not there yet, and writes the receipts. Raises NotTaken and StoreError.

    All of the file is read and its seal is looked at before anything is stored.
    """
    member = _member(store, file)
    fates: Counter[Fate] = Counter()

    def receipts() -> Iterator[bytes]:
        for lines in _batches(sealed.between(sealed.lines_of(file))):
            for one in _taken(store, reader, member, lines, utcnow()):
                fates[one.fate] += 1
                said = {"uid": one.uid, "fate": one.fate.value, "says": one.says}
                yield json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    try:
        with private.whole(receipts_file(file)) as out:
            sealed.write(
                out,
                key,
                Kind.RECEIPTS,
                receipts(),
                made_at=utcnow(),
                vantage=member.vantage,
                nonce=secrets.token_urlsafe(16),
            )
    except OSError as exc:
        raise NotTaken(f"{receipts_file(file)} can't be written: {exc.strerror or exc}.") from exc
    except NotSealed as exc:
        raise NotTaken(f"{file}: {exc}.") from exc
    return fates


def _member(store: Store, file: Path) -> MemberRow:
    """Whose outbox it is. Raises NotTaken."""
    found: list[MemberRow] = []

    def key_of(head: Head) -> Ed25519PublicKey:
        member = joining.member_of(store, head.key_id)
        if member is None:
            raise NotSealed("the vantage that made it has not joined this server, or was revoked")
        found.append(member)
        return public_key(member.public_key)

    try:
        sealed.checked(sealed.lines_of(file), Kind.OUTBOX, key_of)
    except NotSealed as exc:
        raise NotTaken(f"{file}: {exc}; nothing of it was stored.") from exc
    return found[0]


def _batches(lines: Iterable[bytes]) -> Iterator[bytearray]:
    """As a probe would send them."""
    most, body, count = Limits().lines, bytearray(), 0
    for line in lines:
        body += line + b"\n"
        count += 1
        if count == most or len(body) > _BATCH_BYTES:
            yield body
            body, count = bytearray(), 0
    if body:
        yield body


def _taken(store: Store, reader: Reader, member: MemberRow, lines: bytearray, now: datetime) -> Iterator[Receipt]:
    try:
        read = reader.read(lines, member, now=now)
        entries = tuple(one for one in read if isinstance(one, Entry))
        # Other than a request, a file may come again; that is seen by the uids.
        nonce = secrets.token_urlsafe(16)
        batch = Batch(
            key_id=member.key_id, nonce=nonce, at=now, vantage=member.vantage, interval_s=None, entries=entries
        )
        taken = iter(take(store, batch))
    except Refused as exc:
        raise NotTaken(f"What {member.vantage} sealed can't be read: {exc.says}") from exc
    except NoMember as exc:
        raise NotTaken(f"{member.vantage} was revoked; the rest was not stored.") from exc
    for one in read:
        yield one if isinstance(one, Receipt) else next(taken)
