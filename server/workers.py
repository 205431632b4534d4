"""Several workers on one socket: each is a process of its own, one that dies is started again, all are stopped as one.

What a worker does stands in worker.py.
"""

import asyncio
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from prometheus_client import REGISTRY

from probe import config as _config
from probe.config import ConfigError, Settings
from results.schema import as_it_is
from results.store import Store, StoreError
from server import logs
from server.logs import LOG, told
from server.tls import Certificate
from server.worker import STOPPING_S, Means, run_worker

_PAUSES_S = (0.1, 10.0)  # before one that died is started again; longer each time, while none lives long
_LONG_S = 60.0
_LOOKS_S = 0.1  # a process can be waited for on a thread alone, and threads are few
_KILLED_AFTER_S = STOPPING_S + 20
_CANT_START = 2  # what a person has to mend; a store that is away is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker is started with. It goes to another process."""

    settings: Settings
    certificate: Certificate | None
    log: logs.Form | None


class Worker:
    """A process, and the pipe by whose end it learns that it shall stop, or that whoever started it is gone."""

    def __init__(self, order: Order, sock: socket.socket) -> None:
        theirs, self._ours = Pipe(duplex=False)
        self.process: BaseProcess = get_context("spawn").Process(target=_begin, args=(order, sock, theirs))
        with _ctrl_c_is_ours(), theirs:
            self.process.start()
        self.began_at = time.monotonic()

    async def ended(self) -> None:
        while self.process.is_alive():  # noqa: ASYNC110 - nothing sets an event
            await asyncio.sleep(_LOOKS_S)

    async def stop(self) -> None:
        """Batches in work are finished; one that does not end is killed."""
        self._ours.close()
        try:
            async with asyncio.timeout(_KILLED_AFTER_S):
                await self.ended()
        except TimeoutError:
            self.process.kill()
            await self.ended()

    def close(self) -> None:
        self._ours.close()
        self.process.close()


async def run_workers(workers: int, start: Callable[[], Worker], dead: Callable[[int], None]) -> None:
    """Until it is cancelled. `dead` hears the number of each process that has ended."""
    keeping = [asyncio.create_task(_kept(start, dead)) for _ in range(workers)]
    try:
        await asyncio.gather(*keeping)
    finally:
        for one in keeping:
            one.cancel()
        await asyncio.wait(keeping)


async def _kept(start: Callable[[], Worker], dead: Callable[[int], None]) -> None:
    """One worker, and those that take its place. Raises ConfigError where there never was one that could start."""
    pause_s = _PAUSES_S[0]
    for turn in count():
        worker = start()
        pid = worker.process.pid or 0
        try:
            await worker.ended()
        except asyncio.CancelledError:
            await worker.stop()
            raise
        finally:
            status = worker.process.exitcode
            worker.close()
            dead(pid)
        if turn == 0 and status == _CANT_START:
            raise ConfigError("The workers can't start; what is wrong is said above.")
        pause_s = _PAUSES_S[0] if time.monotonic() - worker.began_at > _LONG_S else min(2 * pause_s, _PAUSES_S[1])
        LOG.error("A worker has ended, and is started again.", extra=told(worker=pid, status=status))
        await asyncio.sleep(pause_s)


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Ctrl-C goes to all processes before a terminal; workers start deaf to it, and are told to stop by us."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(order: Order, sock: socket.socket, pipe: Connection) -> None:
    """The worker's process."""
    logs.begin(order.log)
    try:
        asyncio.run(_until_told(order, sock, pipe))
    except asyncio.CancelledError:
        sys.exit(0)
    except ConfigError as exc:
        LOG.error(str(exc))
        sys.exit(_CANT_START)
    except StoreError as exc:
        LOG.error(str(exc))
        sys.exit(1)


async def _until_told(order: Order, sock: socket.socket, pipe: Connection) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, task.cancel)

    def listen() -> None:
        pipe.poll(None)  # nothing is ever written: it ends
        loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=listen, daemon=True).start()
    store = await asyncio.to_thread(Store, _config.store_url(order.settings), as_it_is)
    means = Means(settings=order.settings, store=store, sock=sock, certificate=order.certificate, counts=REGISTRY)
    try:
        await run_worker(means, lambda: LOG.info("A worker answers."))
    finally:
        store.close()
