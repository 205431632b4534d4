"""Who asks: the address for the limits and its network for the answer. Neither the address nor a log of it is kept.

Behind a reverse proxy every connection is the proxy's; only then, and only when the operator says so, the address is
the one that the proxy names.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request

from results.records import is_address


class Network(Protocol):
    """What a table of networks knows of an address."""

    @property
    def asn(self) -> int | None: ...

    @property
    def country(self) -> str | None: ...


NetworkOf = Callable[[str], Network | None]


def no_table(_address: str) -> Network | None:
    """For a control that has no table of networks."""
    return None


def address_of(request: Request, *, behind_proxy: bool) -> str:
    """The asker's address, for the moment; empty where it is not known.

    Of several that are named the last counts: the nearest proxy has added it, the others may be anyone's invention.
    """
    if not behind_proxy:
        return request.client.host if request.client else ""
    named = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip().strip("[]")
    return named if is_address(named) else ""
