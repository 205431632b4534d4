"""A program that is stopped ends, whatever it waits for: a thread, a task that will not, or nothing at all."""

import signal
import subprocess
import sys

import pytest

from probe.ending import LEFT

STOPPED = "Stopped. What was measured is stored."
PROGRAM = """\
import asyncio, time
from contextlib import suppress
import typer
from probe.cli import ended

async def a_thread():
    await asyncio.to_thread(time.sleep, 600)

async def a_task_that_will_not():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(600)

async def nothing():
    await asyncio.sleep(600)

async def work():
    print("begun", flush=True)
    await {what}()
    return 1

typer.run(lambda: ended(work, stopped={status}, within_s={within_s}))
"""


def stopped(what: str, by: signal.Signals, *, status: int = 0, within_s: float = 0.5) -> tuple[int, str]:
    code = PROGRAM.format(what=what, status=status, within_s=within_s)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline()
        program.send_signal(by)
        _, err = program.communicate(timeout=60)
        return program.returncode, err.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["a_thread", "a_task_that_will_not"])
def test_what_does_not_end_is_left_after_its_time_and_that_is_said(what: str, by: signal.Signals) -> None:
    status, said = stopped(what, by)
    assert status == 0
    assert LEFT in said
    assert "Traceback" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_what_ends_by_itself_has_the_status_of_a_stop(by: signal.Signals) -> None:
    assert stopped("nothing", by, status=130, within_s=60) == (130, f"{STOPPED}\n")
