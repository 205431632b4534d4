"""Archives of any size with blocks, throttling and noise in them, made in whole arrays: for tests and benchmarks."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from results.archive import manifest as _manifest
from results.archive.appending import append
from results.archive.columns import COLUMNS, bucket
from results.archive.manifest import Manifest, writing
from results.archive.place import Folder

_BEGAN_US = 1_767_225_600_000_000  # 2026-01-01
_HALF_HOUR_US = 1_800_000_000
_WORDS = pa.array(["accessible", "blocked", "throttled", "down"])
_WAYS = pa.array(["", "tls.timeout", "dns.nxdomain", "tls.reset tcp.timeout", "throughput.low", "dns.timeout"])
_ASN = 9198


def url(number: int) -> str:
    return f"https://site-{number:05}.example/"


def series(number: int) -> str:
    return f"{url(number)} AS{_ASN}"


def points(chance: np.random.Generator, numbers: list[int], length: int) -> pa.Table:
    """Half-hourly points of these series: two in a hundred fail, and there is a block or two in each."""
    count = len(numbers) * length
    verdict = np.where(chance.random(count) < 0.02, 1, 0).reshape(len(numbers), length)
    verdict[chance.random((len(numbers), length)) < 0.005] = 3
    way = np.where(verdict == 1, chance.choice([1, 1, 2, 5], verdict.shape), 0)
    hindered = np.zeros(verdict.shape)
    for row in range(len(numbers)):
        for _ in range(chance.integers(0, 3)):
            first = chance.integers(0, length)
            last = first + chance.integers(20, 600)
            blocked = chance.random(verdict[row, first:last].shape) < chance.choice([1.0, 0.9, 0.5])
            verdict[row, first:last][blocked] = 1
            way[row, first:last][blocked] = chance.choice([1, 2, 3, 5])
        if chance.random() < 0.2:
            first = chance.integers(0, length)
            hindered[row, first : first + 300] = 1.6
    evening = chance.lognormal(0, 0.2, verdict.shape)
    handshake = chance.lognormal(4.5, 0.3, verdict.shape) * evening * np.exp(hindered)
    reference = chance.lognormal(4.0, 0.2, verdict.shape) * evening
    kbps = chance.lognormal(8.5, 0.4, verdict.shape) / evening / np.exp(hindered)
    jitter = chance.integers(0, 60_000_000, verdict.shape)
    at = _BEGAN_US + np.arange(length) * _HALF_HOUR_US + jitter
    fine = (verdict == 0).ravel()
    uids = chance.integers(0, 256, (count, 16), np.uint8).tobytes().hex()
    named = np.repeat(np.arange(len(numbers)), length)
    columns = {
        "uid": [uids[place : place + 32] for place in range(0, 32 * count, 32)],
        "series": pa.array([series(one) for one in numbers]).take(named),
        "at": pa.array(at.ravel(), pa.timestamp("us", tz="UTC")),
        "verdict": _WORDS.take(verdict.ravel()),
        "mechanism": _WAYS.take(way.ravel()),
        "handshake_ms": pa.array(np.round(handshake.ravel(), 1), mask=~fine),
        "kbps": pa.array(np.round(kbps.ravel(), 1), mask=~fine | (chance.random(count) < 0.3)),
        "reference_handshake_ms": pa.array(np.round(reference.ravel(), 1), mask=chance.random(count) < 0.02),
        "url": pa.array([url(one) for one in numbers]).take(named),
        "network": pa.repeat("Kazakhtelecom", count),
        "country": pa.repeat("KZ", count),
        "vantage": pa.repeat("almaty-home-1", count),
        "vantage_class": pa.repeat("home", count),
        "asn": pa.repeat(_ASN, count),
        "rules_version": pa.repeat(1, count),
    }
    empty = {name: pa.nulls(count, COLUMNS.field(name).type) for name in COLUMNS.names if name not in columns}
    return pa.table({**columns, **empty}).select(COLUMNS.names).cast(COLUMNS)


def archive(folder: Path, *, count: int, length: int, buckets: int = 32, seed: int = 1) -> Manifest:
    """A bucket a commit, so that little memory is needed."""
    chance = np.random.default_rng(seed)
    with writing(Folder(folder)):
        made = _manifest.read_or_begin(Folder(folder), buckets)
        for place in range(buckets):
            numbers = [one for one in range(count) if bucket(series(one), buckets) == place]
            if numbers:
                made = append(Folder(folder), made, points(chance, numbers, length)).manifest
    return made
