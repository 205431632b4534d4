"""What a machine tells without a packet: its disk, its store, proxies, and interfaces named as VPNs name theirs."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from probe import config, machine
from probe.machine import State
from probe.tools import opened
from results.store import Store

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of their own, whose environment names nothing."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.mark.usefixtures("home")
def test_proxies_are_named_without_their_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.proxies().state is State.OK
    monkeypatch.setenv("https_proxy", "http://user:hunter2@127.0.0.1:1")
    finding = machine.proxies()
    assert finding.state is State.WARN
    assert "(https)" in finding.says
    assert "hunter2" not in finding.says


@pytest.mark.anyio
@pytest.mark.usefixtures("home")
async def test_other_root_certificates_are_said_to_be_others(monkeypatch: pytest.MonkeyPatch, roots: str) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with opened(config.Settings()) as tools:
        assert machine.roots(tools).state is State.OK
    monkeypatch.setenv("SSL_CERT_FILE", roots)
    async with opened(config.Settings()) as tools:
        assert machine.roots(tools).says == f"SSL_CERT_FILE replaces the web's root certificates: 1 in {roots}."


def test_ordinary_interfaces_are_no_vpn(monkeypatch: pytest.MonkeyPatch) -> None:
    names = SimpleNamespace(if_nameindex=lambda: [(1, "lo"), (2, "eth0"), (3, "wlan0"), (4, "docker0")])
    monkeypatch.setattr(machine, "socket", names)
    assert machine.tunnels().state is State.OK


@pytest.mark.parametrize("name", ["tun0", "wg0", "ppp0", "tailscale0", "nordlynx"])
def test_an_interface_named_as_a_vpn_is_hinted_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    names = SimpleNamespace(if_nameindex=lambda: [(1, "lo"), (2, "eth0"), (3, name)])
    monkeypatch.setattr(machine, "socket", names)
    finding = machine.tunnels()
    assert (finding.state, name in finding.says) == (State.WARN, True)


def test_a_store_that_is_none_is_bad_and_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "kedergi.db"
    file.write_text("these are no tables, and a page long enough to be read as one\n" * 20, "utf-8")
    before = file.read_bytes()
    disk, store = machine.store(f"sqlite:///{file}")
    assert disk.name == "disk"
    assert store.state is State.BAD
    assert str(file) in store.says
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_bad(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be", "utf-8")
    disk = machine.disk(tmp_path / "taken" / "kedergi")
    assert (disk.state, "Can't write" in disk.says) == (State.BAD, True)


def test_a_store_that_opens_is_well_and_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "kedergi.db"
    _, absent = machine.store(f"sqlite:///{file}")
    assert (absent.state, file.exists()) == (State.OK, False)
    Store(f"sqlite:///{file}").close()
    _, there = machine.store(f"sqlite:///{file}")
    assert (there.state, there.says) == (State.OK, "The store opens.")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("used_bytes", "state", "says"),
    [
        (None, State.OK, "0.0 of 100 MB used today."),
        (12_290_000, State.OK, "12.3 of 100 MB used today."),
        (100_000_000, State.WARN, "100.0 of 100 MB used today. Scheduled measuring goes on at midnight UTC."),
    ],
    ids=["no store", "some", "all"],
)
async def test_what_is_left_of_the_days_data_is_said(
    home: Path, used_bytes: int | None, state: State, says: str
) -> None:
    file = home / "there.db"
    settings = config.Settings.model_validate({"vantage": {"name": "home"}, "store": {"url": f"sqlite:///{file}"}})
    async with opened(settings) as tools:
        if used_bytes is not None:
            store = Store(f"sqlite:///{file}")
            store.begin_round("r1", vantage="home", started_at=NOW, planned=1)
            store.end_round("r1", ended_at=NOW, measured=1, line_up=True, traffic_bytes=used_bytes)
            store.close()
        (finding,) = machine.data(settings, replace(tools, utcnow=lambda: NOW))
    assert (finding.name, finding.state, finding.says) == ("data", state, says)
    assert file.exists() == (used_bytes is not None)


@pytest.mark.parametrize(("free_mb", "state"), [(5000, State.OK), (500, State.WARN), (50, State.BAD)])
def test_a_full_disk_is_said_before_it_loses_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, state: State
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free_mb * 1_000_000))
    assert machine.disk(tmp_path).state is state


def test_the_configurations_file_is_named(home: Path) -> None:
    assert "the defaults hold" in machine.configuration(None).says
    (home / "my.toml").write_text("", "utf-8")
    assert machine.configuration(home / "my.toml").says == f"Read from {home / 'my.toml'}."
