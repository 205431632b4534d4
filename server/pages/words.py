"""Words for the public names: mechanisms, verdicts, failures, reasons for a gap. Sentences are in sentences.py."""

from collections.abc import Mapping

from results.failure import Failure
from results.judgement import Confidence, Fault, Verdict
from results.records import Aim, Layer, Source, Via

VERDICTS: Mapping[Verdict, str] = {
    Verdict.ACCESSIBLE: "accessible",
    Verdict.BLOCKED: "blocked",
    Verdict.THROTTLED: "throttled",
    Verdict.DOWN: "down for everyone",
    Verdict.INCONCLUSIVE: "can't be told",
}
VERDICTS_MEAN: Mapping[Verdict, str] = {
    Verdict.ACCESSIBLE: "A person here gets the site. Also when the site itself refuses or misconfigures, with "
    "a reason that says so.",
    Verdict.BLOCKED: "Something between here and the site keeps it away, while the site works from elsewhere.",
    Verdict.THROTTLED: "The site is reached, but much slower than this line and this server allow.",
    Verdict.DOWN: "The site fails from elsewhere too.",
    Verdict.INCONCLUSIVE: "It can't be told: the line is down, a login page is in the way, a VPN is on, or there is "
    "nothing to compare with.",
}
CONFIDENCES: Mapping[Confidence, str] = {
    Confidence.CONFIRMED: "confirmed",
    Confidence.LIKELY: "likely",
    Confidence.WEAK: "weak",
}
CONFIDENCES_MEAN: Mapping[Confidence, str] = {
    Confidence.CONFIRMED: "A block page or a replaced certificate was seen, or a comparison on the same address shows "
    "what sets it off.",
    Confidence.LIKELY: "It was tried again with the same end, and from elsewhere it works.",
    Confidence.WEAK: "The signs are there, the proof is thin.",
}
MECHANISMS: Mapping[str, str] = {
    "dns.injection": "two answers to one question race each other",
    "dns.nxdomain": "the resolver says that the name does not exist",
    "dns.servfail": "the resolver says that it failed",
    "dns.refused": "the resolver refuses the question",
    "dns.nodata": "the resolver gives no address",
    "dns.timeout": "the resolver stays silent",
    "dns.bogus": "the resolver gives an address that isn't the site's",
    "tcp.refused": "the connection is refused",
    "tcp.reset": "the connection is cut while it is made",
    "tcp.timeout": "the address stays silent",
    "tcp.unreachable": "the address can't be reached",
    "tls.interception": "the certificate was replaced",
    "tls.reset": "the connection is cut when the site's name is sent",
    "tls.timeout": "silence once the site's name is sent",
    "tls.closed": "the connection is closed when the site's name is sent",
    "tls.alert": "the handshake is refused",
    "http.blockpage": "a block page comes instead",
    "http.redirect": "the visit is led to another place",
    "http.tampered": "the page was altered",
    "http.reset": "the connection is cut when the page is asked for",
    "http.timeout": "silence once the page is asked for",
    "http.closed": "the connection is closed when the page is asked for",
    "http.truncated": "the page breaks off",
    "quic.timeout": "QUIC gets no answer",
    "quic.refused": "QUIC is refused",
    "throughput.freeze": "the page stops after its first bytes",
    "throughput.low": "the page trickles",
    "latency.high": "the handshake takes far too long",
}
FAULTS: Mapping[Fault, str] = {
    Fault.SITE: "the site itself",
    Fault.PATH: "something on the way",
    Fault.LINE: "this line",
    Fault.US: "this machine",
}
LAYERS: Mapping[Layer, str] = {Layer.DNS: "DNS", Layer.TCP: "TCP", Layer.TLS: "TLS", Layer.HTTP: "HTTP"}
VIAS: Mapping[Via, str] = {
    Via.SYSTEM: "the system's way",
    Via.UDP: "a query of our own",
    Via.EXTRA: "a configured resolver",
    Via.TRUSTED: "a trusted encrypted resolver",
}
SOURCES: Mapping[Source, str] = {
    Source.LITERAL: "the URL itself",
    Source.SYSTEM: "the system's resolver",
    Source.TRUSTED: "the trusted resolver",
    Source.CONTROL: "the control",
    Source.PROBE: "the probe",
    Source.NEUTRAL: "a reference",
}
AIMS: Mapping[Aim, str] = {
    Aim.VISIT: "as a browser visits",
    Aim.NEUTRAL_NAME: "comparison: another name at this address",
    Aim.NEUTRAL_ADDRESS: "comparison: this name at another address",
    Aim.BASELINE: "comparison: an unrelated name at that other address",
    Aim.NO_RESOLVER: "asked where no resolver is",
    Aim.OTHER_PORT: "comparison: the other port of this address",
    Aim.SAMPLE: "speed: this name",
    Aim.SAMPLE_NEUTRAL: "speed: another name at this address",
    Aim.SAMPLE_LINE: "speed: from elsewhere over this line",
}
GAPS: Mapping[str, str] = {
    "asleep": "this machine was asleep",
    "stopped": "Kedergi was not running",
    "busy": "the last round was still running",
    "budget": "the day's data budget was used up",
}


def mechanism(name: str) -> str:
    """Plain words for a public name; the name itself where a newer one is not known here."""
    return MECHANISMS.get(name, name)


def failure(what: Failure | None) -> str:
    """A failure's public name, for tables; "ok" for none."""
    return what.value if what else "ok"
