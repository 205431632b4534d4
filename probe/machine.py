"""What this machine itself tells of its fitness to measure: disk, store, root certificates, proxies, interfaces.

No packet is sent; the line, the resolvers and the clock are looked at in probe/doctor.py.
"""

import re
import shutil
import socket
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.request import getproxies

from probe import config
from probe.age import age, notice
from probe.budget import MB_BYTES, used_today_bytes
from probe.tongue import N_, say
from probe.tools import Tools
from results.store import Store, StoreError

_FREE_MB_WARN, _FREE_MB_BAD = 1000, 100
_TUNNEL = re.compile(r"(tun|tap|wg|ppp|ipsec|vpn|nordlynx|proton|tailscale)")


class State(StrEnum):
    """What a finding means for measuring."""

    OK = "ok"
    WARN = "warn"  # verdicts are fewer or weaker
    BAD = "bad"  # no verdict can be believed, or none is kept


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and what was found, in a sentence."""

    name: str
    state: State
    says: str


def configuration(named: Path | None) -> Finding:
    """Where the settings come from; `named`: the file of `--config`."""
    file = named or config.default_file()
    none = N_("There is no file {file}: the defaults hold.")
    says = say("Read from {file}.", file=file) if file.exists() else say(none, file=file)
    return Finding("configuration", State.OK, says)


def program(tools: Tools) -> Finding:
    """Which one this is, and whether it is old."""
    old, days = notice(tools.utcnow()), age(tools.utcnow()).days
    says = old or say("{software}, about {days} days old.", software=tools.software, days=days)
    return Finding("program", State.WARN if old else State.OK, says)


def store(url: str) -> list[Finding]:
    """The disk where the store lies, and the store itself, which is not made here. Blocks."""
    file = config.store_file(url)
    folder = file.parent if file else config.data_folder()
    findings = [disk(folder)]
    if file and not file.exists():
        says = say("{file} will be made with the first measurement.", file=file)
        return [*findings, Finding("store", State.OK, says)]
    try:
        Store(url).close()
    except StoreError as exc:
        return [*findings, Finding("store", State.BAD, str(exc))]
    return [*findings, Finding("store", State.OK, say("The store opens."))]


def data(settings: config.Settings, tools: Tools) -> list[Finding]:
    """What was used of the day's budget; nothing where the store can't tell, which is a finding of its own. Blocks."""
    url, limit_mb, now = config.store_url(settings), settings.probe.daily_budget_mb, tools.utcnow()
    used_bytes, file = 0, config.store_file(url)
    if file is None or file.exists():
        try:
            with closing(Store(url)) as opened:
                used_bytes = used_today_bytes(opened, tools.vantage.name, now)
        except StoreError:
            return []
    says = say("{used} of {limit} MB used today.", used=f"{used_bytes / MB_BYTES:.1f}", limit=limit_mb)
    if used_bytes >= limit_mb * MB_BYTES:
        later = say("Scheduled measuring goes on at midnight UTC.")
        return [Finding("data", State.WARN, f"{says} {later}")]
    return [Finding("data", State.OK, says)]


def disk(folder: Path) -> Finding:
    """Whether there is room in the folder, or where it will be made, and whether we may write there."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as exc:
        says = say("Can't write to {folder}: {why}.", folder=existing, why=exc.strerror)
        return Finding("disk", State.BAD, says)
    state = State.BAD if free_mb < _FREE_MB_BAD else State.WARN if free_mb < _FREE_MB_WARN else State.OK
    return Finding("disk", state, say("{free} MB are free in {folder}.", free=free_mb, folder=existing))


def roots(tools: Tools) -> Finding:
    """Whom we believe about certificates."""
    count, file = tools.context.cert_store_stats()["x509_ca"], config.roots_file()
    if file:
        says = say("SSL_CERT_FILE replaces the web's root certificates: {count} in {file}.", count=count, file=file)
        return Finding("roots", State.WARN, says)
    says = say("The root certificates that came with the program are used: {count}.", count=count)
    return Finding("roots", State.OK, says)


def ipv6(tools: Tools) -> Finding:
    there, none = say("There is a way to the IPv6 internet."), say("No way to the IPv6 internet: IPv4 alone is used.")
    return Finding("ipv6", State.OK, there if tools.ipv6 else none)


def proxies() -> Finding:
    """What the environment, or the operating system, would have us use."""
    found = ", ".join(sorted(getproxies()))  # their addresses may hold a password
    if found:
        says = say("Proxies are set ({found}) and ignored: the line itself is measured.", found=found)
        return Finding("proxies", State.WARN, says)
    return Finding("proxies", State.OK, say("None are set."))


def tunnels() -> Finding:
    """Interfaces named as VPNs name theirs: a hint, no more. On macOS such are always there."""
    names = [name for _, name in socket.if_nameindex()] if sys.platform != "darwin" else []
    found = ", ".join(filter(_TUNNEL.match, names))
    if found:
        says = say("{found} may be a VPN's; through one, another country's line is measured.", found=found)
        return Finding("vpn", State.WARN, says)
    return Finding("vpn", State.OK, say("No network interface is called like a VPN's."))
