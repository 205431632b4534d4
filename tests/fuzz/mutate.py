"""Bytes, texts and JSON made wrong, from dice: the same dice make the same wrong. Nothing is sent or parsed here."""

import copy
from collections.abc import Callable
from random import Random
from typing import Any

_MOST_BYTES = 256 * 1024
_ODD_BYTES = b"\x00\x01\x7f\x80\xc0\xff\r\n \t:;,=\"'<>{}[]%\\"
_ODD_WORDS = (b"\r\n", b"\n\n", b"\x00" * 8, b"\xff" * 8, b"9" * 40, b"-1", b"0x", b"%00", b"\xed\xa0\x80", b"\xf0\x9f")


def mutated(dice: Random, raw: bytes, *, most: int = 6) -> bytes:
    """The bytes after one to `most` accidents."""
    wrong = bytearray(raw)
    for _ in range(dice.randint(1, most)):
        dice.choice(_ACCIDENTS)(dice, wrong)
        del wrong[_MOST_BYTES:]
    return bytes(wrong)


def _place(dice: Random, raw: bytearray) -> int:
    return dice.randint(0, len(raw))


def _flip(dice: Random, raw: bytearray) -> None:
    if raw:
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def _set(dice: Random, raw: bytearray) -> None:
    if raw:
        raw[dice.randrange(len(raw))] = dice.choice(_ODD_BYTES)


def _cut(dice: Random, raw: bytearray) -> None:
    del raw[_place(dice, raw) :]


def _drop(dice: Random, raw: bytearray) -> None:
    at = _place(dice, raw)
    del raw[at : at + dice.choice((1, 2, 4, 16, 100))]


def _insert(dice: Random, raw: bytearray) -> None:
    at = _place(dice, raw)
    raw[at:at] = dice.choice((dice.randbytes(dice.choice((1, 2, 8, 300))), dice.choice(_ODD_WORDS)))


def _repeat(dice: Random, raw: bytearray) -> None:
    at = _place(dice, raw)
    raw[at:at] = raw[at : at + dice.choice((1, 4, 40, 400))] * dice.choice((1, 2, 20, 2000))


def _swap(dice: Random, raw: bytearray) -> None:
    one, other, size = _place(dice, raw), _place(dice, raw), dice.choice((1, 4, 20))
    raw[one : one + size] = raw[other : other + size]


def _number(dice: Random, raw: bytearray) -> None:
    """A length, as binary formats have them, that is not so."""
    at, size = _place(dice, raw), dice.choice((1, 2, 3, 4))
    raw[at : at + size] = dice.choice((0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1))).to_bytes(size, "big")


_ACCIDENTS: tuple[Callable[[Random, bytearray], None], ...] = (
    *(_flip, _flip, _set, _set, _cut, _drop, _insert, _repeat, _swap, _number),
)


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _odd(dice: Random) -> Any:
    """What no field is meant to hold, or hardly any."""
    return dice.choice(
        [
            *(None, True, False, 0, -1, 2**31, 2**63, -(2**70), 10**400, 0.5, -1e308, 1e308),
            *(float("nan"), float("inf"), "", "\x00", "\ud800", "\u2028\u202e", "{c.here.url}", "%s%n", "None"),
            *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z", "1e999", "-0"),
            *("http://[", "https://[::1", "//", "https://a:b@c/", "xn--", "http://" + "a" * 300 + ".kz/"),
            *("::ffff:10.0.0.1", "0.0.0.0", "1.2.3.4:99999", "[::1]:443", "connection_reset", "dns", "system"),
            *([], {}, [None], [[]], {"": {}}, "x" * 70_000, ["x"] * 3000, _nested(dice.choice((3, 150)))),
        ]
    )


def warped(dice: Random, value: Any, *, most: int = 5) -> Any:
    """A value of JSON with one to `most` of its places made odd."""
    whole = [copy.deepcopy(value)]
    for _ in range(dice.randint(1, most)):
        spots = list(_spots(whole))
        holder, key = dice.choice(spots)
        act = dice.random()
        if act < 0.7:
            holder[key] = _odd(dice)
        elif act < 0.8 and holder is not whole:
            del holder[key]
        elif act < 0.9:
            other, at = dice.choice(spots)
            holder[key] = copy.deepcopy(other[at])
        elif isinstance(holder, dict):
            holder[key + dice.choice(("", "_", "\x00", "2"))] = _odd(dice)
        elif holder is not whole:
            holder += [copy.deepcopy(holder[key])] * dice.choice((1, 300))
    return whole[0]


def _spots(value: Any) -> Any:
    """Each place that holds a value: its holder, and its key there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs)[:200]:
        yield value, key
        yield from _spots(inner)
