"""The guide for operators: its session is run as it stands, and what it says is running runs."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.serving import free_port

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "operator.md").read_text("utf-8")
LIMIT_S = 60.0


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


class Desk:
    """A folder with the configuration of the guide, and a shell in it that knows the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (configuration,) = blocks("toml")
        (folder / "server.toml").write_text(configuration, "utf-8")
        shim = folder / "bin" / "kedergi"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m kedergi "$@"\n')
        shim.chmod(0o755)
        paths = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
        self.env = {
            **os.environ,
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self.env |= {name: str(folder / place) for name, place in paths.items()} | {"LC_ALL": "C.UTF-8"}
        self.running: list[subprocess.Popen[bytes]] = []

    def types(self, line: str) -> str:
        if line.endswith("&"):
            port = free_port()  # that of the guide may be taken here
            with (self.folder / "log").open("ab") as log:
                words = [*line.removesuffix("&").split(), "--port", str(port)]
                self.running.append(subprocess.Popen(words, env=self.env, cwd=self.folder, stdout=log, stderr=log))
            self.wait(port)
            return ""
        done = subprocess.run(
            ["sh", "-c", line], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if "members key" in line:  # as the guide says: saved where the control runs
            (self.folder / "server-key.pem").write_text(done.stdout, "utf-8")
        return done.stdout

    def wait(self, port: int) -> None:
        """Until something answers there, whatever it says."""
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/readyz")
            except urllib.error.HTTPError:
                return
            except OSError:
                assert time.monotonic() < end, (self.folder / "log").read_text("utf-8")
                assert self.running[-1].poll() is None, (self.folder / "log").read_text("utf-8")
                time.sleep(0.1)
            else:
                return

    def stop(self) -> list[int]:
        for one in self.running:
            one.terminate()
        return [one.wait(60) for one in self.running]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.stop()


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert [line for line in lines if not line.startswith("$ kedergi ")] == []
    return [line.removeprefix("$ ") for line in lines]


@pytest.mark.whole
def test_the_session_of_the_guide_runs_as_it_stands(desk: Desk) -> None:
    said = {line: desk.types(line) for line in commands()}
    assert said["kedergi members invite --class home --country KZ --config server.toml"].strip()
    assert "newsroom" in said["kedergi accounts list --config server.toml"]
    assert "analyst" in said["kedergi accounts list --config server.toml"]
    assert [
        json.loads(line) for line in said["kedergi members list --format json --config server.toml"].splitlines()
    ] == []
    assert desk.stop() == [0, 0]
    assert "Nobody administers this server yet." in (desk.folder / "log").read_text("utf-8")


def test_the_guide_is_a_page_and_leads_to_what_there_is() -> None:
    assert len(GUIDE.splitlines()) <= 95
    links = re.findall(r"\]\(([\w.]+)(?:#([\w-]+))?\)", GUIDE)
    for name, anchor in links:
        text = (DOCS / name).read_text("utf-8")
        headings = {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines()}
        assert not anchor or anchor in headings, f"{name}#{anchor}"
