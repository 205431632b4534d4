"""The end of a program that is stopped: it has so many seconds, whatever it still waits for.

Threads can't be ended: a store that waits for a disk, or a service that is slow to answer, would hold the program for
as long as it likes. Nothing is lost by leaving them: what is stored is stored in whole transactions.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

ENDS_S = 8.0  # what watches over us waits for ten at least
LEFT = "Something did not end in time, and was left. What was measured is stored."


async def until_stopped(work: Coroutine[Any, Any, int], *, status: int, within_s: float = ENDS_S) -> int:
    """Its status, or `status` where it does not end by itself within that time of a stop.

    SIGTERM stops as Ctrl-C does: a service manager's stop leaves the store as whole.
    """
    task, me = asyncio.ensure_future(work), asyncio.current_task()
    assert me is not None
    if sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        leaving = threading.Timer(within_s, _leave, [status])
        leaving.daemon = True  # as long as the program ends by itself, it is not waited for
        leaving.start()
        task.cancel()
        await asyncio.wait([task])
    return task.result()


def _leave(status: int) -> None:
    with suppress(OSError, ValueError):  # nobody reads it any more
        sys.stderr.write(LEFT + "\n")
        sys.stderr.flush()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(status)
