"""Where the machine stands, by its own address; the address itself is in none of it."""

import socket

import pytest

from probe import whereabouts as module
from probe.whereabouts import whereabouts

HIDDEN, TUNNEL = "192.168.1.7", "10.8.0.2"
KAZAKHTELECOM, SIX = "95.56.0.1", "2a02:26f0:1234::77"


def standing(monkeypatch: pytest.MonkeyPatch, four: str | None, six: str | None) -> module.Whereabouts:
    own = {socket.AF_INET: four, socket.AF_INET6: six}
    monkeypatch.setattr(module, "_own_address", own.get)
    return whereabouts()


def test_a_machine_that_stays_is_where_it_was() -> None:
    assert whereabouts() == whereabouts()


@pytest.mark.parametrize(
    ("four", "six", "asn"),
    [
        (KAZAKHTELECOM, None, 9198),
        (KAZAKHTELECOM, SIX, 9198),
        (HIDDEN, None, None),
        (TUNNEL, SIX, None),  # what is measured goes through the tunnel, whatever IPv6 says
        (None, None, None),
    ],
)
def test_the_network_is_that_of_the_way_out(
    monkeypatch: pytest.MonkeyPatch, four: str | None, six: str | None, asn: int | None
) -> None:
    found = standing(monkeypatch, four, six).network
    assert (found.asn if found else None) == asn


def test_without_ipv4_ipv6_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    assert standing(monkeypatch, None, SIX).network is not None


@pytest.mark.parametrize(("before", "after"), [(HIDDEN, TUNNEL), (HIDDEN, "192.168.1.8"), (KAZAKHTELECOM, None)])
def test_another_address_is_a_move(monkeypatch: pytest.MonkeyPatch, before: str, after: str | None) -> None:
    assert standing(monkeypatch, before, None) != standing(monkeypatch, after, None)


def test_an_ipv6_address_that_changes_by_itself_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems change it once a day, for privacy."""
    assert standing(monkeypatch, HIDDEN, SIX) == standing(monkeypatch, HIDDEN, "2a02:26f0:1234::78")


def test_the_address_is_in_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = standing(monkeypatch, HIDDEN, SIX)
    assert HIDDEN not in repr(found)
    assert HIDDEN.encode() not in found.mark
