"""Gives memory back to the operating system that this program does not need any more. Nothing is decided by it.

Only the C library of most Linux systems keeps so much for itself that it is worth asking; elsewhere nothing happens.
"""

import ctypes
import gc
import sys
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_ARENAS = 2  # else each thread keeps a pool of its own


def be_thrifty() -> None:
    """From now on; once, before threads are made."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """What is free, after something large has been done. Costs some milliseconds. Blocks."""
    gc.collect()
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
