"""On which network does this machine stand? Told by its own address, which is looked up offline and never stored.

Nothing is sent. Behind a router that translates addresses it can't be told here; then the control says from where it
was asked (probe/control.py). What a change means is said in results/rules/line.py.
"""

import hashlib
import secrets
import socket
from dataclasses import dataclass, field
from functools import lru_cache

from targets.networks import Network
from targets.networks import network_of as looked_up

_SALT = secrets.token_bytes(16)  # of this process: a mark can be compared, and not turned back into an address
_SOMEWHERE = {socket.AF_INET: "9.9.9.9", socket.AF_INET6: "2620:fe::9"}  # nothing is sent there


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the machine stands now. Two that are equal are the same address on the same way out."""

    network: Network | None  # None where the own address is not public, or there is no way out
    mark: bytes = field(repr=False)


def whereabouts() -> Whereabouts:
    """By IPv4, where this machine has it; else by IPv6. Costs a few system calls and no packet."""
    # A VPN often takes IPv4 alone: where there is IPv4, what IPv6 says of the network is no word about it.
    own = next((address for family in _SOMEWHERE if (address := _own_address(family)) is not None), None)
    mark = hashlib.blake2b(repr(own).encode(), key=_SALT, digest_size=16).digest()
    return Whereabouts(network_of(own) if own else None, mark)


@lru_cache(maxsize=4096)
def network_of(ip: str) -> Network | None:
    """Of an address, remembered: the same ones come again each round, and the table need not stay in memory for them.

    Raises NoTable.
    """
    return looked_up(ip)


def _own_address(family: socket.AddressFamily) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((_SOMEWHERE[family], 53))
            return str(sock.getsockname()[0])
    except OSError:
        return None
