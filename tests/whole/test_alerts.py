"""`kedergi up` tells a webhook that a site is blocked, and that it is open again, each once, also after a kill."""

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Drop, Rule, Sni
from tests.whole.conftest import control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

NAMES = [f"site{number}.free-press.kz" for number in range(6)]
RECEIVER = """
import http.server, sys
class Kept(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(sys.argv[1], "ab") as file:
            file.write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 8900), Kept).serve_forever()
"""


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)
    start_control(made)
    return made


class Told:
    """What came to the webhook."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def titles(self) -> list[str]:
        if not self.path.exists():
            return []
        return [json.loads(line)["title"] for line in self.path.read_text("utf-8").splitlines()]

    def until(self, count: int, limit_s: float = 100.0) -> list[str]:
        """Another program's writing can't be awaited otherwise."""
        end = time.monotonic() + limit_s
        while len(found := self.titles()) < count:
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found


def up(lab: Lab, config: Path) -> Popen[str]:
    command: list[str | Path] = ["kedergi", "up", "--accept-risks", "--config", config]
    process = lab.popen(command, env={"XDG_DATA_HOME": str(lab.folder / "data")}, stderr=PIPE)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "http://127.0.0.1:8733/" in said, said
    return process


def stopped(process: Popen[str], how: signal.Signals) -> None:
    process.send_signal(how)
    process.wait(timeout=20)


def test_a_block_and_its_end_are_told_once_each(lab: Lab, tmp_path: Path) -> None:
    told = Told(tmp_path / "told.jsonl")
    lab.popen([sys.executable, "-c", RECEIVER, told.path])
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"https://{name}/\n" for name in NAMES))
    probe = {"lists": [str(urls)], "interval": "5s"}
    config = lab.config(control=control(lab), probe=probe, alerts={"to": ["json://127.0.0.1:8900/"]})
    process = up(lab, config)
    time.sleep(12)  # some rounds in which all is well
    lab.set_rules([Rule(Sni("*.free-press.kz"), Drop())])
    [opened] = told.until(1)
    assert "blocked" in opened.lower()
    stopped(process, signal.SIGKILL)
    lab.set_rules([])
    process = up(lab, config)
    both = told.until(2)
    assert both[0] == opened
    assert both[1] != opened
    time.sleep(12)
    assert told.titles() == both
    stopped(process, signal.SIGTERM)
