"""A censored country with a control outside, and the program's commands in it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.fixtures import lab_rights, make_lab
from tests.lab.scenarios import SCENARIOS, lab_of

__all__ = ["lab_rights", "make_lab"]

PORT = 8734


@pytest.fixture(scope="session")
def censored(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    """The demonstration country with a control in the world. Tests leave it as it is."""
    with lab_of(SCENARIOS) as lab:
        start_control(lab)
        yield lab


def start_control(lab: Lab) -> Popen[str]:
    """A control in the world that answers anyone, listening when this returns."""
    command = ["kedergi", "control", "--host", lab.control_ip, "--port", str(PORT), "--open"]
    process = lab.popen_in_world(command, stderr=PIPE)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "The control answers" in said, said
    return process


def control(lab: Lab) -> dict[str, object]:
    """The configuration's section that names it."""
    return {"url": f"http://{lab.control_ip}:{PORT}"}


def checked(lab: Lab, config: Path, *arguments: str, timeout_s: float = 60.0) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and records of `kedergi check --format json`."""
    done = lab.run(["kedergi", "check", "--config", config, "--format", "json", *arguments], timeout_s=timeout_s)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def list_file(tmp_path: Path) -> Callable[[list[str]], Path]:
    """Writes a plain list of URLs."""

    def write(urls: list[str]) -> Path:
        path = tmp_path / "sites.txt"
        path.write_text("".join(f"{url}\n" for url in urls))
        return path

    return write
