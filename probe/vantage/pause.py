"""A pause: no round begins until a time, or until somebody ends it. Kept in a file, so that a running program sees it.

What is stored stays, and the time is noted as a gap by whoever measures (probe/schedule.py).
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from probe.config import ConfigError
from probe.tongue import say
from probe.vantage.private import whole
from results.records import iso

FILE = "paused.json"  # in the data folder
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, and until when; None: until somebody ends it."""

    since: datetime
    until: datetime | None


def span(written: str) -> timedelta:
    """Reads "30m", "2h", "7d". Raises ConfigError."""
    found = re.fullmatch(r"\s*(\d{1,5})\s*([mhd])\s*", written)
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta()
    if not timedelta() < length <= _LONGEST:
        raise ConfigError(
            say('--for {value}: allowed is a number and m, h or d, from "1m" to "365d".', value=repr(written)[:50])
        )
    return length


def begin(folder: Path, now: datetime, length: timedelta | None) -> Pause:
    """From now on; one that holds already gets the new end. Raises OSError."""
    before = paused(folder, now)
    pause = Pause(before.since if before else now, now + length if length else None)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {"since": iso(pause.since), "until": pause.until and iso(pause.until)}
    with whole(folder / FILE) as file:
        file.write(json.dumps(kept).encode() + b"\n")
    return pause


def end(folder: Path) -> bool:
    """Whether there was one. Raises OSError."""
    there = (folder / FILE).exists()
    (folder / FILE).unlink(missing_ok=True)
    return there


def paused(folder: Path, now: datetime) -> Pause | None:
    """The pause that holds now. A file that can't be read is one without an end: somebody wanted a pause."""
    try:
        kept = json.loads((folder / FILE).read_text("utf-8"))
        until = kept["until"] and datetime.fromisoformat(kept["until"])
        pause = Pause(datetime.fromisoformat(kept["since"]), until)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Pause(now, None)
    return pause if pause.until is None or now < pause.until else None
