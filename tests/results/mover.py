"""Moves old evidence to an archive, and kills itself at the step whose number it is given (test_retention.py)."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from results import retention
from results.store import Store

STEPS = 0


def counted(step: Callable[..., Any], dies_at: int) -> Callable[..., Any]:
    """The same, after which a power cut may come."""

    def done(*given: Any, **named: Any) -> Any:
        global STEPS  # noqa: PLW0603 - a program of one task
        STEPS += 1
        if dies_at == STEPS:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*given, **named)

    return done


def main() -> None:
    url, folder, before, dies_at, rows = sys.argv[1:]
    retention._PART_ROWS = int(rows)
    os.fsync = counted(os.fsync, int(dies_at))
    Path.replace = counted(Path.replace, int(dies_at))  # type: ignore[method-assign]
    retention._added = counted(retention._added, int(dies_at))
    retention._delete = counted(retention._delete, int(dies_at))
    store = Store(url)
    store.transaction = counted(store.transaction, int(dies_at))  # type: ignore[method-assign]
    at = datetime.fromisoformat(before)
    for moved in retention.move(store, Path(folder), before=at, now=at):
        print(moved.file)
    store.close()
    print("steps", STEPS)


if __name__ == "__main__":
    main()
