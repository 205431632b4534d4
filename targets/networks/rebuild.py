"""Build the table anew from the CSV files of ip-location-db: python -m targets.networks.rebuild DATE ASN COUNTRY.

ASN is the unpacked folder of the npm package `@ip-location-db/asn` (CC BY 4.0), COUNTRY that of
`@ip-location-db/geo-whois-asn-country` (CC0), DATE the day in the last digits of their version. The same files in the
releases of github.com/sapics/ip-location-db are newer than the packages. Nothing is fetched here.

A line that is wrong is reported with its file and number, and then nothing is written. Where ranges of one file
overlap, the narrower wins; of two that are equally wide, the later. Addresses that no public site can have get no
network, whatever the files say. The same files give the same bytes, as long as zlib and liblzma are the same.
"""

import csv
import lzma
import os
import zlib
from array import array
from collections.abc import Callable, Iterable
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import accumulate
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from targets.networks.file import pack, pack_rising, to_bytes
from targets.networks.ranges import joined, painted
from targets.networks.table import SHIPPED, NetworkTable
from targets.target import Problem
from targets.url import shown

Value = TypeVar("Value")
Borders = list[tuple[int, tuple[int, str | None] | None]]

MOST_ASN = (1 << 32) - 1
MOST_PROBLEMS_SHOWN = 20
SOFT_HYPHEN = "\N{SOFT HYPHEN}"  # three dozen names have it, where a hyphen was meant

# Not public, or an IPv4 address in another dress: IANA's registries of special-purpose addresses (RFC 6890), multicast,
# and all of IPv6 that is not handed out yet (everything but 2000::/3).
CLOSED_IPV4 = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        ),
    )
)
CLOSED_IPV6 = tuple(
    map(
        IPv6Network,
        (
            *("::/3", "4000::/2", "8000::/1"),
            *("2001::/32", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ),
    )
)


class Unfit(Exception):
    """The CSV files are not fit for a table. It holds the problems, in the order of files and lines."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def rebuilt(day: str, asn_folder: Path, country_folder: Path) -> bytes:
    """The table's file, from two folders with the CSV files named above; `day` is its date.

    Raises:
        Unfit: a file is missing or a line is wrong.
    """
    problems: list[Problem] = []
    names: dict[int, str] = {}

    def network(cells: list[str]) -> int:
        asn = _asn(cells[0])
        names.setdefault(asn, _name(cells[1]))
        return asn

    families: list[Borders] = []
    for family, address, closed in (("ipv4", IPv4Address, CLOSED_IPV4), ("ipv6", IPv6Address, CLOSED_IPV6)):
        asns = _ranges(asn_folder / f"asn-{family}.csv", address, 2, network, problems)
        place = country_folder / f"geo-whois-asn-country-{family}.csv"
        countries = _ranges(place, address, 1, _country, problems)
        shut = [(int(net[0]), int(net[-1]), True) for net in closed]
        if not problems:
            families.append(joined(painted(asns), painted(countries), painted(shut)))
    if problems:
        raise Unfit(problems)
    return _file(day, families[0], families[1], names)


def _file(day: str, ipv4: Borders, ipv6: Borders, names: dict[int, str]) -> bytes:
    found = {value for _, value in [*ipv4, *ipv6] if value}
    networks = sorted(found, key=lambda network: (network[0], network[1] or ""))
    index_of: dict[tuple[int, str | None] | None, int] = {network: index for index, network in enumerate(networks, 1)}
    index_of[None] = 0
    asns = sorted({asn for asn, _ in networks})
    holder_of = {asn: index for index, asn in enumerate(asns, 1)}
    texts = [names[asn].encode() for asn in asns]
    half = (1 << 64) - 1
    sections = {
        "ipv4 starts": pack_rising(array("I", (start for start, _ in ipv4))),
        "ipv4 networks": pack(array("I", (index_of[value] for _, value in ipv4))),
        "ipv6 starts, upper half": pack_rising(array("Q", (start >> 64 for start, _ in ipv6))),
        "ipv6 starts, lower half": pack(array("Q", (start & half for start, _ in ipv6))),
        "ipv6 networks": pack(array("I", (index_of[value] for _, value in ipv6))),
        "holders": pack_rising(array("I", (0, *(holder_of[asn] for asn, _ in networks)))),
        "countries": zlib.compress("".join(["  ", *(country or "  " for _, country in networks)]).encode(), 9),
        "asns": pack_rising(array("I", (0, *asns))),
        "ends of names": pack_rising(array("I", accumulate(map(len, texts), initial=0))),
        "names": lzma.compress(b"".join(texts), preset=6),  # saves a fifth of what deflating leaves, for 25 ms
    }
    return to_bytes(day, sections)


def _ranges(
    path: Path,
    address: Callable[[str], IPv4Address | IPv6Address],
    width: int,
    meaning: Callable[[list[str]], Value],
    problems: list[Problem],
) -> list[tuple[int, int, Value]]:
    """The good lines of a file as (first, last, what the other cells mean); the rest goes to `problems`."""
    ranges: list[tuple[int, int, Value]] = []
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    cells = _cells(line, 2 + width)
                    ranges.append((*_edges(cells[0], cells[1], address), meaning(cells[2:])))
                except ValueError as exc:
                    problems.append(Problem(str(path), number, str(exc)))
    except OSError as exc:
        problems.append(Problem(str(path), 0, f"The file cannot be read: {exc.strerror}."))
    else:
        if not ranges:
            problems.append(Problem(str(path), 0, "The file holds no range of addresses."))
    return ranges


def _cells(line: str, width: int) -> list[str]:
    try:
        cells: list[str] = next(csv.reader([line], strict=True), [])
    except csv.Error as exc:
        raise ValueError(f"The line is not readable as CSV ({exc}); look at the quotation marks.") from exc
    if len(cells) != width:
        raise ValueError(f"The line has {len(cells)} cells; allowed are {width}.")
    return cells


def _edges(first: str, last: str, address: Callable[[str], IPv4Address | IPv6Address]) -> tuple[int, int]:
    start, end = _address(first, address), _address(last, address)
    if end < start:
        raise ValueError(f'The range ends at "{last}", before it begins at "{first}".')
    return start, end


def _address(cell: str, address: Callable[[str], IPv4Address | IPv6Address]) -> int:
    try:
        return int(address(cell))
    except AddressValueError as exc:
        kind = "IPv4" if address is IPv4Address else "IPv6"
        raise ValueError(f'"{shown(cell)}" is no {kind} address.') from exc


def _asn(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and 1 <= int(cell) <= MOST_ASN):
        raise ValueError(f'"{shown(cell)}" is no ASN; allowed are numbers from 1 to {MOST_ASN}.')
    return int(cell)


def _country(cells: list[str]) -> str:
    (cell,) = cells
    if not (len(cell) == 2 and cell.isascii() and cell.isalpha() and cell.isupper()):
        raise ValueError(f'"{shown(cell)}" is no country; allowed are two capital letters, such as KZ.')
    return cell


def _name(cell: str) -> str:
    name = " ".join(cell.replace(SOFT_HYPHEN, "-").split())
    if not name.isprintable():  # a terminal would obey a control character; what is no UTF-8 shows here as well
        raise ValueError(f'The name "{shown(name)}" has a character that cannot be printed, or is not UTF-8.')
    return name


def main(
    day: Annotated[str, typer.Argument(metavar="DATE", help="The day in the packages' version: 2026-06-17.")],
    asn_folder: Annotated[Path, typer.Argument(metavar="ASN", help="With asn-ipv4.csv and asn-ipv6.csv.")],
    country_folder: Annotated[
        Path, typer.Argument(metavar="COUNTRY", help="With geo-whois-asn-country-ipv4.csv and …-ipv6.csv.")
    ],
    *,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Write here; else over the program's own.")] = SHIPPED,
) -> None:
    """Build the table of networks and countries from the CSV files of ip-location-db."""
    try:
        iso_day = date.fromisoformat(day).isoformat()
    except ValueError:
        _give_up([f'"{shown(day)}" is no date; allowed is one such as 2026-06-17.'])
    try:
        whole = rebuilt(iso_day, asn_folder, country_folder)
    except Unfit as exc:
        more = len(exc.problems) - MOST_PROBLEMS_SHOWN
        _give_up([*map(str, exc.problems[:MOST_PROBLEMS_SHOWN]), *([f"… and {more} more."] if more > 0 else [])])
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        part.write_bytes(whole)
        part.replace(output)
    except OSError as exc:
        _give_up([f"{output}:0: The file cannot be written: {exc.strerror}."])
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"{output}: {len(whole)} bytes, networks of {NetworkTable(output).date}.")


def _give_up(lines: Iterable[str]) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
