"""The second factor: codes of an authenticator app (TOTP, RFC 6238). Which code was used last is in the store."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterator
from datetime import datetime

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from markupsafe import Markup

_STEP_S, _DIGITS = 30, 6
_AROUND = (0, -1, 1)  # steps that a clock may be off


def new_secret() -> str:
    """160 bits in base32, as an app takes it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_of(secret: str, entered: str, *, now: datetime) -> int | None:
    """The step whose code this is; None where it is none's that is close to now."""
    code = "".join(filter(str.isdigit, entered))
    app, current = _app(secret), int(now.timestamp()) // _STEP_S
    for step in (current + off for off in _AROUND):
        if hmac.compare_digest(app.generate(step * _STEP_S), code.encode()):
            return step
    return None


def address(secret: str, *, name: str, server: str) -> str:
    """What an app reads: otpauth://totp/…"""
    return _app(secret).get_provisioning_uri(f"{name}@{server}", "Kedergi")


def picture(address: str) -> Markup:
    """The same to be photographed. Black on white also where the page is dark: apps want it so."""
    drawn = segno.make(address, micro=False, error="m").svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - squares only


def grouped(secret: str) -> str:
    """For typing it over."""
    return " ".join(_fours(secret))


def is_secret(text: str) -> bool:
    try:
        return len(base64.b32decode(text)) >= 20
    except (binascii.Error, ValueError):
        return False


def _fours(text: str) -> Iterator[str]:
    return (text[at : at + 4] for at in range(0, len(text), 4))


def _app(secret: str) -> TOTP:
    # SHA-1, since most apps know nothing else; as a key's HMAC it is not broken.
    return TOTP(base64.b32decode(secret), _DIGITS, SHA1(), _STEP_S)  # noqa: S303
