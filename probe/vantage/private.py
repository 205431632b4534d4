"""A file that is there whole or not at all, and that nobody but its owner may read. What is in it is not known here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_PRIVATE = 0o600


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """To be written to; it has its name once the block has ended well. Raises OSError, and leaves what was there."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
