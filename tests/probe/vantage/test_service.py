"""The service: what each system is given, that systemd really runs it, and that nothing of it stays."""

import os
import plistlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.vantage import service
from probe.vantage.service import LABEL
from tests.probe.vantage.test_vantage import Machine

HOME, CONFIGURATION = Path("/home/a b"), Path("/home/a b/.config")
COMMAND = ("/home/a b/venv/bin/python", "-m", "kedergi", "probe", "--config", '/home/a b/50% "$x".toml')
SYSTEMD = Path("/usr/lib/systemd/systemd")


def of(platform: str, command: tuple[str, ...] = COMMAND) -> service.Service:
    return service.of(platform, HOME, CONFIGURATION, command, uid=501)


def test_systemd_gets_a_unit_of_the_user_that_starts_with_the_machine() -> None:
    made = of("linux")
    assert made.path == CONFIGURATION / "systemd" / "user" / "kedergi.service"
    text = made.content.decode()
    assert 'ExecStart="/home/a b/venv/bin/python" "-m" "kedergi" "probe" "--config"' in text
    assert r'"/home/a b/50%% \"$$x\".toml"' in text
    assert "WantedBy=default.target" in text
    assert "UMask=0077" in text
    assert ("loginctl", "enable-linger") in made.more


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here to check the unit")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    made = of("linux", (sys.executable, "-m", "kedergi", "probe", "--config", str(tmp_path / "50% $x.toml")))
    (tmp_path / made.path.name).write_bytes(made.content)
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", tmp_path / made.path.name],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_launchd_gets_an_agent_that_starts_at_login_and_again_after_a_crash() -> None:
    made = of("darwin")
    assert made.path == HOME / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    plist = plistlib.loads(made.content)
    assert (plist["Label"], plist["ProgramArguments"]) == (LABEL, list(COMMAND))
    assert plist["RunAtLoad"] is True
    assert plist["KeepAlive"] == {"Crashed": True}
    assert made.start == (("launchctl", "bootstrap", "gui/501", str(made.path)),)
    assert made.stop == (("launchctl", "bootout", f"gui/501/{LABEL}"),)


def test_windows_gets_a_task_without_rights_beyond_the_users() -> None:
    made = of("win32", ("C:\\Program Files\\Python\\python.exe", "-m", "kedergi", "probe", "--config", "C:\\Қ ф.toml"))
    assert made.path == CONFIGURATION / "kedergi" / "task.xml"
    root = ET.fromstring(made.content.decode("utf-16").partition("?>")[2])
    spaces = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}

    def text(path: str) -> str | None:
        return root.findtext("/".join(f"t:{part}" for part in path.split("/")), namespaces=spaces)

    assert text("Actions/Exec/Command") == "C:\\Program Files\\Python\\python.exe"
    assert text("Actions/Exec/Arguments") == '-m kedergi probe --config "C:\\Қ ф.toml"'
    assert text("Principals/Principal/RunLevel") == "LeastPrivilege"
    assert text("Triggers/LogonTrigger/Enabled") == "true"
    assert text("Settings/ExecutionTimeLimit") == "PT0S"
    assert [command[:2] for command in made.start] == [("schtasks", "/Create"), ("schtasks", "/Run")]
    assert made.stop[-1] == ("schtasks", "/Delete", "/TN", "kedergi", "/F")


# The command


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One without a systemd that answers, whatever there is around the tests."""
    found = Machine(tmp_path)
    found.config.mkdir(parents=True)
    (found.config / "list.txt").write_text("http://10.0.0.1/\n")
    (found.config / "kedergi.toml").write_text(
        f'[probe]\nlists = ["{found.config}/list.txt"]\n[dns]\ntrusted = []\n[reference]\nurls = []\n'
    )
    (tmp_path / "run").mkdir(mode=0o700)
    found.env |= {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "DBUS_SESSION_BUS_ADDRESS": "", "LC_ALL": "C.UTF-8"}
    return found


def unit(machine: Machine) -> Path:
    return machine.config.parent / "systemd" / "user" / "kedergi.service"


def test_without_consent_no_service_is_installed(machine: Machine) -> None:
    done = machine.run("install-service")
    assert done.returncode == 2
    assert "Nothing is measured without consent" in done.stderr
    assert not unit(machine).exists()


def test_where_it_cannot_be_started_it_is_said_how_and_purge_takes_it_away(machine: Machine) -> None:
    done = machine.run("install-service", "--accept-risks")
    assert done.returncode == 1, done.stderr
    assert "Start it by hand: systemctl --user enable --now kedergi.service" in done.stderr
    assert '"-m" "kedergi" "probe"' in unit(machine).read_text()
    purged = machine.run("purge", "--yes")
    assert f"{unit(machine)}: the service" in purged.stdout
    assert "stopped and removed" in purged.stdout
    assert not unit(machine).exists()
    assert "no service" in machine.run("uninstall-service").stdout


# In a systemd


class Session:
    """A systemd of one user, in namespaces of its own, with nothing of this machine's."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        script = folder / "session.sh"
        script.write_text(
            "mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /run/systemd/system\n"
            f"{SYSTEMD} --user --log-target=null &\nwait\n"  # as the first process it would be the whole machine's
        )
        inside = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self.process = subprocess.Popen([*inside, "sh", str(script)], env=machine.env)

    def inside(self, *command: str) -> "subprocess.CompletedProcess[str]":
        first = self.children()
        assert first, "it ended"
        enter = ["nsenter", "--target", first[0], "--user", "--mount", "--pid", "--preserve-credentials"]
        return subprocess.run(
            [*enter, *command], capture_output=True, text=True, env=self.machine.env, check=False, timeout=60
        )

    def children(self) -> list[str]:
        pid = self.process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def tell(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.inside("systemctl", "--user", *words)

    def vantage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.inside(sys.executable, "-m", "kedergi", "vantage", *words)

    def until(self, state: str, *words: str) -> bool:
        """Another program's state can't be awaited."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            if self.children() and self.tell(*words).stdout.strip() == state:
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def session(machine: Machine, tmp_path: Path) -> Iterator[Session]:
    if not SYSTEMD.exists() or shutil.which("unshare") is None:
        pytest.skip("systemd, or unshare, is not here")
    made = Session(machine, tmp_path)
    try:
        if not made.until("running", "is-system-running"):
            pytest.skip("systemd can't run here in namespaces of its own")
        yield made
    finally:
        made.process.kill()  # and all in it with it
        made.process.wait(30)


@pytest.mark.whole
def test_systemd_runs_it_starts_it_with_the_session_and_purge_leaves_nothing(session: Session) -> None:
    machine = session.machine
    done = session.vantage("install-service", "--accept-risks")
    assert done.returncode == 0, done.stderr
    assert "Installed" in done.stdout
    assert session.tell("is-active", "kedergi.service").stdout.strip() == "active"
    assert session.tell("is-enabled", "kedergi.service").stdout.strip() == "enabled"
    assert session.until("default.target", "show", "--property=WantedBy", "--value", "kedergi.service")
    store = machine.data / "kedergi.db"
    end = time.monotonic() + 60
    while not store.exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert store.exists(), "it measures"
    assert session.vantage("purge", "--yes").returncode == 0
    assert session.tell("is-active", "kedergi.service").stdout.strip() == "inactive"
    assert session.tell("is-enabled", "kedergi.service").stdout.strip() in {"", "not-found"}
    assert not unit(machine).exists()
    assert not machine.data.exists()
