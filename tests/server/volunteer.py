"""A volunteer's machine: a store of measurements that were made, and the sender as a program that may be killed.

The program: python -m tests.server.volunteer FOLDER SERVER. It says what a person would be told, a line each.
"""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from probe.budget import Budget
from probe.contexts import web_context
from probe.services import Services
from probe.submit import Pace, Submitter
from probe.vantage import identity
from results import outbox
from results.outbox import Sender
from results.records import Measurement, Vantage
from results.store import Store
from results.verdict import judge
from tests.results.build import dns, page, seen, tcp, tls
from tests.server.intake import sending
from tests.server.serving import Served, kill, until

ROOT = Path(__file__).parents[2]
LINES = 20  # in a request, so that there are several
PACE = Pace(gather=0.01, look=0.2, answer=6.0, first=0.05, longest=0.4, clock=0.2, revoked=0.2)
_WHOLE = seen(dns(), tcp(), tls(), page(body="x" * 1900), control=[dns(), tcp(), tls(), page()])


@dataclass
class Home:
    """One vantage with all that it keeps."""

    folder: Path
    name: str
    made: int = 0
    process: "subprocess.Popen[str] | None" = None
    said: list[str] = field(default_factory=list)

    def measure(self, count: int, ahead: timedelta = timedelta(), of: Measurement = _WHOLE) -> list[str]:
        """So many more, by a clock that is so far ahead; their uids."""
        now = datetime.now(UTC) + ahead
        vantage = Vantage(name=self.name, country="KZ", asn=9198, network="Kazakhtelecom", vantage_class="home")
        store = Store(_store(self.folder))
        uids = [f"{self.name}-{number}" for number in range(self.made, self.made + count)]
        for place, uid in enumerate(uids):
            one = replace(of, uid=uid, vantage=vantage, started_at=now + timedelta(milliseconds=place))
            assert store.add(one, judge(one))
        store.close()
        self.made += count
        return uids

    def set_clock(self, ahead: timedelta) -> None:
        (self.folder / "ahead").write_text(str(ahead.total_seconds()), "ascii")

    def send(self, *servers: str) -> None:
        """Starts the program."""
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.server.volunteer", str(self.folder), self.name, *servers],
                cwd=ROOT,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def told(self) -> str:
        """All that a person was told, by every program that was started."""
        return (self.folder / "said").read_text("utf-8")

    def kill(self) -> None:
        if self.process is not None:
            kill(self.process.pid)
            self.process.wait()

    def stored(self) -> set[str]:
        return set(self._column("select uid from measurement"))

    def acknowledged(self) -> set[str]:
        return set(self._column("select uid from receipt where fate in ('stored', 'there')"))

    def waiting(self) -> int:
        return len(self._column("select uid from measurement where uid not in (select uid from receipt)"))

    def _column(self, query: str) -> list[str]:
        engine = sa.create_engine(_store(self.folder))
        with engine.connect() as connection:
            found = [str(one) for one in connection.execute(sa.text(query)).scalars()]
        engine.dispose()
        return found


def joined(served: Served, folder: Path) -> Home:
    """A new vantage, a member of this server."""
    folder.mkdir(parents=True)
    key = identity.make(folder)
    with httpx.Client(base_url=served.base_url, timeout=60, trust_env=False) as client:
        sender = sending.Sender(client, key)
        code = served.invite()
        # A worker whose connection to the store died with it learns that from the next request.
        until(lambda: sender.enrol(code).status_code == 200, "joining")
    home = Home(folder, sender.name)
    home.set_clock(timedelta())
    Store(_store(folder)).close()
    return home


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'kedergi.db'}"


async def run(folder: Path, name: str, servers: Iterable[str]) -> None:
    outbox.LINES_MAX = LINES
    key = identity.load(folder)
    assert key is not None

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float((folder / "ahead").read_text("ascii")))

    submitter = Submitter(
        Store(_store(folder)),
        Services(web_context(None)),
        key,
        list(servers),
        Sender(name, datetime(2020, 1, 1, tzinfo=UTC)),
        timedelta(minutes=30),
        clock,
        random.Random(1),
        budget=Budget(),
        say=lambda sentence: print(sentence, flush=True),
        pace=PACE,
    )
    await submitter.run()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
