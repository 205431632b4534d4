"""Events and flips to tell of. None of it was ever seen on a network."""

from datetime import UTC, datetime, timedelta
from typing import Any

from results.events import Change, Event, EventKind, Flip, Network, Severity

BEGAN = datetime(2026, 11, 25, 13, 40, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=1)
KAZAKHTELECOM = Network(asn=9198, name="Kazakhtelecom", owner="Kazakhtelecom")
KCELL = Network(asn=29355, name="Kcell", owner="Kcell")
RATEL = "https://ratel.kz/"


def event(uid: str = "event-1", **more: Any) -> Event:
    values: dict[str, Any] = {
        "uid": uid,
        "kind": EventKind.BLOCKING,
        "urls": (RATEL,),
        "networks": (KAZAKHTELECOM, KCELL),
        "last_good_at": BEGAN,
        "first_bad_at": BEGAN + timedelta(minutes=30),
        "opened_at": BEGAN + timedelta(minutes=45),
        "last_bad_at": BEGAN + timedelta(hours=2),
        "first_good_at": None,
        "closed_at": None,
        "mechanisms": ("tls.reset",),
        "confidence": "confirmed",
        "confirmed": True,
        "intermittent": False,
        "measurements": 48,
        "bad": 47,
        "severity": Severity.MEDIUM,
    }
    return Event(**values | more)


def ended(uid: str = "event-1", **more: Any) -> Event:
    good = BEGAN + timedelta(hours=3)
    return event(uid, **{"first_good_at": good, "closed_at": good, **more})


def flip(change: Change = Change.OPENED, of: Event | None = None, *, late: bool = False, number: int = 0) -> Flip:
    told = of or (ended() if change is Change.ENDED else event())
    return Flip(id=number, change=change, event=told, at=told.last_bad_at, noticed_at=NOW, late=late)
