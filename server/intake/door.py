"""Who sent a request: its signature, held against the key of a member, or against the key that wants to join.

Whether the signature was used before is told where the batch is stored, in the same transaction (results/intake.py).
"""

import re
from collections.abc import Callable, Collection
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.requests import Request

from probe.vantage.identity import key_id_of
from probe.vantage.signing import NotSigned, Signed, verified
from server.body import Refused
from server.pages.guard import host_of

_KEY_ID = re.compile(r';keyid="([0-9a-f]{64})"(?=;|$)')
_UNKNOWN = "Nobody here has the key that signed the request: it has not joined, or was revoked."


def claimed_key_id(request: Request) -> str:
    """Whose the request says it is. Not to be believed: whose body is worth reading is told by it. Raises Refused."""
    claimed = _KEY_ID.findall(request.headers.get("signature-input", ""))
    if len(claimed) != 1:
        raise Refused(401, "The request is not signed as RFC 9421 says, with created, keyid, nonce and tag.")
    return str(claimed[0])


def unknown_key() -> Refused:
    """What is said where the key is no member's, or no longer."""
    return Refused(401, _UNKNOWN, reason="no member")


def signed_by(
    request: Request, body: bytes, key: Ed25519PublicKey, *, now: datetime, names: Collection[str] = ()
) -> Signed:
    """What the signature says, which is this key's. Raises Refused.

    `names`: those of this server (small letters, no port), where it knows them. The name that was asked is in what is
    signed: a request that was made for another server, of which the key is a member too, is none for this one.
    """
    known = key_id_of(key)
    if names and host_of(request.headers.get("host", "")) not in names:
        raise Refused(421, "The request was made for another server: its name is none of this one's.")

    def key_of(key_id: str) -> Ed25519PublicKey | None:
        return key if key_id == known else None

    return _verified(request, body, key_of, now)


def _verified(request: Request, body: bytes, key_of: Callable[[str], Ed25519PublicKey | None], now: datetime) -> Signed:
    if request.scope.get("query_string"):
        raise Refused(401, "The address has a query, which nobody has signed.")
    # A field that came twice counts as one with both values (RFC 9110, 5.3): nothing stands beside what was signed.
    came: dict[str, list[str]] = {}
    for name, value in request.headers.items():  # once through all of them: there may be thousands
        came.setdefault(name, []).append(value)
    headers = {name: ", ".join(values) for name, values in came.items()}
    path = request.scope.get("raw_path", b"").decode("latin-1")
    # The scheme is not in the signature; a proxy before us ends TLS.
    url = f"http://{headers.get('host', '')}{path}"
    try:
        return verified(request.method, url, headers, body, key_of=key_of, now=now)
    except NotSigned as exc:
        raise Refused(401, str(exc)) from exc
