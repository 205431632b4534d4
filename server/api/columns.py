"""The columns of the data behind the charts: the name that programs read, and what it means. Names never change."""

from results.judgement import Verdict

URL = {"url": "the site"}
NETWORK = {
    "network": "the network's key: its number, or its name where it has none",
    "network_name": "what the pages call it",
}
CELL = {
    "start": "when the cell begins",
    "end": "when it ends; that moment is not in it",
    "checks": "how many checks are in it",
    **{one.value: f"how many of them said {one.value}" for one in Verdict},
    "mechanisms": "how many of the checks led with each mechanism",
    "empty": "why there are no checks; empty where there are",
}
HELD = {
    "verdict": "what holds now: of the open episode, else of the newest check that could tell; empty: no data",
    "confidence": "how sure that is",
    "intermittent": "whether it comes and goes",
    "stale": "whether it is too long ago to be now",
}
EPISODE = {
    "kind": "blocking or throttling",
    "state": "open or closed",
    "mechanisms": "the most often seen first",
    "confidence": "of its best check",
    "last_good_at": "it began after this; empty: it was so when measuring began",
    "first_bad_at": "and by this",
    "last_bad_at": "it ended after this",
    "first_good_at": "and by this; empty: it goes on, or nobody knows",
    "bad": "bad checks in it",
    "measurements": "checks in it that speak",
    "intermittent": "whether a fifth of them at least are good",
    "event": "the uid of its event",
}
CHECK = {
    "uid": "the measurement's",
    "at": "when it began",
    "verdict": "what it says",
    "confidence": "how sure that is",
    "mechanisms": "how, the most telling first",
    "tls_ms": "the TLS handshake",
    "ttfb_ms": "the first byte",
    "status": "of HTTP",
}
SITE_CHECK = {"uid": CHECK["uid"], "at": CHECK["at"], "network": NETWORK["network"]} | CHECK
SHARE = {"mechanism": "how", "checks": "bad checks that show it", "share": "of all bad checks; one may show several"}
SPEED = {
    "start": "when the cell begins",
    "handshake_low_ms": "a tenth of the handshakes were as fast or faster",
    "handshake_ms": "their median",
    "handshake_high_ms": "a tenth were as slow or slower",
    "reference_handshake_ms": "the median of the references in the same rounds",
    "speed_low_kbps": "a tenth of the speeds were as low or lower",
    "speed_kbps": "their median",
    "speed_high_kbps": "a tenth were as high or higher",
}
NEWS = {
    "at": "when it was known",
    "change": "began or ended",
    "event": "its uid",
    "kind": "blocking, throttling, outage, shutdown or silent",
    "urls": "its sites",
    "networks": "the keys of its networks",
    "confidence": "of its best check",
}
HEARD = {"asn": "its number", "vantages": "that looked from it in thirty days", "last_at": "when one did last"}
HOURS = {
    "weekday": "from 1, Monday, to 7, in the time zone that was chosen",
    "hour": "of the day, in that zone",
    "bad": "bad checks",
    "checks": "all that could tell; 0: no data",
}
ALIKE = {
    "from": "when the first bad check of this part was made",
    "to": "and its last",
    "bad": "bad checks in it",
    "mechanisms": "how many of them led with each mechanism",
}
COMPARISON = {"what": "that was tried beside the site", "tried": "checks that tried it", "through": "that got through"}
STEPS = {
    "side": "here, or the control",
    "layer": "DNS, TCP, TLS or HTTP",
    "endpoint": "who was asked",
    "aim": "what for",
    "hop": "of the way through redirects, from 0",
    "attempt": "from 1",
    "from_ms": "since the check began",
    "took_ms": "until it ended",
    "ended": "ok, or the failure",
    "got": "what came",
}
BYTES = {
    "fetch": "its number in the table",
    "which": "what it is",
    "url": "of the page",
    "aim": "what for",
    "at_ms": "since the request",
    "bytes": "that had come by then",
}
KNOWN = {
    "number": "of its mark on the page",
    "id": "in Kedergi's own table",
    "kind": "what was reported",
    "began": "a day, a month or a year: as precisely as it was reported",
    "ended": "likewise; empty: not known",
    "country": "of the event",
    "hosts": "its sites; *: the whole country",
    "where": "in the reporters' words",
    "says": "what was reported, in one line",
    "sources": "who reported it",
}
ADDRESS = {
    "url": "another address of the outlet",
    "relation": "what it is to the outlet",
    "note": "what is known of it",
    "sources": "who says so",
}
