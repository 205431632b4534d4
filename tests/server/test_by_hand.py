"""An outbox that is carried to the server by hand, and the receipts that come back: nothing lost, nothing twice."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from probe import config
from probe.vantage import by_hand, enrolment, identity, sealed
from probe.vantage.by_hand import CantCarry
from probe.vantage.enrolment import Enrolment
from probe.vantage.identity import Identity
from results.fate import Fate
from results.outbox import Receipt, Sender, keep, standing
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from server import joining
from server.by_hand import NotTaken, receipts_file, take_outbox
from server.intake.limits import Limits
from server.intake.reading import Reader
from server.key import FILE as KEY_FILE
from server.key import server_key
from tests.results.test_store import FINE
from tests.server.intake.conftest import code
from tests.stores import Opening

READER = Reader(limits=Limits(), judge=judge, is_listed=lambda _url: True)


@pytest.fixture
def store(opened: Opening) -> Store:
    """On both databases."""
    return opened()


def utcnow() -> datetime:
    return datetime.now(UTC)


@dataclass
class Probe:
    """A volunteer's machine: its folder, its store, and what it was given."""

    folder: Path
    key: Identity
    joined: Enrolment
    enter: Callable[[], None]

    @property
    def config(self) -> Path:
        return self.folder / "kedergi.toml"

    def store(self) -> Store:
        return Store(f"sqlite:///{self.folder / 'probe.db'}")

    def measure(self, *uids: str, **more: object) -> None:
        store = self.store()
        for number, uid in enumerate(uids):
            vantage = Vantage(name=self.joined.vantage, country="KZ", asn=9198, vantage_class="home")
            given = {"uid": uid, "vantage": vantage, "started_at": utcnow() + timedelta(milliseconds=number), **more}
            one: Measurement = replace(FINE, **given)  # type: ignore[arg-type]
            store.add(one, judge(one))
        store.close()

    def export(self, name: str = "outbox.jsonl.zst") -> Path:
        self.enter()
        assert by_hand.run_export(self.folder / name, self.config) == 0
        return self.folder / name

    def bring(self, file: Path) -> int:
        self.enter()
        return by_hand.run_receipts(file, self.config)

    def waiting(self) -> int:
        store = self.store()
        found = standing(store, Sender(self.joined.vantage, self.joined.joined_at - timedelta(minutes=5)))
        store.close()
        return found.waiting


@dataclass
class Abroad:
    """The server, without its sockets."""

    store: Store
    key: Identity

    def take(self, file: Path) -> dict[str, int]:
        fates = take_outbox(self.store, READER, self.key, file, utcnow=utcnow)
        return {fate.value: fates[fate] for fate in Fate if fates[fate]}

    def uids(self) -> list[str]:
        with self.store.transaction() as connection:
            return sorted(connection.execute(sa.text("select uid from measurement")).scalars())


@pytest.fixture
def abroad(store: Store, tmp_path: Path) -> Abroad:
    return Abroad(store, server_key(store, tmp_path / "server", now=utcnow()))


Making = Callable[..., Probe]


@pytest.fixture
def make(abroad: Abroad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Making:
    def making(name: str = "home") -> Probe:
        home = tmp_path / name
        folder = home / "kedergi"
        folder.mkdir(parents=True)
        key = identity.make(folder)
        member = joining.join(abroad.store, code=code(abroad.store), key=key.key.public_key(), now=utcnow())
        joined = Enrolment(
            servers=("https://kedergi.example.org",),
            vantage=member.vantage,
            vantage_class="home",
            country="KZ",
            joined_at=member.joined_at,
            server_key=abroad.key.public,
        )
        enrolment.keep(folder, joined)
        (folder / "kedergi.toml").write_text(f'[store]\nurl = "sqlite:///{folder / "probe.db"}"\n', "utf-8")
        return Probe(folder, key, joined, lambda: monkeypatch.setenv("XDG_DATA_HOME", str(home)))

    return making


@pytest.fixture
def probe(make: Making) -> Probe:
    return make()


def test_what_waits_is_carried_there_and_the_receipts_come_back(probe: Probe, abroad: Abroad) -> None:
    uids = [f"m-{number:04}" for number in range(503)]  # more than a batch
    probe.measure(*uids)
    file = probe.export()
    assert file.stat().st_mode & 0o077 == 0
    assert probe.waiting() == len(uids)  # it waits until a receipt says so
    assert abroad.take(file) == {"stored": len(uids)}
    assert abroad.uids() == uids
    assert probe.bring(receipts_file(file)) == 0
    assert probe.waiting() == 0


def test_it_may_come_twice_and_over_the_net_as_well_and_is_there_once(probe: Probe, abroad: Abroad) -> None:
    probe.measure("a", "b", "c")
    file = probe.export()
    assert abroad.take(file) == {"stored": 3}
    assert abroad.take(file) == {"there": 3}
    store = probe.store()
    keep(store, [Receipt("b", Fate.STORED)], at=utcnow())  # of the net
    store.close()
    assert probe.bring(receipts_file(file)) == 0
    assert probe.bring(receipts_file(file)) == 0
    assert (probe.waiting(), abroad.uids()) == (0, ["a", "b", "c"])


def test_only_what_waits_is_carried(probe: Probe, abroad: Abroad) -> None:
    probe.measure("a")
    abroad.take(probe.export())
    probe.bring(receipts_file(probe.folder / "outbox.jsonl.zst"))
    probe.measure("b")
    assert abroad.take(probe.export("second.jsonl")) == {"stored": 1}
    assert abroad.uids() == ["a", "b"]


def test_a_carried_measurement_is_marked_and_refused_like_one_that_was_sent(
    probe: Probe, abroad: Abroad, make: Making, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make("other")
    other.measure("taken")
    abroad.take(other.export())
    probe.measure("taken", "future", started_at=utcnow() + timedelta(days=3))
    file = probe.export()
    assert abroad.take(file) == {"stored": 1, "refused": 1}
    with abroad.store.transaction() as connection:
        marks = connection.execute(sa.text("select uid, mark from mark")).all()
    assert [tuple(mark) for mark in marks] == [("future", "future")]
    capsys.readouterr()
    assert probe.bring(receipts_file(file)) == 1
    told = capsys.readouterr()
    assert "taken is not at the server" in told.err
    assert "1 are at the server, 1 were refused there; 0 wait" in told.out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: text.replace(b'"accessible"', b'"blocked"'), "was altered after it was signed"),
        (lambda text: b"\n".join(text.splitlines()[:2] + text.splitlines()[3:]), "was altered"),
        (lambda _text: b"", "not one that Kedergi wrote"),
    ],
    ids=["truncated", "altered", "one taken out", "empty"],
)
def test_nothing_is_stored_of_a_file_that_is_not_as_it_was_sealed(
    probe: Probe, abroad: Abroad, change: Callable[[bytes], bytes], says: str
) -> None:
    probe.measure(*(f"m-{number}" for number in range(20)))
    file = probe.export("outbox.jsonl")
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(NotTaken, match=says) as told:
        abroad.take(file)
    assert str(told.value).endswith("nothing of it was stored.")
    assert (abroad.uids(), receipts_file(file).exists()) == ([], False)


def test_who_is_no_member_or_no_longer_one_brings_nothing(probe: Probe, abroad: Abroad, make: Making) -> None:
    probe.measure("a")
    file = probe.export()
    joining.revoke(abroad.store, probe.joined.vantage, now=utcnow())
    with pytest.raises(NotTaken, match="has not joined this server, or was revoked"):
        abroad.take(file)
    other = make("other")
    other.measure("b")
    file = other.export("outbox.jsonl")
    lines = file.read_bytes().splitlines()
    lines[0] = lines[0].replace(other.key.key_id.encode(), b"0" * 64)
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(NotTaken, match="has not joined"):
        abroad.take(file)
    assert abroad.uids() == []


def test_nobody_seals_in_another_s_name(probe: Probe, abroad: Abroad, make: Making) -> None:
    """A member's good seal over another member's measurements: they bear another name than the key's."""
    other = make("other")
    other.measure("theirs")
    text = other.export("outbox.jsonl").read_bytes()
    file = probe.folder / "stolen.jsonl"
    with file.open("wb") as out:
        lines = sealed.between(text.splitlines())
        sealed.write(
            out, probe.key, sealed.Kind.OUTBOX, lines, made_at=utcnow(), vantage=other.joined.vantage, nonce="n"
        )
    assert abroad.take(file) == {"refused": 1}
    assert abroad.uids() == []


@pytest.mark.parametrize("forger", ["the vantage itself", "another server"])
def test_only_the_server_s_own_receipts_are_believed(probe: Probe, tmp_path: Path, forger: str) -> None:
    probe.measure("a")
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    key = probe.key if forger == "the vantage itself" else server_key(other, tmp_path / "other", now=utcnow())
    other.close()
    file = tmp_path / "forged.receipts"
    with file.open("wb") as out:
        line = json.dumps({"uid": "a", "fate": "stored", "says": ""}).encode()
        kind = sealed.Kind.RECEIPTS
        sealed.write(out, key, kind, [line], made_at=utcnow(), vantage=probe.joined.vantage, nonce="n")
    with pytest.raises(CantCarry, match="signed with another key; nothing was noted"):
        probe.bring(file)
    assert probe.waiting() == 1


def test_receipts_of_another_vantage_are_not_ours(probe: Probe, abroad: Abroad, make: Making) -> None:
    other = make("other")
    other.measure("a")
    probe.measure("a")
    file = other.export()
    abroad.take(file)
    with pytest.raises(CantCarry, match="about another vantage's measurements"):
        probe.bring(receipts_file(file))
    assert probe.waiting() == 1


def test_a_receipt_for_what_was_never_measured_here_changes_nothing(probe: Probe, abroad: Abroad) -> None:
    probe.measure("a")
    file = probe.folder / "odd.receipts"
    lines = [json.dumps({"uid": uid, "fate": "stored", "says": "", "new": 1}).encode() for uid in ("a", "z", None)]
    with file.open("wb") as out:
        kind, name = sealed.Kind.RECEIPTS, probe.joined.vantage
        sealed.write(out, abroad.key, kind, lines, made_at=utcnow(), vantage=name, nonce="n")
    assert probe.bring(file) == 0
    store = probe.store()
    with store.transaction() as connection:
        assert connection.execute(sa.text("select uid from receipt")).scalars().all() == ["a"]
    store.close()


def test_a_vantage_that_has_joined_nobody_has_nothing_to_carry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert config.data_folder().is_relative_to(tmp_path)
    with pytest.raises(CantCarry, match="has joined no server"):
        by_hand.run_export(tmp_path / "outbox.jsonl", None)
    assert not (tmp_path / "outbox.jsonl").exists()


def test_where_the_file_can_t_be_written_that_is_said(probe: Probe) -> None:
    probe.enter()
    with pytest.raises(CantCarry, match=r"Can't write .*outbox\.jsonl: No such file"):
        by_hand.run_export(probe.folder / "absent" / "outbox.jsonl", probe.config)


# As it is called


def run(data: Path, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    import os

    env = {**os.environ, "XDG_DATA_HOME": str(data)}
    command = [sys.executable, "-m", "kedergi", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, env=env)


def test_the_commands_as_they_are_called(make: Making, abroad: Abroad, tmp_path: Path, store_url: str) -> None:
    probe = make()
    probe.measure("a", "b")
    data, file = probe.folder.parent, tmp_path / "carried.jsonl.gz"
    server, server_config = tmp_path / "abroad", tmp_path / "server.toml"
    (server / "kedergi").mkdir(parents=True)
    (tmp_path / "server" / KEY_FILE).rename(server / "kedergi" / KEY_FILE)
    server_config.write_text(f'[store]\nurl = "{store_url}"\n', "utf-8")

    done = run(data, "export", "--outbox", file, "--config", probe.config)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "2 measurements that wait" in done.stderr
    done = run(server, "import", file, "--config", server_config)
    assert (done.returncode, done.stdout) == (0, "2 stored, 0 refused.\n"), done.stderr
    again = json.loads(run(server, "import", file, "--format", "json", "--config", server_config).stdout)
    assert again == {"file": str(file), "stored": 0, "there": 2, "refused": 0, "receipts": f"{file}.receipts"}
    done = run(data, "import", f"{file}.receipts", "--config", probe.config)
    assert (done.returncode, done.stdout) == (0, "2 are at the server, 0 were refused there; 0 wait to be sent.\n")
    assert abroad.uids() == ["a", "b"]

    file.write_bytes(file.read_bytes()[:-40])
    done = run(server, "import", file, "--config", server_config)
    assert done.returncode == 1
    assert "nothing of it was stored" in done.stderr or "damaged" in done.stderr
    assert "Traceback" not in done.stderr
    done = run(server, "members", "key", "--config", server_config)
    assert done.stdout.strip() == abroad.key.public
    assert enrolment.fingerprint(abroad.key.public) in done.stderr
    done = run(data, "export", "--outbox", file, "--format", "csv", "--config", probe.config)
    assert done.returncode == 2
