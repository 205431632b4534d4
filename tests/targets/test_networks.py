"""The table that comes with the program: what it says of well-known addresses, and what it must never say."""

import gc
import re
import threading
import weakref
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from random import Random

import pytest

from results.records import is_bogon
from targets.networks import ATTRIBUTION, CREDITS, Network, NetworkTable, forget, network_of, table, table_date
from targets.networks.rebuild import CLOSED_IPV4, CLOSED_IPV6
from targets.networks.table import SHIPPED

LICENCE = SHIPPED.with_name("LICENSE-DATA.md")


@pytest.mark.parametrize(
    ("ip", "asn", "country", "name"),
    [
        ("2.72.0.1", 29355, "KZ", "Kcell JSC"),
        ("95.56.0.1", 9198, "KZ", "JSC Kazakhtelecom"),
        ("8.8.8.8", 15169, "US", "Google LLC"),
        ("1.1.1.1", 13335, "AU", "Cloudflare, Inc."),
        ("77.88.8.8", 13238, "RU", "YANDEX LLC"),
        ("91.201.214.1", 48716, "KZ", "PS Internet Company LLP"),
        ("2001:4860:4860::8888", 15169, "US", "Google LLC"),
        ("2a02:6b8::feed:ff", 13238, "RU", "YANDEX LLC"),
        ("2A02:06B8:0:0:0:0:FEED:00FF", 13238, "RU", "YANDEX LLC"),
        ("::ffff:2.72.0.1", 29355, "KZ", "Kcell JSC"),
        ("::ffff:0248:0001", 29355, "KZ", "Kcell JSC"),
    ],
)
def test_well_known_addresses(ip: str, asn: int, country: str, name: str) -> None:
    assert network_of(ip) == Network(asn=asn, country=country, name=name)


# The networks in which earlier measurements of Kazakhstan were made; an address of each, and where it is used.
@pytest.mark.parametrize(
    ("asn", "ip", "country"),
    [
        (9198, "2.132.0.1", "KZ"),
        (50482, "212.154.128.1", "KZ"),
        (21299, "37.99.0.1", "KZ"),
        (206026, "95.82.80.1", "KZ"),
        (29355, "2.72.0.1", "KZ"),
        (48503, "81.211.128.1", "KZ"),
        (29555, "176.64.0.1", "KZ"),
        (41798, "91.185.0.1", "KZ"),
        (35104, "188.0.128.1", "KZ"),
        (39824, "46.36.128.1", "KZ"),
        (8200, "109.248.152.1", "CZ"),  # a company of Kazakhstan; its holder says CZ of these addresses
        (15736, "82.115.56.1", "KZ"),
        (41124, "89.107.96.1", "KZ"),
        (43370, "37.46.48.1", "KZ"),
        (43994, "79.142.48.1", "KZ"),
        (48502, "195.162.14.1", "KZ"),
        (43601, "91.198.63.1", "KZ"),
        (60708, "91.228.39.1", "KZ"),
        (43934, "91.195.226.1", "KZ"),
        (48716, "94.247.128.1", "KZ"),
        (9123, "188.225.15.1", "RU"),
    ],
)
def test_networks_from_which_kazakhstan_was_measured(asn: int, ip: str, country: str) -> None:
    network = network_of(ip)
    assert network is not None
    assert (network.asn, network.country) == (asn, country)
    assert network.name


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "x",
            "8.8.8",
            "8.8.8.8.8",
            "8.8.8.256",
            "08.8.8.8",
            " 8.8.8.8",
            "8.8.8.8\n",
            "8.8.8.8:53",
            "8.8.8.8/32",
        ),
        *(
            "134744072",
            "0x08080808",
            "٨.٨.٨.٨",
            ":",
            "::g",
            "1::2::3",
            "[2a02:6b8::1]",
            "2a02:6b8::/32",
            "\0",
            "kcell.kz",
        ),
    ],
)
def test_what_is_no_address_has_no_network(text: str) -> None:
    assert network_of(text) is None


@pytest.mark.parametrize(
    "ip",
    [
        *(
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
        ),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::8.8.8.8", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1"),
        *("2001::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_what_is_not_public_has_no_network(ip: str) -> None:
    assert network_of(ip) is None


@pytest.mark.parametrize("closed", [*CLOSED_IPV4, *CLOSED_IPV6], ids=str)
def test_the_edges_of_closed_ranges_have_no_network(closed: IPv4Network | IPv6Network) -> None:
    assert [network_of(str(edge)) for edge in (closed[0], closed[-1])] == [None, None]


def borders() -> Iterator[IPv4Address | IPv6Address]:
    """The first address of each range of the table, and the one before it."""
    table = NetworkTable(SHIPPED)
    for start in table._ipv4[0]:
        yield from (IPv4Address(start), IPv4Address(max(start - 1, 0)))
    for high, low in zip(*table._ipv6[:2], strict=True):
        start = (high << 64) + low
        yield from (IPv6Address(start), IPv6Address(max(start - 1, 0)))


def test_no_bogon_has_a_network() -> None:
    some = Random(1).sample(list(borders()), 20_000)
    found = [str(address) for address in some if network_of(str(address))]
    assert len(found) > 10_000
    assert [ip for ip in found if is_bogon(ip)] == []


def test_the_table_is_of_a_day_and_big_enough_to_be_whole() -> None:
    table = NetworkTable(SHIPPED)
    assert table_date() == table.date == date.fromisoformat(table.date).isoformat()
    starts, indexes = table._ipv4
    assert len(starts) == len(indexes) > 500_000
    assert starts[0] == 0
    assert len(table._ipv6[0]) == len(table._ipv6[1]) == len(table._ipv6[2]) > 200_000
    assert len(table._holders[0]) > 80_000
    assert SHIPPED.stat().st_size < 2_700_000


def test_every_network_of_the_table_is_fit_to_be_shown() -> None:
    table = NetworkTable(SHIPPED)
    networks = [network for index in range(1, len(table._networks[0])) if (network := table._network(index))]
    assert len(networks) == len(table._networks[0]) - 1
    assert [network for network in networks if not network.name.isprintable() or not 0 < network.asn < 2**32] == []
    assert [network for network in networks if not re.fullmatch("[A-Z]{2}", network.country or "XX")] == []
    assert sum(network.country is None for network in networks) < len(networks) / 50


def test_several_threads_may_ask_first() -> None:
    table = NetworkTable(SHIPPED)
    found: list[Network | None] = []
    threads = [threading.Thread(target=lambda: found.append(table.network_of("2.72.0.1"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [network.asn for network in found if network] == [29355] * 4


@pytest.mark.parametrize(("words", "link"), CREDITS)
def test_whom_the_licences_want_named_is_named(words: str, link: str) -> None:
    assert f"{words} ({link})" in ATTRIBUTION
    assert link in LICENCE.read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by/4.0/" in ATTRIBUTION


def test_asking_for_the_date_unpacks_nothing() -> None:
    table = NetworkTable(SHIPPED)
    assert table.date
    assert set(vars(table)) == {"_file"}


def test_what_was_forgotten_is_unpacked_again_and_gives_its_memory_back() -> None:
    before = network_of("2.72.0.1")
    kept = weakref.ref(table._shipped())
    forget()
    gc.collect()
    assert kept() is None
    assert network_of("2.72.0.1") == before
