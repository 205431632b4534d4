"""When this machine measures all, less, or nothing: VPN, roaming, metered lines, batteries, pauses."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from probe import interfaces
from probe.config import ConfigError
from probe.contexts import web_context
from probe.fitness import FULLY, SAYS, Extent, Fit, Fitness, Wishes, fit
from probe.services import Services
from probe.surroundings import Surroundings, around, metered, on_battery, roaming
from probe.vantage import pause

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VPN, NOTHING = Fit(Extent.NONE, "vpn"), Fit(Extent.NONE, "roaming")
KZ = Wishes(asn=9198, country="KZ")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("found", "wishes", "expected"),
    [
        (Surroundings(), Wishes(), FULLY),
        (Surroundings(asn=9198, country="KZ"), KZ, FULLY),
        (Surroundings(asn=60068, country="NL"), KZ, VPN),
        (Surroundings(asn=29555, country="KZ"), KZ, VPN),  # another line is not the one that is spoken for
        (Surroundings(asn=60068, country="NL"), Wishes(country="KZ"), VPN),
        (Surroundings(asn=29555, country="KZ"), Wishes(country="KZ"), FULLY),
        (Surroundings(asn=60068, country="NL"), Wishes(), FULLY),  # nothing was said that it could be compared with
        (Surroundings(tunnel="wg0"), Wishes(), VPN),
        (Surroundings(asn=29555, country="KZ", tunnel="tun0"), Wishes(), VPN),
        (Surroundings(asn=29555, country="KZ", tunnel="tun0"), Wishes(country="KZ"), FULLY),
        (Surroundings(asn=9198, tunnel="tun0"), KZ, FULLY),  # the home's own line is called so
        (Surroundings(roaming=True, metered=True), Wishes(), NOTHING),
        (Surroundings(roaming=False, metered=False, on_battery=False), Wishes(), FULLY),
    ],
)
def test_a_vpn_another_line_and_roaming_are_told(found: Surroundings, wishes: Wishes, expected: Fit) -> None:
    assert fit(found, wishes) == expected


@pytest.mark.parametrize(
    ("found", "wishes", "expected"),
    [
        ({"metered": True}, {}, Fit(Extent.LIGHT, "metered")),
        ({"metered": True}, {"on_metered": "none"}, Fit(Extent.NONE, "metered")),
        ({"metered": True}, {"on_metered": "full"}, FULLY),
        ({"on_battery": True}, {}, FULLY),
        ({"on_battery": True}, {"on_battery": "light"}, Fit(Extent.LIGHT, "battery")),
        ({"on_battery": True, "metered": True}, {"on_battery": "none"}, Fit(Extent.NONE, "battery")),
        ({"on_battery": True, "metered": True}, {"on_metered": "none"}, Fit(Extent.NONE, "metered")),
    ],
)
def test_on_a_metered_line_and_on_a_battery_it_is_as_chosen(
    found: Mapping[str, Any], wishes: Mapping[str, Any], expected: Fit
) -> None:
    assert fit(Surroundings(**found), Wishes(**wishes)) == expected


@pytest.mark.parametrize("why", ["paused", "vpn", "roaming", "portal", "metered", "battery", "moved"])
def test_each_reason_can_be_said(why: str) -> None:
    assert SAYS[why]


# What the system tells


@pytest.mark.parametrize(
    ("told", "expected"), [("u 1\n", True), ("u 3", True), ("u 2", False), ("u 4", False), ("u 0", None), ("", None)]
)
def test_network_manager_tells_a_metered_line(told: str, expected: bool | None) -> None:
    assert metered(told) is expected


@pytest.mark.parametrize(
    ("state", "expected"), [("roaming", True), ("roaming-csfb-not-preferred", True), ("home", False), ("idle", False)]
)
def test_modem_manager_tells_roaming(state: str, expected: bool) -> None:
    told = f"modem.generic.state                 : connected\nmodem.3gpp.registration-state       : {state}\n"
    assert roaming(told) is expected
    assert roaming("modem.generic.state : failed\n") is None


MAINS, BATTERY = {"type": "Mains", "online": "0"}, {"type": "Battery", "status": "Discharging"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ([], None),
        ([{**MAINS, "online": "1"}], None),
        ([MAINS, BATTERY], True),
        ([{**MAINS, "online": "1"}, BATTERY], False),
        ([{"type": "USB", "online": "1"}, BATTERY], False),
        ([BATTERY], True),
        ([{**BATTERY, "status": "Full"}], False),
        ([{**BATTERY, "scope": "Device"}], None),
    ],
    ids=["nothing", "a desktop", "unplugged", "plugged in", "by USB", "no adapter", "full", "a mouse"],
)
def test_the_kernel_tells_a_battery(supplies: list[Mapping[str, str]], expected: bool | None) -> None:
    assert on_battery(supplies) is expected


def test_looking_around_sends_nothing_and_ends() -> None:
    assert isinstance(around(), Surroundings)


def test_this_machines_own_addresses_are_known() -> None:
    ways = interfaces.interfaces()
    assert all(one.name != "lo" and one.addresses for one in ways)
    assert interfaces.way_out() in {"", *(one.name for one in ways)}


# Pauses


def fitness(folder: Path, now: datetime = NOW) -> Fitness:
    return Fitness(folder, Wishes(), lambda: now, Services(web_context(None)))


@pytest.mark.anyio
async def test_in_a_pause_nothing_is_measured_until_its_end(tmp_path: Path) -> None:
    stays = fitness(tmp_path).stays()
    assert stays()
    await asyncio.to_thread(pause.begin, tmp_path, NOW, timedelta(hours=2))
    assert not stays()
    assert await fitness(tmp_path).look() == Fit(Extent.NONE, "paused")
    assert (await fitness(tmp_path, NOW + timedelta(hours=2)).look()).why != "paused"


def test_a_pause_without_a_time_lasts_until_it_is_ended(tmp_path: Path) -> None:
    pause.begin(tmp_path / "new", NOW, None)
    assert pause.paused(tmp_path / "new", NOW + timedelta(days=900)) == pause.Pause(NOW, None)
    assert pause.end(tmp_path / "new")
    assert pause.paused(tmp_path / "new", NOW) is None
    assert not pause.end(tmp_path / "new")


def test_a_pause_that_is_prolonged_began_when_it_began(tmp_path: Path) -> None:
    pause.begin(tmp_path, NOW, timedelta(hours=1))
    later = NOW + timedelta(minutes=30)
    assert pause.begin(tmp_path, later, timedelta(hours=1)) == pause.Pause(NOW, later + timedelta(hours=1))


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"since": 1, "until": 2}'])
def test_a_broken_file_is_a_pause_all_the_same(tmp_path: Path, broken: str) -> None:
    (tmp_path / pause.FILE).write_text(broken)
    assert pause.paused(tmp_path, NOW) == pause.Pause(NOW, None)


@pytest.mark.parametrize(("written", "minutes"), [("30m", 30), ("2h", 120), (" 7 d ", 7 * 1440)])
def test_a_span_is_a_number_and_a_unit(written: str, minutes: int) -> None:
    assert pause.span(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["", "2", "h", "0m", "-1h", "366d", "1w", "2h30m"])
def test_what_is_no_span_is_said_in_one_sentence(written: str) -> None:
    with pytest.raises(ConfigError, match=r'^--for .*: allowed is a number and m, h or d, .*"365d"\.$'):
        pause.span(written)
