"""A server that is looked at from inside while it is asked from outside: its rows, its counts, its memory."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from tests.server.intake.sending import Sender
from tests.server.postgres import Postgres, postgres
from tests.server.serving import Served, free_port

# Beside the nonces: one is kept of each signature that was genuine, whatever it signed.
TABLES = ("measurement", "evidence", "verdict", "link", "mark", "member", "invitation")


@dataclass
class Fort:
    """`kedergi serve` on PostgreSQL, a client of it, and where its counts are told."""

    database: Postgres
    served: Served
    client: httpx.Client
    metrics_port: int

    def rows(self) -> dict[str, int]:
        with psycopg.connect(self.database.address().replace("+psycopg", "")) as direct:
            counts = {}
            for name in TABLES:
                row = direct.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(name))).fetchone()
                assert row is not None
                counts[name] = int(row[0])
            return counts

    def counted(self, what: str = "kedergi_refusals_total") -> float:
        text = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", trust_env=False).text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(what))

    def member(self) -> Sender:
        sender = Sender(self.client)
        assert sender.enrol(self.served.invite()).status_code == 200
        return sender

    def raw(self, request: bytes, *, breaks_off: bool = False, patience_s: float = 3) -> bytes:
        """What comes back to these bytes until the server ends the connection, or says no more."""
        got = b""
        with socket.create_connection(("127.0.0.1", self.served.port), timeout=30) as sock, suppress(OSError):
            sock.sendall(request)
            if breaks_off:
                sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(65536):
                got += part
                sock.settimeout(patience_s)
        return got


@contextmanager
def fortified(folder: Path) -> Iterator[Fort]:
    """A running one; at its end it stops in order, and has met no bug."""
    metrics = free_port()
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name, postgres(Path(name), "fsync=off") as database:
        served = Served(database.create(), folder, arguments=["--metrics", f"127.0.0.1:{metrics}"])
        served.start()
        with httpx.Client(base_url=served.base_url, timeout=60, trust_env=False) as client:
            try:
                yield Fort(database, served, client, metrics)
            finally:
                assert served.stop() == 0
        said = served.log.read_text("utf-8")
        assert "Traceback" not in said, said[-4000:]
