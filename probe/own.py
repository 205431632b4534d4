"""What this machine knows of itself, so that it can be taken out of what is kept. Nothing is sent, nothing is stored.

How it is taken out is in probe/scrub.py. Looked up anew when the machine stands elsewhere (probe/whereabouts.py).
"""

from pathlib import Path

from probe.interfaces import host_name, interfaces, user_name
from probe.scrub import Masks, Own
from probe.surroundings import wifi_names
from probe.whereabouts import Whereabouts, whereabouts


def own() -> Own:
    """Blocks for some seconds at most."""
    ways = interfaces()
    home = Path.home()
    return Own(
        addresses=frozenset(address for one in ways for address in one.addresses),
        hardware=frozenset(one.hardware for one in ways if one.hardware),
        hosts=frozenset({host_name()}) - {""},  # not the whole name: it would be asked of a resolver
        users=frozenset({user_name(), home.name}) - {""},
        folders=frozenset({str(home)}),
        wifi=frozenset(wifi_names()),
    )


class Ours:
    """The masks that hold where the machine stands now."""

    def __init__(self) -> None:
        self._here: Whereabouts | None = None
        self._masks = Masks(Own())

    def masks(self) -> Masks:
        """Blocks where the machine has moved."""
        here = whereabouts()
        if here != self._here:
            self._here, self._masks = here, Masks(own())
        return self._masks
