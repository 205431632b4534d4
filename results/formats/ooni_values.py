"""Reads values of OONI's JSON as they may come: absent, null, of another type, or packed as base64.

Each function gives something plain for anything at all; what is meant by a value is not known here.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

from results.records import is_address

EXTENSION = "x_kedergi"  # in test_keys: the whole measurement, where it is one of ours that was written as OONI's
_ROWS_MAX = 500  # a large measurement has some forty connections
_SECONDS_MAX = 1e6


def fields(value: Any) -> dict[str, Any]:
    """An object; empty where it is none."""
    return value if isinstance(value, dict) else {}


def rows(value: Any, *, most: int = _ROWS_MAX) -> list[dict[str, Any]]:
    """A list's objects, of a very long list the first ones."""
    return [row for row in value[:most] if isinstance(row, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """A string, also one packed as base64; empty where it is none."""
    if isinstance(value, str):
        return value
    return octets(value).decode(errors="replace") if isinstance(value, Mapping) else ""


def octets(value: Any) -> bytes:
    """A string's bytes in UTF-8, or what was packed as base64; empty where it is neither."""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, Mapping) or value.get("format") not in {"base64", None}:
        return b""
    return unpacked(value.get("data"))


def unpacked(value: Any) -> bytes:
    """What a base64 text holds; empty where it is none."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode(value.encode("ascii", errors="replace"))
    except (binascii.Error, ValueError):
        return b""


def number(value: Any) -> float | None:
    """A finite number; numbers written as text count as well."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A whole number that a database can hold."""
    if type(value) is int:  # what nearly all are; True is none
        return value if abs(value) < 2**53 else None
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**53 else None


def seconds(value: Any) -> float | None:
    """A moment within a measurement."""
    found = number(value)
    return found if found is not None and 0 <= found < _SECONDS_MAX else None


def span(row: Mapping[str, Any]) -> tuple[float, float]:
    """When a step began and ended. Old measurements have the end only, or neither; then it took no time."""
    t0, t = seconds(row.get("t0")), seconds(row.get("t"))
    end = t if t is not None else t0 or 0.0
    return (min(t0, end) if t0 is not None else end), end


def asn(value: Any) -> int | None:
    """The number of a network, also written as `AS9198`; None for AS0, which stands for an unknown one."""
    found = whole(value.upper().removeprefix("AS") if isinstance(value, str) else value)
    return found if found is not None and 0 < found < 2**32 else None


def endpoint(address: Any, port: Any = None) -> str:
    """`93.184.216.34:443` or `[2606:2800::1]:443`, from one text or from address and port; empty where it is none."""
    ip = text(address)
    if port is None:
        ip, _, port = ip.rpartition(":")
    ip, at = ip.strip("[]"), whole(port)
    if not is_address(ip) or at is None or not 0 < at < 65536:
        return ""
    return f"[{ip}]:{at}" if ":" in ip else f"{ip}:{at}"


def ip_and_port(address: str) -> tuple[str, int]:
    """The parts of what `endpoint` made."""
    ip, _, port = address.rpartition(":")
    return ip.strip("[]"), int(port)


def transaction(row: Mapping[str, Any]) -> str:
    """By what the rows of one connection are known to belong together; empty before 0.5."""
    found = whole(row.get("transaction_id"))
    return str(found) if found else ""


def depth(row: Mapping[str, Any]) -> int | None:
    """The place in the redirect chain that a row is marked with; None where it isn't (before 0.5)."""
    tags = row.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.startswith("depth="):
            found = whole(tag.removeprefix("depth="))
            return found if found is not None and 0 <= found < 100 else None
    return None
