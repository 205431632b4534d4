"""What a person can do about what `kedergi doctor` found, in their language. What was found is in probe/doctor.py."""

from collections.abc import Mapping

from probe.machine import Finding, State
from probe.tongue import N_, say

_OF: Mapping[str, str] = {
    "program": N_("Bring it up to date: pipx upgrade kedergi, or: uv tool upgrade kedergi."),
    "line": N_("Check the cable, the Wi-Fi and the router; in a café or hotel, sign in to the network first."),
    "resolver": N_("Nothing has to be done: a lying resolver is what is measured. To tell more, keep dns.trusted set."),
    "trusted": N_("Name another encrypted resolver in dns.trusted; this one may be blocked where you are."),
    "control": N_("Name a control in control.url, or join a server, which brings one; without it, less can be told."),
    "clock": N_("Set the clock of this machine, best by the network; the times in records are wrong until then."),
    "network": N_("Switch the VPN off while Kedergi measures, or name the line that this is in vantage.asn."),
    "store": N_("Make room on the disk, or name another place in store.url."),
    "disk": N_("Make room on the disk, or bound the store with store.max_mb and store.keep_days."),
    "data": N_("Wait until midnight UTC, or raise probe.daily_budget_mb if your plan allows it."),
    "roots": N_("Take SSL_CERT_FILE out of the environment, unless you have set it on purpose."),
    "proxies": N_("Nothing has to be done: proxies are never used for measuring."),
    "vpn": N_("Switch the VPN off while Kedergi measures; it measures nothing while the way out is a tunnel."),
}


def remedy(finding: Finding) -> str:
    """A sentence or two; empty where nothing is amiss."""
    return say(_OF[finding.name]) if finding.state is not State.OK and finding.name in _OF else ""
