"""The fingerprints that a user brought in: where they lie, and how a file comes there. Nothing is fetched.

Collections whose licence keeps them out of this program, or says nothing, come in this way.
"""

import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_data_path

from results.knowledge.blockpages import COLUMNS, Fingerprints, cells, read
from results.knowledge.rows import Problem


class NotImported(ValueError):
    """Nothing was written. `str()` is lines of `file:line: says`."""


def folder() -> Path:
    """Where this user's fingerprints lie. It need not be there."""
    return user_data_path("kedergi", appauthor=False) / "fingerprints"


def bring_in(files: Sequence[Path], into: Path) -> tuple[Fingerprints, list[Problem]]:
    """Copy the good rows of each file into a folder, under the file's own name, and say what was wrong.

    A file of that name is replaced. Each is written whole or not at all, and none before all have been read.

    Raises:
        NotImported: a file gives no row, two files have one name, or the folder cannot be written.
    """
    texts: dict[str, str] = {}
    everything: list[Problem] = []
    for file in files:
        found, problems = read([file])
        if not found:
            nothing = Problem(str(file), 0, "The file holds no fingerprint.")
            raise NotImported("\n".join(map(str, problems or [nothing])))
        name = _name(file)
        if name in texts:
            raise NotImported(f"{file}:0: Another file is called {name} too; import one after the other, renamed.")
        texts[name] = to_csv(found)
        everything += problems
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write_whole(into / name, text)
    except OSError as exc:
        raise NotImported(f"{into}:0: The folder cannot be written: {exc.strerror}.") from exc
    return read([into / name for name in texts])[0], everything


def to_csv(fingerprints: Fingerprints) -> str:
    """A file of fingerprints, with a header; lines end in LF."""
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(cells(fingerprint) for fingerprint in fingerprints)
    return text.getvalue()


def _name(file: Path) -> str:
    """A file's own name with the ending .csv, without what a file system may not like; never a hidden file's."""
    stem = re.sub(r"[^\w.-]", "_", file.stem).lstrip(".")
    return f"{stem or 'fingerprints'}.csv"


def _write_whole(path: Path, text: str) -> None:
    """Write a UTF-8 file, or replace it, in one step: readers see the old file or the new one."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
