"""What `kedergi judge` prints, run as a person runs it, without the rest of the program."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from results.cli import judge

APP = typer.Typer()
APP.command("judge")(judge)


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line, parse_constant=_no_number) for line in self.out.splitlines()]

    @property
    def verdicts(self) -> list[str]:
        return [row["verdict"] for row in self.rows]


def _no_number(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def run(*arguments: str | Path) -> Ended:
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def judged(*arguments: str | Path) -> Ended:
    """With JSON, and the promise that it ran."""
    ended = run(*arguments, "--format", "json")
    assert ended.status == 0, ended.err
    return ended


def lines(folder: Path, *objects: Any, name: str = "measurements.jsonl") -> Path:
    """A file of JSON Lines. What is text already is written as it is."""
    texts: Sequence[str] = [one if isinstance(one, str) else json.dumps(one) for one in objects]
    file = folder / name
    file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return file
