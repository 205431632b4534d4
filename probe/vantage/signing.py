"""Requests from a vantage to its server, signed as RFC 9421 says, with the body's digest (RFC 9530) in the signature.

Pure: no clock, no network. Whose key it is, whether a nonce was used before, and what a vantage may do is the server's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from probe.vantage.identity import Identity

WINDOW = timedelta(minutes=5)  # between the vantage's clock and the server's
TAG = "kedergi"
_COVERED = ("@method", "@authority", "@path", "content-type", "content-digest")
_COVERED_WHERE_THERE = ("content-encoding", "kedergi-interval")
_CREATED = re.compile(r";created=(\d{1,12})(?=;|$)")
_KEY_ID = re.compile(r';keyid="([0-9a-f]{64})"(?=;|$)')


class NotSigned(Exception):
    """A request that is not from who it says. The message is one sentence, and holds nothing of the request."""


class WrongClock(NotSigned):
    """It is genuine, and was made too long ago, or in the future."""

    def __init__(self, ahead: timedelta) -> None:
        """`ahead`: so far is the vantage's clock before the server's; negative where it is behind."""
        seconds = round(abs(ahead).total_seconds())
        where = "ahead of" if ahead > timedelta() else "behind"
        allowed = int(WINDOW.total_seconds() // 60)
        super().__init__(
            f"The clock of this vantage is {seconds} s {where} the server's; {allowed} minutes are allowed: set it."
        )
        self.ahead = ahead


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed a request, and by what it is told from every other one."""

    key_id: str
    nonce: str
    created: datetime


class _Verifier(HTTPMessageVerifier):
    """Looks at no clock: times are compared here, so that a wrong clock is told as one."""

    max_clock_skew = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the library reads it."""

    method: str
    url: str
    headers: dict[str, str]


def sign(
    identity: Identity, method: str, url: str, headers: Mapping[str, str], body: bytes, *, now: datetime, nonce: str
) -> dict[str, str]:
    """The headers with Content-Digest, Signature-Input and Signature beside them. They must hold a Content-Type."""
    message = _Message(method, url, dict(headers))
    resolver = MappingKeyResolver(public_keys={}, private_keys={identity.key_id: identity.key})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    signer.sign(
        message,
        key_id=identity.key_id,
        created=now,
        nonce=nonce,
        tag=TAG,
        label="sig1",
        covered_component_ids=_covered(headers),
        body=body,
    )
    return message.headers


def verified(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_of: Callable[[str], Ed25519PublicKey | None],
    now: datetime,
) -> Signed:
    """Who signed it. `key_of` gives the public key of an id, or None.

    Raises NotSigned; WrongClock where it is genuine, and was made more than WINDOW before or after `now`.
    """
    message = _Message(method, url, dict(headers))
    said = {name.lower(): value for name, value in headers.items()}.get("signature-input", "")
    created, key_id = _CREATED.findall(said), _KEY_ID.findall(said)
    if len(created) != 1 or len(key_id) != 1:
        raise NotSigned("The request is not signed as RFC 9421 says, with created, keyid, nonce and tag.")
    key = key_of(key_id[0])
    if key is None:
        raise NotSigned("Nobody here has the key that signed the request: it has not joined, or was revoked.")
    at = datetime.fromtimestamp(int(created[0]), now.tzinfo)
    result = _result(message, body, key_id[0], key)
    if abs(at - now) > WINDOW:
        raise WrongClock(at - now)
    if not result.nonce:
        raise NotSigned("The request is not signed as RFC 9421 says, with created, keyid, nonce and tag.")
    return Signed(key_id[0], result.nonce, at)


def _covered(headers: Mapping[str, str]) -> tuple[str, ...]:
    known = {name.lower() for name in headers}
    return (*_COVERED, *(name for name in _COVERED_WHERE_THERE if name in known))


def _result(message: _Message, body: bytes, key_id: str, key: Ed25519PublicKey) -> Any:
    resolver = MappingKeyResolver(public_keys={key_id: key}, private_keys={})
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    required = _covered(message.headers)
    try:
        # Its age is looked at afterwards: whoever has a wrong clock is told so only if the signature is genuine.
        [result] = verifier.verify(message, max_age=None, expect_tag=TAG, require_components=required, body=body)
    except (HTTPMessageSignaturesException, ValueError) as exc:
        raise NotSigned("The signature does not fit the request: it was altered, or signed with another key.") from exc
    return result
