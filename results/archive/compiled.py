"""The fold over arrays, compiled: the same sources, once more, as machine code. Needs numba.

What was compiled is kept in the user's cache folder, in one for each version of these sources.
"""

import sys
from functools import cache
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any

import numba

from results.archive.compiled_files import SOURCES, folder, path

_PREFIX = "kedergi_compiled."  # numba finds the modules by these names when it reads what it kept


_ONE_AT_A_TIME = Lock()  # numba is told by a setting of the whole program where to keep what it makes


def fold() -> ModuleType:
    """results/archive/fold.py, compiled. The first call of its `run` takes some ten seconds, where nothing is kept."""
    with _ONE_AT_A_TIME:
        return _fold()


@cache
def _fold() -> ModuleType:
    config: Any = numba.core.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder())
    try:
        made = [_compiled(name) for name in SOURCES]
    finally:
        config.CACHE_DIR = before
    loop = made[-1]
    loop.sequential, loop.slowness = made[0], made[1]  # type: ignore[attr-defined]
    return loop


def _compiled(name: str) -> ModuleType:
    module = ModuleType(_PREFIX + name.rpartition(".")[2])
    sys.modules[module.__name__] = module
    exec(compile(path(name).read_bytes(), path(name), "exec"), module.__dict__)  # noqa: S102 - our own source
    for called, function in list(vars(module).items()):
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            setattr(module, called, _quick(function, kept=called == "run"))
    return module


def _quick(function: FunctionType, *, kept: bool) -> object:
    """Compiled when it is first called. Where no folder can be written, nothing is kept."""
    try:
        return numba.njit(function, cache=kept, nogil=True)
    except RuntimeError:
        return numba.njit(function, nogil=True)
