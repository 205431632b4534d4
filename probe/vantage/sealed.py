"""Lines with a seal: a head, whatever is sealed, and a signature over all of it, so that anybody may carry it.

A file by hand and a list over the network look alike. Whose key it has to be, what the lines mean and how old they may
be is known to whoever reads them. Nothing is opened or written here but what is handed in.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from probe.vantage.identity import Identity
from results.formats import files
from results.records import iso

_BEGINS = b'{"kedergi":'
_SCHEMA = 1
_HEAD_MAX_BYTES = 4096


class Kind(StrEnum):
    """What is sealed. A seal of one kind is none of another."""

    OUTBOX = "outbox"  # by a vantage: what it has measured, for its server
    RECEIPTS = "receipts"  # by a server: what became of them
    TARGETS = "targets"  # by a server: what to look at


class NotSealed(Exception):
    """What is there is not what somebody sealed. The message is a sentence without its beginning: "it is …"."""


class Head(BaseModel):
    """The first line. Of a newer program there may be more in it, and that is sealed as well."""

    model_config = ConfigDict(frozen=True)

    kedergi: Kind
    schema_: Annotated[Literal[1], Field(alias="schema")]
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    made_at: AwareDatetime
    vantage: Annotated[str, Field(max_length=64)] = ""  # whose measurements it is about
    nonce: Annotated[str, Field(max_length=100)] = ""  # by which it is told from every other one


class _Seal(BaseModel):
    """The last line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    lines: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    signature: Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was found to be sealed."""

    head: Head
    lines: int  # between the first line and the last
    sha256: str  # of all of them but the last, each with its end


def write(
    out: BinaryIO, key: Identity, kind: Kind, lines: Iterable[bytes], *, made_at: datetime, vantage: str, nonce: str
) -> Sealed:
    """Writes the lines (each without its end) between a head and a seal. One of them is in memory at a time."""
    said = {"kedergi": kind.value, "schema": _SCHEMA, "key_id": key.key_id, "made_at": iso(made_at)}
    first = _json({**said, "vantage": vantage, "nonce": nonce})
    digest, count = sha256(first + b"\n"), -1
    out.write(first + b"\n")
    for count, one in enumerate(lines):  # noqa: B007 - the last number is what is wanted
        digest.update(one + b"\n")
        out.write(one + b"\n")
    seal = {"lines": count + 1, "sha256": digest.hexdigest()}
    signature = key.key.sign(_signed(kind, count + 1, digest.hexdigest()))
    out.write(_json({**seal, "signature": base64.b64encode(signature).decode()}) + b"\n")
    return Sealed(Head.model_validate_json(first), count + 1, digest.hexdigest())


def kind_of(path: Path) -> Kind | None:
    """Of a file, by its first line alone; None where it is another file, or none. Raises NotSealed."""
    try:
        first = next(lines_of(path), b"")
    except NotSealed:
        return None
    return head_of(first).kedergi if first.startswith(_BEGINS) else None


def head_of(first: bytes) -> Head:
    """The first line, which is not to be believed yet. Raises NotSealed."""
    try:
        return Head.model_validate_json(first[:_HEAD_MAX_BYTES])
    except ValidationError as exc:
        newer = re.match(rb'\{"kedergi":"[a-z]+","schema":(\d+)', first)
        if newer and int(newer[1]) != _SCHEMA:
            raise NotSealed("it was made by a newer program") from exc
        raise NotSealed("its first line is not one that Kedergi wrote") from exc


def checked(found: Iterable[bytes], kind: Kind, key_of: Callable[[Head], Ed25519PublicKey | None]) -> Sealed:
    """Reads all of it once, and keeps nothing. `key_of` gives the key that must have sealed it. Raises NotSealed."""
    every = iter(found)
    first = next(every, b"")
    head = head_of(first)
    if head.kedergi is not kind:
        raise NotSealed(f"it holds {head.kedergi.value} and not {kind.value}")
    digest, count, held = sha256(first + b"\n"), 0, b""
    for one in every:
        if held:
            digest.update(held + b"\n")
            count += 1
        held = one
    try:
        seal = _Seal.model_validate_json(held)
    except ValidationError as exc:
        raise NotSealed("it is cut off: its last line, with the signature, is missing") from exc
    key = key_of(head)
    if key is None:
        raise NotSealed("nobody here knows the key that it is signed with")
    if (seal.lines, seal.sha256) != (count, digest.hexdigest()):
        raise NotSealed("it was altered after it was signed")
    try:
        key.verify(base64.b64decode(seal.signature, validate=True), _signed(kind, count, seal.sha256))
    except (InvalidSignature, ValueError) as exc:
        raise NotSealed("it was altered after it was signed, or signed with another key") from exc
    return Sealed(head, count, seal.sha256)


def between(found: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are sealed, without the head and the seal. They are to be believed once they were checked."""
    every = iter(found)
    next(every, None)
    held = next(every, None)
    for one in every:
        if held is not None:
            yield held
        held = one


def lines_of(path: Path) -> Iterator[bytes]:
    """Of a file, plain or packed, without their ends, which carriers change. Raises NotSealed."""
    try:
        for line in files.lines(path):
            if line.too_long:
                raise NotSealed(f"its line {line.number} is longer than any measurement")
            yield line.content
    except files.Unreadable as exc:
        raise NotSealed(str(exc)) from exc


def _signed(kind: Kind, lines: int, digest: str) -> bytes:
    """What the signature is over. It begins as nothing else does that these keys sign."""
    return f"kedergi {kind.value} {_SCHEMA}\n{lines}\n{digest}\n".encode()


def _json(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
