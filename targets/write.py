"""Targets to text: our own CSV, JSON Lines, and a file that is there whole or not at all."""

import csv
import io
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from targets.row import COLUMNS
from targets.target import Target


def to_csv(targets: Iterable[Target]) -> str:
    """A list in our own columns, with a header; lines end in LF."""
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    rows.writerows(asdict(target) for target in targets)
    return text.getvalue()


def to_json(target: Target) -> str:
    """One JSON object on one line: the fields of `Target`, none absent."""
    return json.dumps(asdict(target), ensure_ascii=False)


def write_whole(path: Path, text: str) -> None:
    """Write a UTF-8 file, or replace it, in one step: readers see the old file or the new one.

    Raises:
        OSError: the folder cannot be written; the old file is untouched then.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
