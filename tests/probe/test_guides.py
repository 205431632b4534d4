"""The guides for volunteers and analysts: their sessions are run as they stand, and say the same in each language."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from probe.config import Settings
from probe.fitness import SAYS
from results.formats.jsonl import line
from results.verdict import judge
from tests.probe.vantage.test_vantage import Machine
from tests.results.build import AT, dns, page, seen, tcp, tls

DOCS = Path(__file__).parents[2] / "docs"
VOLUNTEERS = ["volunteer.md", "volunteer.ru.md", "volunteer.kk.md"]
UNFIT = 1  # what `doctor` says of a machine without anybody to ask


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / name).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def commands(name: str) -> list[list[str]]:
    """What a reader types."""
    lines = [line for block in blocks(name, "console") for line in block.splitlines()]
    assert [line for line in lines if not line.startswith("$ kedergi ")] == []
    return [shlex.split(line.removeprefix("$ kedergi ")) for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    found.config.mkdir(parents=True)
    (found.config / "list.txt").write_text("http://10.0.0.1/\n")
    (found.config / "kedergi.toml").write_text(
        f'[probe]\nlists = ["{found.config}/list.txt"]\n[dns]\ntrusted = []\n[reference]\nurls = []\n'
    )
    measurement = seen(dns(), tcp(), tls(), page(), uid="one", url="https://ratel.kz/", started_at=AT)
    (tmp_path / "measurements.jsonl").write_text(line(measurement, judge(measurement)) + "\n", "utf-8")
    return found


def run(machine: Machine, folder: Path, *words: str, answer: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "kedergi", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**machine.env, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)},
        input=answer,
        cwd=folder,
    )


@pytest.mark.whole
@pytest.mark.parametrize("name", ["volunteer.md", "analyst.md"])
def test_the_sessions_of_a_guide_run_as_they_stand(machine: Machine, tmp_path: Path, name: str) -> None:
    found = {}
    for words in commands(name):
        done = run(machine, tmp_path, *words, answer="false\ntrue\n")
        assert done.returncode in {0, UNFIT if words[0] == "doctor" else 0}, done.stderr
        found[" ".join(words)] = done.stdout + done.stderr
    if name == "analyst.md":
        assert "https://ratel.kz/" in found["export --since 2026-11-01 --url https://ratel.kz/"]
        assert "none is missing or altered" in found["verify"]
    else:
        assert "1 of 1 sites were due and have been measured." in found["probe --once"]
        assert "(measured of planned)" in found["vantage show"]
        assert "Paused until" in found["vantage pause --for 2h"]
        assert not machine.data.exists()


@pytest.mark.parametrize("name", VOLUNTEERS[1:])
def test_each_language_shows_the_same_commands_and_the_same_settings(name: str) -> None:
    assert commands(name) == commands("volunteer.md")
    assert [tomllib.loads(text) for text in blocks(name, "toml")] == [
        tomllib.loads(text) for text in blocks("volunteer.md", "toml")
    ]
    count = re.compile(r"^(#+ |- )", re.MULTILINE)
    texts = [(DOCS / each).read_text("utf-8") for each in (name, "volunteer.md")]
    assert len({tuple(count.findall(text)) for text in texts}) == 1, "as many headings, and questions to ask a lawyer"


def test_the_settings_that_are_shown_are_those_that_there_are() -> None:
    for text in blocks("volunteer.md", "toml"):
        Settings.model_validate(tomllib.loads(text))


@pytest.mark.parametrize("name", VOLUNTEERS)
def test_a_guide_for_volunteers_is_a_page(name: str) -> None:
    assert len((DOCS / name).read_text("utf-8").splitlines()) <= 95


@pytest.mark.parametrize("why", [*SAYS, "asleep", "stopped", "budget"])
def test_an_analyst_can_look_up_each_reason_of_a_gap(why: str) -> None:
    assert f"`{why}`" in (DOCS / "analyst.md").read_text("utf-8")
