"""A pass: the server's word that a key is a member's for the next hour, to be shown to a control. Who it is, it hides.

Pure: no clock, no network. Who gets one is decided in server/lists/routes.py, what it opens in server/control.
"""

import base64
from datetime import datetime, timedelta
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from probe.vantage.identity import Identity, public_key
from results.records import iso

HEADER = "Kedergi-Pass"
GOOD_FOR = timedelta(hours=1)
_MAX_CHARACTERS = 1000
_BEGINS = b"kedergi pass 1\n"


class NoPass(Exception):
    """What was shown opens nothing. The message is one sentence."""


class _Pass(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(max_length=100)]
    until: AwareDatetime


def issued(server: Identity, key: str, *, now: datetime) -> tuple[str, datetime]:
    """A pass for the public key (base64), and until when it is good."""
    until = now + GOOD_FOR
    said = f'{{"key":"{key}","until":"{iso(until)}"}}'.encode()
    return f"{_packed(said)}.{_packed(server.key.sign(_BEGINS + said))}", until


def holder(shown: str, servers: tuple[Ed25519PublicKey, ...], *, now: datetime) -> Ed25519PublicKey:
    """Whose pass it is, of one of these servers. Raises NoPass."""
    said, _, signature = shown[:_MAX_CHARACTERS].partition(".")
    try:
        content, signed = _unpacked(said), _unpacked(signature)
        if not any(_is_signed(server, signed, _BEGINS + content) for server in servers):
            raise NoPass("The pass is not from a server that this control knows.")
        found = _Pass.model_validate_json(content)
        key = public_key(found.key)
    except (ValidationError, ValueError) as exc:
        raise NoPass("The pass can't be read.") from exc
    if found.until <= now:
        raise NoPass("The pass has run out; the server gives another one.")
    return key


def _is_signed(server: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        server.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
