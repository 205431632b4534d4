"""One address to its network, by the table that comes with the program. Nothing is asked of anybody, nothing is kept.

The first question about an IPv4 address unpacks most of the table, the first about an IPv6 address the rest, and the
caller waits. Measured on two cores of a server under load, in CPU time: 95 ms until the first answer, 40 ms more for
the first of IPv6, then 4 to 7 µs each; 17 MB of memory, 24 MB with IPv6; 2.6 MB on disk (tests/bench/test_networks.py).

The country is where the holder of the addresses says that they are used (geofeed, then whois), else where they were
registered. It can be wrong: AS8200 of Kazakhstan has addresses that stand under CZ. So can the network: addresses
change hands, and the table is as old as `table_date()`.
"""

import lzma
import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

from targets.networks.file import read, unpack, unpack_rising

if TYPE_CHECKING:
    from array import array

SHIPPED = Path(__file__).parent / "networks.table"

# Whom the licences want named, with the words and the link that each of them asks for.
CREDITS = (
    ("IP Geolocation by DB-IP", "https://db-ip.com"),
    ("RouteViews", "https://www.routeviews.org"),
    ("NRO", "https://www.nro.net"),
    ("ip-location-db", "https://github.com/sapics/ip-location-db"),
)
ATTRIBUTION = (
    "Networks and countries of addresses: "
    + ", ".join(f"{words} ({link})" for words, link in CREDITS)
    + "; CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), joined and packed for Kedergi."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Who announces an address to the world."""

    asn: int  # 1 to 4294967295
    country: str | None  # ISO 3166-1, "XK" besides: where the holder says it is used, else where it was registered
    name: str  # of the organisation, as its registry spells it and at times cuts it short; may be empty


class NetworkTable:
    """A table of networks in a file, unpacked as far as it is asked for."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            NoTable: it is missing, damaged or of another version.
        """
        self._file = read(path)

    @property
    def date(self) -> str:
        """The state of the table's sources: an ISO day."""
        return self._file.date

    def network_of(self, ip: str) -> Network | None:
        """The network of an IPv4 or IPv6 address; None where nobody announces it, it is not public, or it is none.

        An IPv4 address written as an IPv6 one (::ffff:192.0.2.1) has the network of the IPv4 address.
        """
        try:
            address = IPv6Address(ip) if ":" in ip else IPv4Address(ip)
        except ValueError:
            return None
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is None:
                return self._in_ipv6(int(address))
            address = address.ipv4_mapped
        return self._in_ipv4(int(address))

    def _in_ipv4(self, address: int) -> Network | None:
        starts, indexes = self._ipv4
        return self._network(indexes[bisect_right(starts, address) - 1])

    def _in_ipv6(self, address: int) -> Network | None:
        highs, lows, indexes = self._ipv6
        high, low = divmod(address, 1 << 64)
        end = bisect_right(highs, high)
        start = bisect_left(highs, high, 0, end)  # ranges that begin within one /64 are few
        return self._network(indexes[bisect_right(lows, low, start, end) - 1])

    def _network(self, index: int) -> Network | None:
        if index == 0:
            return None
        holders, countries = self._networks
        asns, ends, names = self._holders
        holder = holders[index]
        return Network(
            asn=asns[holder],
            country=countries[2 * index : 2 * index + 2].strip() or None,
            name=names[ends[holder - 1] : ends[holder]].decode(),
        )

    @cached_property
    def _ipv4(self) -> "tuple[array[int], array[int]]":
        """Where each range begins, from 0.0.0.0 on, and the index of its network, 0 for none."""
        packed = self._file.sections
        return unpack_rising("I", packed["ipv4 starts"]), unpack("I", packed["ipv4 networks"])

    @cached_property
    def _ipv6(self) -> "tuple[array[int], array[int], array[int]]":
        """The same, with the upper and the lower 64 bits of the address where each range begins."""
        packed = self._file.sections
        highs = unpack_rising("Q", packed["ipv6 starts, upper half"])
        return highs, unpack("Q", packed["ipv6 starts, lower half"]), unpack("I", packed["ipv6 networks"])

    @cached_property
    def _networks(self) -> "tuple[array[int], str]":
        """By the index of a network: the index of its holder, and its country in two characters."""
        packed = self._file.sections
        return unpack_rising("I", packed["holders"]), zlib.decompress(packed["countries"]).decode("ascii")

    @cached_property
    def _holders(self) -> "tuple[array[int], array[int], bytes]":
        """By the index of a holder, from 1: its ASN, and where its name ends in all names, which stand in one text."""
        packed = self._file.sections
        ends = unpack_rising("I", packed["ends of names"])
        return unpack_rising("I", packed["asns"]), ends, lzma.decompress(packed["names"])


def network_of(ip: str) -> Network | None:
    """The network of an address by the table that comes with the program: `NetworkTable.network_of`.

    Raises:
        NoTable: the table is missing or damaged.
    """
    return _shipped().network_of(ip)


@cache
def table_date() -> str:
    """The state of the sources of the table that comes with the program: an ISO day. Nothing is unpacked for it.

    Raises:
        NoTable: the table is missing or damaged.
    """
    return _shipped().date


def forget() -> None:
    """Gives the memory back that the table takes. The next question about an address unpacks it anew."""
    _shipped.cache_clear()


@cache
def _shipped() -> NetworkTable:
    return NetworkTable(SHIPPED)
