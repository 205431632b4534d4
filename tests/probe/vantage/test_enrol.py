"""`kedergi vantage enrol`, as a volunteer calls it; then a round that sends, what show says, and a purge."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe import config
from probe.config import ConfigError
from probe.vantage import enrolment, identity
from probe.vantage.enrol import invitation_of
from probe.vantage.enrolment import BadEnrolment, Enrolment
from tests.probe.far_server import VANTAGE, FarServer, serving
from tests.probe.servers import closed_port, page, says, site
from tests.probe.vantage.test_vantage import Machine

pytestmark = pytest.mark.anyio

CODE = "k7qd-m2xp"
JOINED = Enrolment(
    servers=("https://kedergi.example.org",),
    vantage=VANTAGE,
    vantage_class="home",
    country="KZ",
    joined_at=datetime(2026, 11, 22, tzinfo=UTC),
)
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def server() -> AsyncIterator[FarServer]:
    async with serving(FarServer()) as found:
        yield found


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This program itself in that machine's folders."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, machine.env[name])
    machine.data.mkdir(parents=True)
    return machine


async def run(machine: Machine, *words: str, answer: str = "") -> Done:
    return await asyncio.to_thread(machine.run, *words, answer=answer)


async def enrol(machine: Machine, server: FarServer, code: str = CODE) -> Done:
    return await run(machine, "enrol", f"{code}@{server.url}", "--yes")


def files(machine: Machine) -> list[str]:
    return sorted(path.name for path in machine.data.rglob("*")) if machine.data.exists() else []


async def test_joining_says_what_is_sent_asks_and_keeps_what_the_server_gives(
    machine: Machine, server: FarServer
) -> None:
    done = await run(machine, "enrol", f"{CODE}@{server.url}", answer="y\n")
    assert done.returncode == 0, done.stderr
    for promise in ("each measurement", "network", "Never sent: your own address", "may itself mention your address"):
        assert promise in done.stderr
    assert f"joined as {VANTAGE} (home, KZ)" in done.stdout
    kept = json.loads((machine.data / enrolment.FILE).read_text("utf-8"))
    assert kept["servers"] == [server.url]
    assert kept["joined_at"]
    assert files(machine) == [enrolment.FILE, identity.FILE]
    assert {stat.S_IMODE((machine.data / name).stat().st_mode) for name in files(machine)} == {0o600}
    key = identity.load(machine.data)
    assert key is not None
    assert key.key_id in server.members


@pytest.mark.parametrize("answer", ["n\n", ""], ids=["no", "no terminal"])
async def test_without_a_yes_nothing_is_sent_and_nothing_is_made(
    machine: Machine, server: FarServer, answer: str
) -> None:
    done = await run(machine, "enrol", f"{CODE}@{server.url}", answer=answer)
    assert done.returncode == 1
    assert done.stderr.endswith("Nothing was sent.\n")
    assert (server.met, files(machine)) == ([], [])


async def test_an_address_that_anybody_can_read_is_said_to_be_one(machine: Machine) -> None:
    plain = await run(machine, "enrol", f"{CODE}@http://kedergi.example.org")
    assert "can read, and forge" in plain.stderr
    assert "forge" not in (await run(machine, "enrol", f"{CODE}@kedergi.example.org")).stderr


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("unknown code", "refuses (HTTP status 403): This code is not known here, was used, or is too old."),
        ("clock behind", "The clock of this vantage is 3600 s behind the server's"),
        ("clock ahead", "The clock of this vantage is 3600 s ahead of the server's"),
        ("nobody", "can't be reached"),
        ("portal", "is no server of Kedergi (HTTP status 200)"),
        ("no HTTP", "can't be reached"),
    ],
)
async def test_what_goes_wrong_is_one_sentence_and_leaves_only_the_key_for_another_try(
    machine: Machine, server: FarServer, trouble: str, words: str
) -> None:
    code = "other" if trouble == "unknown code" else CODE
    server.ahead = {"clock behind": timedelta(hours=1), "clock ahead": timedelta(hours=-1)}.get(trouble, timedelta())
    peer = page() if trouble == "portal" else says(b"220 mail.example\r\n\r\n")
    async with site(peer) as other:
        port = {"nobody": closed_port(), "portal": other, "no HTTP": other}.get(trouble, server.port)
        done = await run(machine, "enrol", f"{code}@http://127.0.0.1:{port}", "--yes")
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if line.startswith("kedergi: ")]
    assert done.stderr.splitlines()[-1] == said[0]
    assert near(said[0], words)
    assert files(machine) == [identity.FILE]
    before = (machine.data / identity.FILE).read_bytes()
    server.ahead = timedelta()
    assert (await enrol(machine, server)).returncode == 0
    assert (machine.data / identity.FILE).read_bytes() == before


def near(said: str, words: str) -> bool:
    """The seconds that went by while it ran are forgiven."""
    return any(words.replace("3600", str(3600 + late)) in said for late in range(-9, 10))


async def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(
    machine: Machine, server: FarServer
) -> None:
    """As after a power cut between the server's answer and the file."""
    assert (await enrol(machine, server)).returncode == 0
    (machine.data / enrolment.FILE).unlink()
    assert (await enrol(machine, server)).returncode == 0
    assert len(server.members) == 1


async def test_a_wrong_configuration_is_said_before_anything_is_sent(
    machine: Machine, server: FarServer, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text("[server]\nurl = 'no address'\n")
    done = await run(machine, "enrol", f"{CODE}@{server.url}", "--yes", "--config", str(tmp_path / "wrong.toml"))
    assert done.returncode == 2
    assert "server.url.0 = 'no address'" in done.stderr
    assert (server.met, files(machine)) == ([], [])


async def test_who_has_joined_does_not_join_twice(machine: Machine, server: FarServer) -> None:
    await enrol(machine, server)
    done = await enrol(machine, server)
    assert done.returncode == 2
    assert f"joined a server already, as {VANTAGE}" in done.stderr


@pytest.mark.parametrize(
    "written",
    [
        *("", "k7qd", "k7qd@", "@kedergi.example.org", "two words@kedergi.example.org", "k@ftp://kedergi.example.org"),
        *("k@https://me@kedergi.example.org", "k@https://kedergi.example.org/?a=b", "k@bad host"),
    ],
)
def test_what_is_no_invitation_is_said_in_one_sentence(written: str) -> None:
    with pytest.raises(ConfigError, match=r"is no invitation; allowed is CODE@SERVER") as caught:
        invitation_of(written)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("k@kedergi.example.org", "https://kedergi.example.org"),
        ("k@kedergi.example.org:8443", "https://kedergi.example.org:8443"),
        (" k@https://kedergi.example.org/ ", "https://kedergi.example.org"),
        ("k@http://127.0.0.1:8735", "http://127.0.0.1:8735"),
    ],
)
def test_a_server_is_named_by_its_host_or_its_address(written: str, server: str) -> None:
    assert invitation_of(written) == ("k", server)


# What joining changes


def test_the_name_is_the_servers_and_the_rest_where_the_configuration_is_silent(here: Machine) -> None:
    enrolment.keep(here.data, JOINED)
    settings = config.here()
    assert config.vantage(settings).name == VANTAGE
    assert (settings.vantage.country, settings.vantage.vantage_class) == ("KZ", "home")
    assert settings.server.url == JOINED.servers
    here.config.mkdir(parents=True)
    (here.config / "kedergi.toml").write_text(
        '[vantage]\nname = "mine"\ncountry = "KG"\nclass = "unknown"\n[server]\nurl = "https://mirror.example.net"\n'
    )
    settings = config.here()
    assert config.vantage(settings).name == VANTAGE
    assert (settings.vantage.country, settings.vantage.vantage_class) == ("KG", "unknown")
    assert settings.server.url == ("https://mirror.example.net",)


def test_who_has_not_joined_is_who_the_configuration_says(here: Machine) -> None:
    assert config.here() == config.load()
    assert files(here) == []


@pytest.mark.parametrize("written", ["", "{}", "[]", '{"servers": []}', JOINED.model_dump_json()[:-9]])
def test_what_is_kept_of_joining_and_was_broken_is_said_in_one_sentence(here: Machine, written: str) -> None:
    (here.data / enrolment.FILE).write_text(written)
    with pytest.raises(BadEnrolment, match=r"enrolment\.json is not as joining a server wrote it") as caught:
        config.here()
    assert "\n" not in str(caught.value)


def test_what_is_kept_is_whole_and_leaves_no_other_file(here: Machine) -> None:
    enrolment.keep(here.data, JOINED)
    enrolment.keep(here.data, JOINED.model_copy(update={"vantage": "other"}))
    found = enrolment.load(here.data)
    assert found is not None
    assert found.vantage == "other"
    assert files(here) == [enrolment.FILE]


def settle(machine: Machine, port: int) -> None:
    """One site on this machine to look at, and nobody else who is asked."""
    machine.config.mkdir(parents=True)
    (machine.config / "list.txt").write_text(f"http://127.0.0.1:{port}/\n")
    (machine.config / "kedergi.toml").write_text(
        f'[probe]\nlists = ["{machine.config}/list.txt"]\n[dns]\ntrusted = []\n[reference]\nurls = []\n'
    )


async def test_a_round_is_sent_shown_and_purged(machine: Machine, server: FarServer) -> None:
    await enrol(machine, server)
    async with site(page()) as port:
        settle(machine, port)
        done = await asyncio.to_thread(machine.command, "probe", "--once", "--accept-risks")
    assert done.returncode == 0, done.stderr
    assert "Sent: 1; refused: 0; waiting: 0." in done.stderr
    [asked] = server.believed
    [line] = asked.lines
    assert line["vantage"]["name"] == VANTAGE
    assert (line["vantage"]["class"], line["vantage"]["country"]) == ("home", "KZ")
    shown = json.loads((await run(machine, "show", "--format", "json")).stdout)
    assert {key: shown[key] for key in ("vantage", "server", "sent", "waiting", "refused")} == {
        "vantage": VANTAGE,
        "server": server.url,
        "sent": 1,
        "waiting": 0,
        "refused": 0,
    }
    assert f"{server.url}: 1 sent, 0 waiting, 0 refused" in (await run(machine, "show")).stdout
    (machine.data / enrolment.FILE).write_text("broken")  # what is broken is deleted as well
    purged = await run(machine, "purge", "--yes")
    assert purged.returncode == 0
    assert "What was sent to the server already is not here, and stays there." in purged.stderr
    assert not machine.data.exists()


@pytest.mark.parametrize("command", ["probe", "up"])
async def test_what_runs_on_sends_too_until_it_is_stopped(machine: Machine, server: FarServer, command: str) -> None:
    await enrol(machine, server)
    async with site(page()) as port:
        settle(machine, port)
        words = [sys.executable, "-m", "kedergi", command, "--accept-risks"]
        words += ["--port", str(closed_port())] if command == "up" else []
        program = await asyncio.create_subprocess_exec(*words, env=machine.env, stderr=asyncio.subprocess.PIPE)
        await server.until(lambda: bool(server.kept))
        program.terminate()
        async with asyncio.timeout(30):
            _, err = await program.communicate()
    assert program.returncode == 0, err.decode()


async def test_a_key_that_is_gone_is_said_before_anything_is_measured(machine: Machine, server: FarServer) -> None:
    await enrol(machine, server)
    (machine.data / identity.FILE).unlink()
    done = await asyncio.to_thread(machine.command, "probe", "--once", "--accept-risks")
    assert done.returncode == 2
    assert "its key" in done.stderr
    assert "is gone; put it back, or ask for a new code" in done.stderr
