"""Amounts with their units, in the reader's tongue: times, speeds, bytes. Pure; plain numbers are in tongue.py."""

from server.pages.tongue import Tongue


def milliseconds(value: float, tongue: Tongue, digits: int = 0) -> str:
    return tongue.say("{number} ms", number=tongue.number(value, digits))


def seconds(value: float, tongue: Tongue, digits: int = 0) -> str:
    return tongue.say("{number} s", number=tongue.number(value, digits))


def precise(value: float, tongue: Tongue) -> str:
    """Seconds with all the digits there are."""
    return seconds(value, tongue, _digits(value))


def duration(ms: float, tongue: Tongue) -> str:
    """On an axis: milliseconds below a second, else seconds, with no more digits than there are."""
    if ms < 1000:
        return milliseconds(ms, tongue, _digits(ms))
    return precise(ms / 1000, tongue)


def speed(kbps: float, tongue: Tongue) -> str:
    """As people say it."""
    if kbps < 1000:
        return tongue.say("{number} kbit/s", number=tongue.number(kbps))
    return tongue.say("{number} Mbit/s", number=tongue.number(kbps / 1000, 0 if kbps >= 10_000 else 1))


def kilobytes(value: float, tongue: Tongue) -> str:
    """Of bytes."""
    return tongue.say("{number} kB", number=tongue.number(value / 1000, _digits(value / 1000)))


def megabytes(value: float, tongue: Tongue) -> str:
    """Of bytes."""
    return tongue.say("{number} MB", number=tongue.number(value / 1e6, 1 if value < 1e7 else 0))


def _digits(value: float) -> int:
    """As many as a short number needs."""
    return len(f"{value:g}".partition(".")[2]) if "e" not in f"{value:g}" else 0
