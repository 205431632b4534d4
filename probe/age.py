"""How old this program is, told by the day of its version. Nobody is asked whether there is a newer one."""

from datetime import date, datetime, timedelta

from probe.tongue import N_, say

VERSION, OF = "0.1.0", date(2026, 11, 26)  # both change together, with each version
OLD = timedelta(days=180)
NOTICE = N_("This program is about {days} days old; there may be a newer one (pipx upgrade, uv tool upgrade kedergi).")


def age(now: datetime) -> timedelta:
    """Zero where the clock is behind."""
    return max(now.date() - OF, timedelta())


def notice(now: datetime) -> str:
    """A sentence for a person; empty while the program is not old."""
    return say(NOTICE, days=age(now).days) if age(now) > OLD else ""
