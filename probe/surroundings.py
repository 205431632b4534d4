"""What is around this machine: whose network, a tunnel, a metered or roaming line, a battery. Told by the system alone.

No packet is sent. What can't be told is None, and counts as fine (probe/fitness.py); on systems other than Linux that
is all but the network.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from probe.interfaces import way_out
from probe.whereabouts import whereabouts

_POWER = Path("/sys/class/power_supply")
_TUNNEL = re.compile(r"(tun|tap|wg|ipsec|vpn|nordlynx|proton|tailscale|utun)")  # not ppp: that is many a home's line
_ASK_S = 2.0
_BUS = ("busctl", "--system", "get-property", "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager")
_METERED = {"1": True, "3": True, "2": False, "4": False}  # NMMetered: yes, guessed yes, no, guessed no


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found."""

    asn: int | None = None
    country: str | None = None
    tunnel: str = ""  # the interface of the way out, where it is called as VPNs call theirs
    metered: bool | None = None
    roaming: bool | None = None
    on_battery: bool | None = None

    def on(self, asn: int | None, country: str | None) -> "Surroundings":
        """The same, on the network that somebody else sees."""
        return replace(self, asn=asn, country=country)


def around() -> Surroundings:
    """Blocks for some seconds at most."""
    network, way = whereabouts().network, way_out()
    linux = sys.platform.startswith("linux")
    return Surroundings(
        asn=network.asn if network else None,
        country=network.country if network else None,
        tunnel=way if _TUNNEL.match(way) else "",
        metered=metered(_told(*_BUS, "org.freedesktop.NetworkManager", "Metered")) if linux else None,
        roaming=_roaming() if linux else None,
        on_battery=on_battery(_supplies(_POWER)) if linux else None,
    )


def metered(told: str) -> bool | None:
    """As NetworkManager says on the bus: `u 1`."""
    kind, _, value = told.strip().partition(" ")
    return _METERED.get(value) if kind == "u" else None


def roaming(told: str) -> bool | None:
    """As ModemManager says of a modem, a key a line."""
    found = re.search(r"^modem\.3gpp\.registration-state\s*:\s*(\S+)$", told, re.MULTILINE)
    return found[1].startswith("roaming") if found else None


def on_battery(supplies: list[Mapping[str, str]]) -> bool | None:
    """None where there is no battery of the machine's own; that of a mouse has the scope `Device`."""
    batteries = [one for one in supplies if one.get("type") == "Battery" and one.get("scope") != "Device"]
    mains = [one for one in supplies if one.get("type") in {"Mains", "USB"} and "online" in one]
    if not batteries:
        return None
    if any(one["online"] == "1" for one in mains):
        return False
    return any(one.get("status") == "Discharging" for one in batteries)


def _supplies(folder: Path) -> list[Mapping[str, str]]:
    try:
        return [_supply(one) for one in sorted(folder.iterdir())]
    except OSError:
        return []


def _supply(folder: Path) -> Mapping[str, str]:
    found = {}
    for name in ("type", "scope", "online", "status"):
        try:
            found[name] = (folder / name).read_text("utf-8").strip()
        except OSError:
            continue
    return found


def _roaming() -> bool | None:
    modem = re.search(r"/Modem/(\d+)", _told("mmcli", "-L"))
    return roaming(_told("mmcli", "-m", modem[1], "--output-keyvalue")) if modem else None


def _told(*command: str) -> str:
    """What a program of the system says; nothing where it isn't there, fails or takes too long."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def wifi_names() -> set[str]:
    """Of the wireless networks that this machine is on; none where the system doesn't tell."""
    if not sys.platform.startswith("linux"):
        return set()
    listed = _told("nmcli", "--terse", "--fields", "active,ssid", "device", "wifi")
    told = {line.partition(":")[2].replace("\\:", ":") for line in listed.splitlines() if line.startswith("yes:")}
    return {name for name in (*told, _told("iwgetid", "--raw").strip()) if name}
