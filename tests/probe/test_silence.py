"""In a pause nothing at all goes out: whoever might be asked or told is on loopback here, and counts who comes."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe import consent
from probe.budget import Budget
from probe.contexts import web_context
from probe.services import Services
from probe.vantage import enrolment, identity, pause
from probe.vantage.enrolment import Enrolment
from probe.vantage.fetching import Fetching
from tests.probe.servers import Reader, Writer, closed_port, site
from tests.probe.vantage.test_vantage import Machine
from tests.results.test_links import HOME

pytestmark = pytest.mark.anyio

PAUSED = "Measuring is paused."


@dataclass
class Everybody:
    """Server, control, resolver, reference and site in one."""

    came: int = 0
    port: int = 0

    async def meet(self, _reader: Reader, _writer: Writer) -> None:
        self.came += 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def everybody() -> AsyncIterator[Everybody]:
    found = Everybody()
    async with site(found.meet) as found.port:
        yield found


def joined(folder: Path, url: str) -> tuple[Enrolment, identity.Identity]:
    """A member whose server has a list for it."""
    key = identity.make(folder)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    found = Enrolment(
        servers=(url,),
        vantage=HOME.name,
        vantage_class="home",
        country="KZ",
        joined_at=now,
        server_key=key.public,
        controls=(url,),
    )
    enrolment.keep(folder, found)
    return found, key


async def test_nobody_is_asked_for_a_list_while_it_is_held(everybody: Everybody, tmp_path: Path) -> None:
    found, key = joined(tmp_path, everybody.url)
    held = True
    services = Services(web_context(None))
    sought = Fetching(
        services,
        key,
        found,
        found.servers,
        tmp_path,
        clock=lambda: datetime.now(UTC),
        chance=random.Random(1),
        budget=Budget(),
        held=lambda: held,
    )
    assert not await sought.once()
    assert everybody.came == 0
    held = False
    assert not await sought.once()
    assert everybody.came == 1
    await services.aclose()


@pytest.fixture
def machine(everybody: Everybody, tmp_path: Path) -> Machine:
    """It has joined, measurements wait to be sent, and a pause has begun."""
    made = Machine(tmp_path)
    made.settle_in()
    joined(made.data, everybody.url)
    (made.config / "kedergi.toml").write_text(
        f'[probe]\nlists = ["server", "{made.config}/list.txt"]\ninterval = "5s"\n'
        f'[reference]\nurls = ["{everybody.url}/"]\n[dns]\ntrusted = ["https://127.0.0.1:{everybody.port}/dns"]\n'
        f'[server]\nurl = "{everybody.url}"\n[control]\nurl = "{everybody.url}"\n'
        f'[alerts]\nto = ["json://127.0.0.1:{everybody.port}/"]\n'
    )
    (made.config / "list.txt").write_text(f"{everybody.url}/\n")
    consent.give(made.data, datetime.now(UTC))
    pause.begin(made.data, datetime.now(UTC), None)
    return made


async def test_one_round_in_a_pause_sends_nothing(machine: Machine, everybody: Everybody) -> None:
    done = await asyncio.to_thread(machine.command, "probe", "--once", "--accept-risks")
    assert done.returncode == 0, done.stderr
    assert PAUSED in done.stderr
    assert "waiting: 4." in done.stderr
    assert everybody.came == 0
    pause.end(machine.data)
    await asyncio.to_thread(machine.command, "probe", "--once", "--accept-risks")
    assert everybody.came > 0  # all of them are there to be asked


@pytest.mark.parametrize("command", ["probe", "up"])
async def test_what_runs_in_a_pause_sends_nothing_until_it_is_stopped(
    machine: Machine, everybody: Everybody, command: str
) -> None:
    words = [sys.executable, "-m", "kedergi", command, "--accept-risks"]
    words += ["--port", str(closed_port())] if command == "up" else []
    env = {**machine.env, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = await asyncio.create_subprocess_exec(*words, env=env, stderr=asyncio.subprocess.PIPE)
    assert program.stderr is not None
    async with asyncio.timeout(60):
        while PAUSED.encode() not in (said := await program.stderr.readline()):
            assert said, "it has ended"
    program.terminate()
    await asyncio.wait_for(program.communicate(), 30)
    assert program.returncode == 0
    assert everybody.came == 0
