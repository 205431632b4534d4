"""This machine's own addresses, names and hardware addresses: to be taken out of what is kept, never to be kept.

Nothing is sent. Linux tells all of them; elsewhere what the standard library finds is what is known.
"""

import getpass
import socket
import struct
import sys
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

_SIOCGIFCONF = 0x8912
_IFREQ_BYTES = 24 + 2 * struct.calcsize("P")  # 40 where a pointer has 8 bytes, 32 where it has 4
_MOST = 128
_SYS, _IF_INET6 = Path("/sys/class/net"), Path("/proc/net/if_inet6")


@dataclass(frozen=True, slots=True)
class Interface:
    """One way out of this machine."""

    name: str
    addresses: frozenset[str]
    hardware: str = ""  # the MAC address, where it has one


def interfaces() -> list[Interface]:
    """Those that have an address, without loopback. Costs a few system calls and no packet."""
    found: dict[str, set[str]] = {}
    for name, address in (*_ipv4(), *_ipv6()):
        if name != "lo":
            found.setdefault(name, set()).add(address)
    if not found and not sys.platform.startswith("linux"):
        return [Interface("", frozenset(_by_name()), _node())]
    return [Interface(name, frozenset(addresses), _hardware(name)) for name, addresses in sorted(found.items())]


def way_out() -> str:
    """The name of the interface over which the internet is reached; empty where it can't be told."""
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.connect(("9.9.9.9", 53))  # nothing is sent
        own = sock.getsockname()[0]
        return next((one.name for one in interfaces() if own in one.addresses), "")
    return ""


def host_name() -> str:
    return socket.gethostname()


def user_name() -> str:
    """Empty where nobody is logged in, as in a container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _ipv4() -> list[tuple[str, str]]:
    if not sys.platform.startswith("linux"):
        return []
    import array  # noqa: PLC0415 - for this call alone
    import fcntl  # noqa: PLC0415 - is nowhere but on Unix

    room = array.array("B", bytes(_IFREQ_BYTES * _MOST))
    address, length = room.buffer_info()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        told = fcntl.ioctl(sock.fileno(), _SIOCGIFCONF, struct.pack("iP", length, address))
    used = struct.unpack("iP", told)[0]
    rows = [room[at : at + _IFREQ_BYTES].tobytes() for at in range(0, used, _IFREQ_BYTES)]
    return [(row[:16].split(b"\0")[0].partition(b":")[0].decode(), socket.inet_ntoa(row[20:24])) for row in rows]


def _ipv6() -> list[tuple[str, str]]:
    try:
        rows = _IF_INET6.read_text("ascii").splitlines()
    except OSError:
        return []
    return [(row.split()[-1], str(IPv6Address(bytes.fromhex(row[:32])))) for row in rows]


def _hardware(name: str) -> str:
    with suppress(OSError):
        told = (_SYS / name / "address").read_text("ascii").strip().lower()
        return told if told.strip("0:") else ""
    return ""


def _by_name() -> set[str]:
    with suppress(OSError):
        return {str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(socket.gethostname(), None)}
    return set()


def _node() -> str:
    node = uuid.getnode()
    random = node >> 40 & 1  # of a machine that tells none
    return "" if random else ":".join(f"{node >> shift & 0xFF:02x}" for shift in range(40, -1, -8))
