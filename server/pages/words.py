"""Words for the public names: mechanisms, verdicts, failures, reasons for a gap. Sentences are in sentences.py."""

from collections.abc import Mapping

from results.failure import Failure
from results.judgement import Confidence, Fault, Verdict
from results.records import Aim, Layer, Source, Via
from server.pages.tongue import N_

VERDICTS: Mapping[Verdict, str] = {
    Verdict.ACCESSIBLE: N_("accessible"),
    Verdict.BLOCKED: N_("blocked"),
    Verdict.THROTTLED: N_("throttled"),
    Verdict.DOWN: N_("down for everyone"),
    Verdict.INCONCLUSIVE: N_("can't be told"),
}
VERDICTS_MEAN: Mapping[Verdict, str] = {
    Verdict.ACCESSIBLE: N_(
        "A person here gets the site. Also when the site itself refuses or misconfigures, with a reason that says so."
    ),
    Verdict.BLOCKED: N_("Something between here and the site keeps it away, while the site works from elsewhere."),
    Verdict.THROTTLED: N_("The site is reached, but much slower than this line and this server allow."),
    Verdict.DOWN: N_("The site fails from elsewhere too."),
    Verdict.INCONCLUSIVE: N_(
        "It can't be told: the line is down, a login page is in the way, a VPN is on, or there is "
        "nothing to compare with."
    ),
}
CONFIDENCES: Mapping[Confidence, str] = {
    Confidence.CONFIRMED: N_("confirmed"),
    Confidence.LIKELY: N_("likely"),
    Confidence.WEAK: N_("weak"),
}
CONFIDENCES_MEAN: Mapping[Confidence, str] = {
    Confidence.CONFIRMED: N_(
        "A block page or a replaced certificate was seen, or a comparison on the same address shows what sets it off."
    ),
    Confidence.LIKELY: N_("It was tried again with the same end, and from elsewhere it works."),
    Confidence.WEAK: N_("The signs are there, the proof is thin."),
}
MECHANISMS: Mapping[str, str] = {
    "dns.injection": N_("two answers to one question race each other"),
    "dns.nxdomain": N_("the resolver says that the name does not exist"),
    "dns.servfail": N_("the resolver says that it failed"),
    "dns.refused": N_("the resolver refuses the question"),
    "dns.nodata": N_("the resolver gives no address"),
    "dns.timeout": N_("the resolver stays silent"),
    "dns.bogus": N_("the resolver gives an address that isn't the site's"),
    "tcp.refused": N_("the connection is refused"),
    "tcp.reset": N_("the connection is cut while it is made"),
    "tcp.timeout": N_("the address stays silent"),
    "tcp.unreachable": N_("the address can't be reached"),
    "tls.interception": N_("the certificate was replaced"),
    "tls.reset": N_("the connection is cut when the site's name is sent"),
    "tls.timeout": N_("silence once the site's name is sent"),
    "tls.closed": N_("the connection is closed when the site's name is sent"),
    "tls.alert": N_("the handshake is refused"),
    "http.blockpage": N_("a block page comes instead"),
    "http.redirect": N_("the visit is led to another place"),
    "http.tampered": N_("the page was altered"),
    "http.reset": N_("the connection is cut when the page is asked for"),
    "http.timeout": N_("silence once the page is asked for"),
    "http.closed": N_("the connection is closed when the page is asked for"),
    "http.truncated": N_("the page breaks off"),
    "quic.timeout": N_("QUIC gets no answer"),
    "quic.refused": N_("QUIC is refused"),
    "throughput.freeze": N_("the page stops after its first bytes"),
    "throughput.low": N_("the page trickles"),
    "latency.high": N_("the handshake takes far too long"),
}
FAULTS: Mapping[Fault, str] = {
    Fault.SITE: N_("the site itself"),
    Fault.PATH: N_("something on the way"),
    Fault.LINE: N_("this line"),
    Fault.US: N_("this machine"),
}
LAYERS: Mapping[Layer, str] = {Layer.DNS: "DNS", Layer.TCP: "TCP", Layer.TLS: "TLS", Layer.HTTP: "HTTP"}
VIAS: Mapping[Via, str] = {
    Via.SYSTEM: N_("the system's way"),
    Via.UDP: N_("a query of our own"),
    Via.EXTRA: N_("a configured resolver"),
    Via.TRUSTED: N_("a trusted encrypted resolver"),
}
SOURCES: Mapping[Source, str] = {
    Source.LITERAL: N_("the URL itself"),
    Source.SYSTEM: N_("the system's resolver"),
    Source.TRUSTED: N_("the trusted resolver"),
    Source.CONTROL: N_("the control"),
    Source.PROBE: N_("the probe"),
    Source.NEUTRAL: N_("a reference"),
}
AIMS: Mapping[Aim, str] = {
    Aim.VISIT: N_("as a browser visits"),
    Aim.NEUTRAL_NAME: N_("comparison: another name at this address"),
    Aim.NEUTRAL_ADDRESS: N_("comparison: this name at another address"),
    Aim.BASELINE: N_("comparison: an unrelated name at that other address"),
    Aim.NO_RESOLVER: N_("asked where no resolver is"),
    Aim.OTHER_PORT: N_("comparison: the other port of this address"),
    Aim.SAMPLE: N_("speed: this name"),
    Aim.SAMPLE_NEUTRAL: N_("speed: another name at this address"),
    Aim.SAMPLE_LINE: N_("speed: from elsewhere over this line"),
}
CLASSES: Mapping[str, str] = {
    "home": N_("home"),
    "mobile": N_("mobile"),
    "office": N_("office"),
    "hosting": N_("hosting"),
    "unknown": N_("unknown"),
}
GAPS: Mapping[str, str] = {
    "asleep": N_("this machine was asleep"),
    "stopped": N_("Kedergi was not running"),
    "busy": N_("the last round was still running"),
    "budget": N_("the day's data budget was used up"),
    "paused": N_("it was paused by hand"),
    "vpn": N_("a VPN was on, or it was another line than the configured one"),
    "roaming": N_("the machine was roaming"),
    "portal": N_("the network wanted a sign-in first"),
    "metered": N_("the line was metered"),
    "battery": N_("the machine ran on its battery"),
    "moved": N_("the network changed during a round"),
}


def mechanism(name: str) -> str:
    """Plain words for a public name; the name itself where a newer one is not known here."""
    return MECHANISMS.get(name, name)


def failure(what: Failure | None) -> str:
    """A failure's public name, for tables; "ok" for none."""
    return what.value if what else "ok"
