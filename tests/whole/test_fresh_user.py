"""Somebody new: from the wheel to a purge, without an administrator's rights, and nothing of ours is left."""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Address, Drop, Rule
from tests.whole.conftest import control, start_control
from tests.whole.test_joining import NAMES, PORT, Abroad
from tests.whole.test_up import ListFile

pytestmark = [pytest.mark.lab, pytest.mark.whole]

ROOT = Path(__file__).parents[2]
POWERLESS = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
LIMIT_S = 180.0


class Person:
    """A home folder with a fresh installation, and what is typed there."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab = lab
        self.home = home
        self.tools = home / "tools"
        folders = {"XDG_DATA_HOME": ".local/share", "XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}
        self.env = {"HOME": str(home), "LC_ALL": "C.UTF-8"} | {
            name: str(home / folder) for name, folder in folders.items()
        }

    def install(self, wheel: Path) -> None:
        """As pipx does it, but that the libraries are those of the tests."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.tools], check=True, timeout=60)
        there = next((self.tools / "lib").glob("python3*")) / "site-packages"
        (there / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.tools / "bin" / "python",
            "install",
            "--quiet",
        ]
        subprocess.run([*pip, "--no-deps", "--no-index", "--no-compile", wheel], check=True, timeout=120)

    def types(self, *words: str, answer: str = "") -> str:
        """What was said; the command has to end well."""
        command: list[str | Path] = [*POWERLESS, self.tools / "bin" / "kedergi", *words]
        done = self.lab.run(command, env=self.env, input=answer, timeout_s=60)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def files(self) -> list[str]:
        """Of ours: all but the installation."""
        found = (path for path in self.home.rglob("*") if not path.is_relative_to(self.tools))
        return sorted(path.relative_to(self.home).as_posix() for path in found if path.is_file())


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)
    start_control(made)
    return made


@pytest.fixture
def person(lab: Lab, list_file: ListFile, tmp_path: Path) -> Person:
    home = tmp_path / "home"
    (home / ".config" / "kedergi").mkdir(parents=True)
    lists = list_file([f"https://{name}/" for name in NAMES])
    settings = lab.config(
        control=control(lab), probe={"lists": [str(lists)], "interval": "5s"}, store={"url": "sqlite:///kedergi.db"}
    )
    (home / ".config" / "kedergi" / "kedergi.toml").write_text(settings.read_text("utf-8"), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return Person(lab, home)


def test_from_the_wheel_to_a_purge_in_three_minutes(
    lab: Lab, person: Person, list_file: ListFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    abroad = Abroad(lab, list_file([f"https://{name}/" for name in NAMES]))
    began = time.monotonic()
    person.install(next((tmp_path / "dist").glob("*.whl")))
    first = person.types("probe", "--once", answer="true\nfalse\ntrue\n")  # the first answer is wrong, and corrected
    assert "Kedergi hides nothing" in first
    assert "4 of 4 sites were due and have been measured." in first
    assert abroad.uids() == []

    code = abroad.said("members", "invite", "--class", "home", "--country", "KZ").strip()
    assert "joined as" in person.types("vantage", "enrol", f"{code}@{abroad.url}", answer="y\n")
    assert "Sent: 4; refused: 0; waiting: 0." in person.types("probe", "--once")

    lab.set_rules([Rule(Address(lab.control_ip, PORT), Drop())])  # unplugged
    time.sleep(3)  # until the sites are due again
    person.types("probe", "--once")
    assert len(abroad.uids()) == 4
    assert "4 waiting" in person.types("vantage", "show")
    lab.set_rules([])  # plugged in
    time.sleep(3)
    assert "waiting: 0." in person.types("probe", "--once")
    assert len(abroad.uids()) == 12

    person.types("vantage", "pause", "--for", "2h")
    time.sleep(3)
    assert "paused" in person.types("probe", "--once")
    assert len(abroad.uids()) == 12
    assert "paused" in person.types("vantage", "show")

    purged = person.types("vantage", "purge", "--yes")
    assert "Deleted: " in purged
    took_s = time.monotonic() - began
    assert person.files() == []
    with capsys.disabled():
        print(f"\na fresh user: {took_s:.0f} s from the installation to the purge")
    assert took_s < LIMIT_S
