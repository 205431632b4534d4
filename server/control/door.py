"""What a control may dial: web ports of public addresses. A laboratory opens the private ones.

Names are not resolved here. What is dialled is always an address that has passed, never a name, so nothing can change
between the look-up and the connection.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from probe.net import Garbage, Place, place
from results.records import is_address, is_bogon

# Those on which browsers make no connection, since something else than the web speaks there:
# https://fetch.spec.whatwg.org/#bad-port
_NOT_OF_THE_WEB = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109}
    | {110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530}
    | {531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995}
    | {
        1719,
        1720,
        1723,
        2049,
        3659,
        4045,
        4190,
        5060,
        5061,
        6000,
        6566,
        6665,
        6666,
        6667,
        6668,
        6669,
        6679,
        6697,
        10080,
    }
)
_IPV4_MAX, _IPV6_MAX = 4, 2
# Public by their numbers alone: where Azure tells its machines' secrets, and relays that are given up (RFC 7526).
_INSIDE = tuple(map(ip_network, ("168.63.129.16/32", "192.88.99.0/24")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who is let out."""

    allow_private: bool = False

    def may_dial(self, ip: str, port: int) -> bool:
        """Whether this address and port may be a site's."""
        return _is_web_port(port) and is_address(ip) and (self.allow_private or not (is_bogon(ip) or _is_inside(ip)))

    def place(self, url: str) -> Place:
        """Where a URL leads. Raises Garbage with one sentence where that is never dialled from here."""
        where = place(url)
        if not _is_web_port(where.port):
            raise Garbage(
                f"Port {where.port} is not asked from here; allowed are those on which browsers ask for pages."
            )
        if where.is_address and not self.may_dial(where.host, where.port):
            raise Garbage(f"{where.host} is no public address; a control looks at public sites only.")
        return where

    def dialled(self, addresses: list[str], port: int, *, ipv6: bool) -> list[str]:
        """Of these, each once, those that are tried: four of IPv4 and two of IPv6 at most, in their order."""
        fit = [ip for ip in dict.fromkeys(addresses) if self.may_dial(ip, port)]
        six = [ip for ip in fit if ":" in ip][:_IPV6_MAX] if ipv6 else []
        return [ip for ip in fit if ":" not in ip][:_IPV4_MAX] + six


def _is_inside(ip: str) -> bool:
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        # Of the many ways to write an IPv4 address into an IPv6 one, those that is_bogon takes for public.
        inner = address.ipv4_mapped or address.sixtofour or IPv4Address(int(address) & 0xFFFFFFFF)
        return any(inner in network for network in _INSIDE)
    return any(address in network for network in _INSIDE)


def _is_web_port(port: int) -> bool:
    """Mail, shells and printers are not asked: a control that did would be a port scanner for whoever has its token."""
    return port not in _NOT_OF_THE_WEB
