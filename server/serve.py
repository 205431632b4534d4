"""`kedergi serve`: opens the socket and the store, starts its workers, and stops them when it is stopped itself.

What a worker answers and does stands in worker.py, how several are kept running in workers.py.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import mark_process_dead
from sqlalchemy.engine import make_url

from probe import config as _config
from probe.config import ConfigError, Settings
from probe.errand import EXPECTED
from probe.steps.tcp import endpoint
from results.schema import as_it_is, up_to_date
from results.store import Store
from server import logs
from server.accounts.commands import say_first_link
from server.background import utcnow
from server.control.patience import Patient
from server.listen import bound, served
from server.logs import LOG
from server.metrics import Standing, metrics_app, of_workers
from server.tls import certificate
from server.worker import Means, run_worker
from server.workers import Order, Worker, run_workers

_COUNTED_IN = "PROMETHEUS_MULTIPROC_DIR"  # read by the library where it is imported: by the workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a server is run."""

    host: str
    port: int
    workers: int = 1
    migrate: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    metrics: str | None = None  # host:port
    log: logs.Form | None = None  # None: as stderr is


async def run_serve(manner: Manner, config: Path | None) -> int:
    """Ends by being stopped, or by an error."""
    logs.begin(manner.log)
    try:
        await _serve(manner, _config.load(config))
    except asyncio.CancelledError:
        LOG.info("Stopped. What was measured is stored.")
        return 0
    except EXPECTED as exc:
        LOG.error(str(exc))
        return 2
    return 0


async def _serve(manner: Manner, settings: Settings) -> None:
    url, tls = _config.store_url(settings), certificate(manner.tls_cert, manner.tls_key)
    if manner.workers > 1:
        _several_may_write(url)
    async with AsyncExitStack() as stack:
        sock = stack.enter_context(bound(manner.host, manner.port))
        beside = stack.enter_context(_beside(manner.metrics)) if manner.metrics else None
        store = await asyncio.to_thread(Store, url, up_to_date if manner.migrate else as_it_is)
        stack.callback(store.close)
        where = f"{'https' if tls else 'http'}://{endpoint(manner.host, manner.port)}"
        await asyncio.to_thread(say_first_link, settings, store, otherwise=where)
        answers = partial(LOG.info, "Kedergi takes measurements on %s", where)
        if manner.workers == 1:
            counts = CollectorRegistry()
            await stack.enter_async_context(_measured(beside, lambda: counts, store))
            await run_worker(Means(settings=settings, store=store, sock=sock, certificate=tls, counts=counts), answers)
        else:
            folder = stack.enter_context(_counted_in()) if beside else None
            await stack.enter_async_context(_measured(beside, lambda: of_workers(folder or ""), store))
            start = partial(Worker, Order(settings=settings, certificate=tls, log=manner.log), sock)
            answers()
            await run_workers(
                manner.workers, start, partial(mark_process_dead, path=folder) if folder else _nobody_counts
            )


def _several_may_write(url: str) -> None:
    """Raises ConfigError."""
    if make_url(url).get_backend_name() == "sqlite":
        raise ConfigError(
            "--workers: SQLite lets one process write at a time; more than one worker needs PostgreSQL as store.url."
        )


def _beside(metrics: str) -> socket.socket:
    """The socket on which numbers are told. Raises ConfigError."""
    host, _, port = metrics.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ConfigError("--metrics: allowed is an address with a port, as in 127.0.0.1:9464.")
    return bound(host, int(port), option="--metrics")


@contextmanager
def _counted_in() -> Iterator[str]:
    """The folder in which workers count, each in files of its own."""
    with tempfile.TemporaryDirectory(prefix="kedergi-metrics-") as folder:
        os.environ[_COUNTED_IN] = folder
        yield folder


@asynccontextmanager
async def _measured(
    sock: socket.socket | None, counts: Callable[[], CollectorRegistry], store: Store
) -> AsyncIterator[None]:
    """While the block lasts, whoever asks on this socket is told the numbers."""
    if sock is None:
        yield
        return
    app = metrics_app(counts, Standing(store, utcnow))
    async with served(app, sock, http=Patient, ws="none", log_config=None, log_level="error"):
        yield


def _nobody_counts(_pid: int) -> None:
    """There are no numbers to take back."""
