"""A vantage's own store: its owner's alone, and no larger or older than was said."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.config import Settings
from probe.tidying import Tidying, make_private
from probe.vantage import enrolment
from probe.vantage.enrolment import Enrolment
from results import outbox
from results.fate import Fate
from results.outbox import Receipt
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.probe.vantage.test_vantage import Machine

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
JOINED = Enrolment(
    servers=("https://kedergi.example.org",), vantage="v", vantage_class="home", country="KZ", joined_at=NOW
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "kedergi").mkdir()
    opened = Store(f"sqlite:///{tmp_path}/kedergi/kedergi.db")
    for day in range(30):
        measurement = Measurement(
            uid=str(day),
            url="https://ratel.kz/",
            started_at=NOW + timedelta(days=day),
            runtime_ms=1,
            vantage=Vantage(name="v"),
        )
        opened.add(measurement, judge(measurement))
    yield opened
    opened.close()


def tidying(store: Store, **section: object) -> Tidying:
    return Tidying(Settings.model_validate({"store": section}), store, lambda: NOW + timedelta(days=30))


@pytest.mark.anyio
async def test_nothing_is_taken_where_nothing_was_said(store: Store) -> None:
    assert await tidying(store).once() == 0
    assert store.held().measurements == 30


@pytest.mark.anyio
async def test_days_are_counted_back_from_today(store: Store) -> None:
    assert await tidying(store, keep_days=14).once() == 16
    assert store.held().measurements == 14


@pytest.mark.anyio
async def test_of_who_has_joined_what_is_not_sent_stays(store: Store, tmp_path: Path) -> None:
    enrolment.keep(tmp_path / "kedergi", JOINED)
    outbox.keep(store, [Receipt(str(day), Fate.STORED) for day in range(5)], at=NOW)
    assert await tidying(store, keep_days=1).once() == 5
    assert store.held().measurements == 25


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="files have such modes on Unix alone")
@pytest.mark.parametrize("there", [False, True], ids=["new", "of an older program"])
def test_what_is_kept_is_its_owners_alone(machine: Machine, there: bool) -> None:
    machine.config.mkdir(parents=True)
    (machine.config / "list.txt").write_text("http://10.0.0.1/\n")
    (machine.config / "kedergi.toml").write_text(
        f'[probe]\nlists = ["{machine.config}/list.txt"]\n[dns]\ntrusted = []\n[reference]\nurls = []\n'
    )
    if there:
        machine.data.mkdir(parents=True)
        machine.data.chmod(0o755)
        (machine.data / "kedergi.db").touch(0o644)
    before = os.umask(0)
    try:
        done = machine.command("probe", "--once", "--accept-risks")
        machine.run("pause")
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert mode(machine.data) == 0o700
    found = {path.name: mode(path) for path in machine.data.iterdir()}
    assert {"kedergi.db", "consent.json", "paused.json", "vantage-name"} <= set(found)
    assert {name: value for name, value in found.items() if value != 0o600} == {}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_place_where_nothing_can_be_made_is_left_to_whoever_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/none")
    make_private("sqlite:////proc/none/kedergi.db")
