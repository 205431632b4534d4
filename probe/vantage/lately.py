"""What this vantage did lately and does next: its last rounds, a pause, why nothing is measured just now, the service.

Read from the store and the data folder; whether a program runs is not known here.
"""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from probe import config as _config
from probe.fitness import SAYS
from probe.tongue import N_, say
from probe.vantage import installing, pause
from results.records import iso
from results.store import Store

BUDGET = N_("Today's data budget is used up; measuring goes on at midnight UTC (probe.daily_budget_mb).")
_ROUNDS, _READ = 3, 200  # rounds of other vantages may lie between


def lately(settings: _config.Settings, url: str, name: str | None, now: datetime) -> dict[str, Any]:
    """For a program; all times are ISO 8601 in UTC. Makes no file."""
    held, service = pause.paused(_config.data_folder(), now), installing.here().path
    rounds, why = _measured(url, name, now)
    by = datetime.fromisoformat(rounds[0]["started_at"]) + settings.probe.interval if rounds else None
    return {
        "paused_since": held and iso(held.since),
        "paused_until": held and held.until and iso(held.until),
        "not_measuring": "paused" if held else why,
        "last_rounds": rounds,
        "next_round_by": iso(by) if by and not held else None,
        "service": str(service) if service.exists() else None,
    }


def lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for a person."""
    last = "; ".join(f"{one['started_at'][:16]}Z {one['measured']}/{one['planned']}" for one in found["last_rounds"])
    after = found["next_round_by"]
    rounds = say("{rounds} (measured of planned)", rounds=last) if last else say("none yet")
    said = [(say("last rounds"), rounds)]
    if found["paused_since"]:
        until = found["paused_until"] or "`kedergi vantage resume`"
        said.append((say("paused"), say("since {since}, until {until}", since=found["paused_since"], until=until)))
    elif why := found["not_measuring"]:
        said.append((say("not measuring"), say({**SAYS, "budget": BUDGET}.get(why, why))))
    if after:
        said.append((say("next round"), say("by {moment}, while Kedergi runs", moment=f"{after[:16]}Z")))
    said.append((say("service"), found["service"] or say("none is installed")))
    return said


def _measured(url: str, name: str | None, now: datetime) -> tuple[list[dict[str, Any]], str | None]:
    """The last rounds, newest first, and the reason that holds now, if one does."""
    file: Path | None = _config.store_file(url)
    if name is None or (file is not None and not file.exists()):
        return [], None
    with closing(Store(url)) as store:
        rounds = [row for row in store.rounds(limit=_READ) if row.vantage == name][:_ROUNDS]
        halts = [gap.why for gap in store.gaps(since=now) if gap.vantage == name and gap.began_at <= now]
    told = [
        {"started_at": iso(row.started_at), "planned": row.planned, "measured": row.measured or 0} for row in rounds
    ]
    return told, halts[-1] if halts else None
