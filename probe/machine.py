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
from probe.budget import MB_BYTES, used_today_bytes
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
    says = f"Read from {file}." if file.exists() else f"There is no file {file}: the defaults hold."
    return Finding("configuration", State.OK, says)


def store(url: str) -> list[Finding]:
    """The disk where the store lies, and the store itself, which is not made here. Blocks."""
    file = config.store_file(url)
    folder = file.parent if file else config.data_folder()
    findings = [disk(folder)]
    if file and not file.exists():
        return [*findings, Finding("store", State.OK, f"{file} will be made with the first measurement.")]
    try:
        Store(url).close()
    except StoreError as exc:
        return [*findings, Finding("store", State.BAD, str(exc))]
    return [*findings, Finding("store", State.OK, "The store opens.")]


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
    says = f"{used_bytes / MB_BYTES:.1f} of {limit_mb} MB used today"
    if used_bytes >= limit_mb * MB_BYTES:
        return [Finding("data", State.WARN, f"{says}: scheduled measuring goes on at midnight UTC.")]
    return [Finding("data", State.OK, f"{says}.")]


def disk(folder: Path) -> Finding:
    """Whether there is room in the folder, or where it will be made, and whether we may write there."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as exc:
        return Finding("disk", State.BAD, f"Can't write to {existing}: {exc.strerror}.")
    state = State.BAD if free_mb < _FREE_MB_BAD else State.WARN if free_mb < _FREE_MB_WARN else State.OK
    return Finding("disk", state, f"{free_mb} MB are free in {existing}.")


def roots(tools: Tools) -> Finding:
    """Whom we believe about certificates."""
    count, file = tools.context.cert_store_stats()["x509_ca"], config.roots_file()
    if file:
        return Finding("roots", State.WARN, f"SSL_CERT_FILE replaces the web's root certificates by {count} in {file}.")
    return Finding("roots", State.OK, f"The {count} root certificates that came with the program are used.")


def ipv6(tools: Tools) -> Finding:
    says = "There is a way to the IPv6 internet." if tools.ipv6 else "No way to the IPv6 internet: IPv4 alone is used."
    return Finding("ipv6", State.OK, says)


def proxies() -> Finding:
    """What the environment, or the operating system, would have us use."""
    found = ", ".join(sorted(getproxies()))  # their addresses may hold a password
    if found:
        return Finding("proxies", State.WARN, f"Proxies are set ({found}) and ignored: the line itself is measured.")
    return Finding("proxies", State.OK, "None are set.")


def tunnels() -> Finding:
    """Interfaces named as VPNs name theirs: a hint, no more. On macOS such are always there."""
    names = [name for _, name in socket.if_nameindex()] if sys.platform != "darwin" else []
    found = ", ".join(filter(_TUNNEL.match, names))
    if found:
        return Finding("vpn", State.WARN, f"{found} may be a VPN's; through one, another country's line is measured.")
    return Finding("vpn", State.OK, "No network interface is called like a VPN's.")
