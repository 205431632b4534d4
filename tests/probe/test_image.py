"""The container of a probe, as a file: who runs in it, what is in it, where things are kept, and that it asks first."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml  # type: ignore[import-untyped]

from kedergi import app

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile.probe").read_text("utf-8")
VOLUME = "/var/lib/kedergi"
GUIDES = ["volunteer.md", "volunteer.ru.md", "volunteer.kk.md"]


def words(instruction: str) -> list[str]:
    (found,) = re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    read: list[str] = yaml.safe_load(found)
    return read


def environment() -> dict[str, str]:
    (found,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in found.replace("\\\n", " ").split())


def test_the_image_that_runs_is_not_the_one_that_builds_and_not_of_root() -> None:
    built, runs = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "pip install" in built
    assert "uninstall -y pip" in built
    assert re.search(r"^RUN .*(pip|apt)", runs, re.MULTILINE) is None
    assert re.findall(r"^USER (\d+):(\d+)$", runs, re.MULTILINE) == [("10001", "10001")]
    assert "EXPOSE" not in runs


def test_it_is_the_base_without_extras() -> None:
    assert re.search(r"pip install .* \.( \\)?$", DOCKERFILE, re.MULTILINE)
    assert "[" not in re.findall(r"pip install .*", DOCKERFILE)[0]


def test_what_it_is_made_of_is_there_and_let_in() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied == let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_all_that_is_kept_is_in_the_volume() -> None:
    assert f"VOLUME {VOLUME}" in DOCKERFILE
    places = {name: environment()[name] for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    assert {place for place in places.values() if not f"{place}/".startswith(f"{VOLUME}/")} == set()


def test_without_consent_it_measures_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    command = [*words("ENTRYPOINT"), *words("CMD")]
    assert command == ["kedergi", "probe"]
    moved = {
        name: value.replace(VOLUME, str(tmp_path)) for name, value in environment().items() if not name.startswith("PA")
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, **moved},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert "--accept-risks" in done.stderr
    assert [path.name for path in tmp_path.rglob("*.db")] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guides_run_it_by_commands_that_there_are(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text("utf-8")
    runs = re.findall(r"^docker run (.*?)kedergi-probe(.*?)(?:#.*)?$", text, re.MULTILINE)
    assert len(runs) == 2
    for options, command in runs:
        assert f"-v kedergi:{VOLUME}" in options
        name, *rest = command.split() or words("CMD")
        commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
        commands[name].make_context(name, rest)
