"""Ranges of addresses, which may lie over each other, to a row of borders. No file is read here.

A row of borders is a list of (first address, value): the value holds up to the next border, None where there is none.
It begins at address 0, and neighbours differ.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import groupby
from typing import Any, TypeVar

Value = TypeVar("Value")


def painted(ranges: Iterable[tuple[int, int, Value]]) -> list[tuple[int, Value | None]]:
    """Borders of ranges of (first, last, value). Of two that overlap the narrower wins; of equally wide, the later."""
    given = sorted(enumerate(ranges), key=lambda item: item[1][0])
    edges = sorted({0, *(first for _, (first, _, _) in given), *(last + 1 for _, (_, last, _) in given)})
    borders: list[tuple[int, Value | None]] = []
    over: list[tuple[int, int, int, Value]] = []  # width, minus the place in the input, last address, value: a heap
    begun = 0
    for edge in edges:
        while begun < len(given) and given[begun][1][0] == edge:
            place, (first, last, value) = given[begun]
            heappush(over, (last - first, -place, last, value))
            begun += 1
        while over and over[0][2] < edge:
            heappop(over)
        _add(borders, edge, over[0][3] if over else None)
    return borders


def joined(
    asns: list[tuple[int, int | None]], countries: list[tuple[int, str | None]], closed: list[tuple[int, bool | None]]
) -> list[tuple[int, tuple[int, str | None] | None]]:
    """Borders of (ASN, country). There is none where the ASN is missing or the range is closed."""
    layers: tuple[Iterable[tuple[int, Any]], ...] = (asns, countries, closed)
    changes = [(start, layer, value) for layer, row in enumerate(layers) for start, value in row]
    changes.sort(key=_start)
    borders: list[tuple[int, tuple[int, str | None] | None]] = []
    here: list[Any] = [None, None, None]
    for start, together in groupby(changes, key=_start):
        for _, layer, value in together:
            here[layer] = value
        asn, country, is_closed = here
        _add(borders, start, None if asn is None or is_closed else (asn, country))
    return borders


def _start(change: tuple[int, int, Any]) -> int:
    return change[0]


def _add(borders: list[tuple[int, Value | None]], start: int, value: Value | None) -> None:
    if not borders or borders[-1][1] != value:
        borders.append((start, value))
