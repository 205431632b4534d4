"""Where an episode's address leads once its bounds have moved: to the episode that covers that moment now.

An address has the site, the network, the kind and the first bad check. Late measurements and newer rules can move that
check, join two episodes or part one, so the address of yesterday may fit none exactly.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from results import looking
from results.looking import Placed, Scope
from results.store import Store

_NEAR = timedelta(milliseconds=1)  # an address knows no shorter time
_MOST = 10_000


def told_at(store: Store, url: str, key: str, kind: str, moment: datetime) -> Placed | None:
    """The episode that began at that moment; else the one within whose brackets it lies; None where there is none."""
    known = looking.episodes(store, Scope(urls=[url], network=key), limit=_MOST)
    return covering([one for one in known if one.kept.episode.kind == kind], moment)


def covering(known: Sequence[Placed], moment: datetime) -> Placed | None:
    """Of several the one that began nearest: two may share an end of a bracket."""
    found = [one for one in known if _covers(one, moment)]
    return min(found, key=lambda one: abs(one.kept.episode.first_bad_at - moment), default=None)


def began_at(one: Placed, moment: datetime) -> bool:
    return abs(one.kept.episode.first_bad_at - moment) <= _NEAR


def _covers(one: Placed, moment: datetime) -> bool:
    """Its start and its end lie somewhere in their brackets: both are taken whole."""
    episode = one.kept.episode
    start = episode.last_good_at or episode.first_bad_at
    end = episode.first_good_at or episode.closed_at
    return start - _NEAR <= moment and (end is None or moment <= end + _NEAR)
