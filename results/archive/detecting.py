"""Episodes of many series at once, from a sorted table of points: compiled where numba is, else row by row.

Both say the same. Where the table comes from, DuckDB or Spark, is not known here.
"""

import multiprocessing
from collections.abc import Iterator
from importlib.util import find_spec
from math import isnan
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from results import slowness
from results.archive import compiled_files, fold
from results.episodes import Episode, Kind, Row, episodes, fresh, in_order, soft, told
from results.sequential import NONE, OPEN
from results.weighing import Weighing

Named = tuple[str, Episode]

NEEDED = ("series", "at", "verdict", "mechanism", "handshake_ms", "kbps", "reference_handshake_ms", "reference_kbps")
VANTAGES = ("vantage", "vantage_class")
_NUMBERS = NEEDED[4:]
_TEXTS = frozenset(("series", "verdict", "mechanism", *VANTAGES))
_SAID = {"blocked": fold.BLOCKED, "accessible": fold.ACCESSIBLE, "throttled": fold.THROTTLED}
_SLOW: tuple[tuple[str, ...], ...] = ((), ("latency.high",), ("throughput.low",), ("latency.high", "throughput.low"))


def found(points: pa.Table, *, loop: ModuleType | None) -> Iterator[Named]:
    """All episodes of these series. `points`: NEEDED and VANTAGES, whole series, sorted by series, time and uid."""
    if not points.num_rows:
        return
    points = points.combine_chunks()
    names, ends = _series(points["series"])
    vantages = _codes(points["vantage"])[0]
    if loop is None:
        for name, first, end in zip(names, [0, *ends], ends, strict=False):
            yield from _plainly(name, points.slice(first, end - first))
        return
    arrays = _arrays(points)
    for name, first, end in zip(names, [0, *ends], ends, strict=False):
        if (vantages[first:end] == vantages[first]).all():
            yield from ((name, episode) for episode in _quickly(arrays, first, end, loop))
        else:
            yield from _plainly(name, points.slice(first, end - first))


def quick() -> ModuleType | None:
    """The compiled loop, where numba is installed."""
    if find_spec("numba") is None:
        return None
    from results.archive import compiled  # noqa: PLC0415 - takes half a second

    return compiled.fold()


def made_ready() -> None:
    """Compiles, where that is not done yet: in a program of its own, for it takes memory that is not given back."""
    if find_spec("numba") is None or compiled_files.kept():
        return
    apart = multiprocessing.get_context("spawn").Process(target=compile_all)
    apart.start()
    apart.join()


def compile_all() -> None:
    """One point through the compiled loop."""
    one = pa.table({name: ["" if name in _TEXTS else 0] for name in (*NEEDED, *VANTAGES)})
    list(found(one, loop=quick()))


class _Arrays(NamedTuple):
    """A table as the loop wants it."""

    at: Any
    said: Any
    how: Any
    numbers: Any
    weights: Any
    ways: tuple[Any, Any, Any, Any]
    names: list[str]  # of mechanisms


def _series(column: pa.ChunkedArray) -> tuple[list[str], list[int]]:
    """The names in their order, and where the rows of each end."""
    codes, values = _codes(column)
    ends = [*(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [values[codes[end - 1]] for end in ends], ends


def _codes(column: pa.ChunkedArray) -> tuple[Any, list[str]]:
    one = column.combine_chunks()
    encoded = one if isinstance(one, pa.DictionaryArray) else one.dictionary_encode()
    return np.asarray(encoded.indices), encoded.dictionary.to_pylist()


def _seconds(points: pa.Table) -> Any:
    return np.asarray(points["at"].combine_chunks().cast(pa.int64())) / 1e6


def _arrays(points: pa.Table) -> _Arrays:
    verdicts, words = _codes(points["verdict"])
    said = np.array([_SAID.get(word, fold.SILENT) for word in words], np.int8)[verdicts]
    mechanisms, texts = _codes(points["mechanism"])
    seen = [*_SLOW, *(tuple(text.split()) for text in texts)]
    numbers = np.empty((points.num_rows, len(_NUMBERS)))
    for place, name in enumerate(_NUMBERS):
        numbers[:, place] = points[name].to_numpy()
    ways, names = _ways(seen)
    how = (mechanisms + len(_SLOW)).astype(np.int32)
    return _Arrays(_seconds(points), said, how, numbers, np.ones(points.num_rows), ways, names)


def _ways(seen: list[tuple[str, ...]]) -> tuple[tuple[Any, Any, Any, Any], list[str]]:
    """What the loop must know of mechanisms: results/archive/fold.py."""
    names = sorted({name for way in seen for name in way})
    among = np.array([[name in way for name in names] for way in seen], float).reshape(len(seen), len(names))
    shared, speaks = np.greater(among @ among.T, 0), np.array([bool(way) for way in seen])
    alike = np.where(speaks[:, None] & speaks, shared.astype(float), NONE)
    first = np.cumsum([0, *(len(way) for way in seen)])
    places = np.array([names.index(name) for way in seen for name in way], np.int64)
    return (alike, np.array([soft(way) for way in seen]), first, places), names


def _quickly(arrays: _Arrays, first: int, end: int, loop: ModuleType) -> list[Episode]:
    rows = tuple(each[first:end] for each in (arrays.at, arrays.said, arrays.how, arrays.numbers, arrays.weights))
    states = np.array([fresh(kind) for kind in Kind])
    slowly, last = np.array(slowness.fresh()), np.zeros(len(Kind), np.int64)
    seen = np.zeros((len(Kind), fold.HELD + 1, max(len(arrays.names), 1)), np.int64)

    def episode(kind: Kind, number: int) -> Episode:
        counts = zip(arrays.names, seen[number, fold.HELD].tolist(), strict=False)
        return told(kind, states[number].tolist(), {name: count for name, count in counts if count})

    whole: list[Episode] = []
    place = 0
    while place < end - first:
        place, closed = loop.run(place, *rows, states, slowly, seen, last, arrays.ways)
        whole += [episode(kind, number) for number, kind in enumerate(Kind) if closed & (1 << number)]
    return in_order(whole + [episode(kind, number) for number, kind in enumerate(Kind) if states[number, OPEN]])


def _plainly(name: str, points: pa.Table) -> Iterator[Named]:
    """Row by row; several vantages of one network speak with one voice."""
    weighing = Weighing()
    rows = (weighing.weighed(vantage, kind, row) for vantage, kind, row in _rows(points))
    return ((name, episode) for episode in episodes(rows))


def _rows(points: pa.Table) -> Iterator[tuple[str, str, Row]]:
    columns = [points[name].to_pylist() for name in (*VANTAGES, "verdict", "mechanism", *_NUMBERS)]
    for at, vantage, kind, verdict, mechanism, *numbers in zip(_seconds(points).tolist(), *columns, strict=True):
        handshake_ms, kbps, reference_ms, reference_kbps = map(_number, numbers)
        row = Row(at, verdict, tuple(mechanism.split()), handshake_ms, kbps, reference_ms, reference_kbps)
        yield vantage, kind, row


def _number(value: float | None) -> float | None:
    return None if value is None or isnan(value) else value
