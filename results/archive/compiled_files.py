"""Where the compiled fold is kept between two runs, and which sources it is made of. Compiles nothing itself."""

import importlib.util
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

SOURCES = ("results.sequential", "results.slowness", "results.archive.fold")


def folder() -> Path:
    """One for each version of the sources and of numba."""
    return user_cache_path("kedergi", appauthor=False) / "compiled" / _digest()


def kept() -> bool:
    """Whether it is there already."""
    return any(folder().rglob("*.nbc"))


def path(name: str) -> Path:
    """The source of a module."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


@cache
def _digest() -> str:
    texts = [path(name).read_bytes() for name in SOURCES]
    return sha256(b"\0".join([*texts, version("numba").encode()])).hexdigest()[:16]
