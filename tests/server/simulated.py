"""Simulated measurements, written through the real store. None of it was ever seen on a network."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

from results.failure import Failure
from results.judgement import Confidence, Fault, Judgement, Reason, Throttling, Timings, Verdict
from results.records import (
    Aim,
    AnyStep,
    Certificate,
    Condition,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Measurement,
    Reference,
    Source,
    TcpInfo,
    TcpStep,
    TlsStep,
    Vantage,
    Via,
)
from results.store import Store
from targets.target import Target

NOW = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
EVERY = timedelta(minutes=30)
HOME = Vantage(name="home-1", country="KZ", asn=9198, network="Kazakhtelecom", vantage_class="home")
IP = "93.184.216.34"
VERDICTS = {
    "o": (Verdict.ACCESSIBLE, (), None),
    "b": (Verdict.BLOCKED, ("tls.timeout",), Confidence.LIKELY),
    "c": (Verdict.BLOCKED, ("tls.interception",), Confidence.CONFIRMED),
    "n": (Verdict.BLOCKED, ("dns.bogus", "http.blockpage"), Confidence.CONFIRMED),
    "p": (Verdict.BLOCKED, ("tcp.reset",), Confidence.WEAK),
    "h": (Verdict.BLOCKED, ("http.blockpage",), Confidence.CONFIRMED),
    "s": (Verdict.THROTTLED, ("latency.high",), Confidence.LIKELY),
    "d": (Verdict.DOWN, (), Confidence.LIKELY),
    "u": (Verdict.INCONCLUSIVE, (), None),
}


def site(name: str) -> str:
    return f"https://{name}/"


def target(name: str, outlet: str = "") -> Target:
    return Target(url=site(name), outlet=outlet)


def judgement(letter: str, *, says: str = "simulated", ms: float = 90.0) -> Judgement:
    verdict, mechanisms, confidence = VERDICTS[letter]
    ended = letter in "osd"
    return Judgement(
        verdict=verdict,
        mechanisms=mechanisms,
        confidence=confidence,
        fault=None if letter == "o" else Fault.PATH,
        reasons=(Reason(rule="simulated", says=says),),
        timings=Timings(
            dns=ms / 6,
            tcp=ms / 2.6,
            tls=(ms * (30 if letter == "s" else 1)) if ended else None,
            ttfb=ms * 1.3 if ended else None,
            total=ms * 3 if ended else None,
        ),
        status=200 if letter == "o" else None,
        rules_version=1,
    )


def rich(
    uid: str = "rich", *, url: str = "https://ratel.kz/", started_at: datetime = NOW, words: str = ""
) -> Measurement:
    """Everything a measurement can hold. `words` stands wherever a hostile network could put its own."""
    name = "ratel.kz"
    end = f"{IP}:443"
    chain = (
        Certificate(
            sha256="ab" * 32,
            subject=f"CN={name}{words}",
            issuer="CN=R12,O=Let's Encrypt,C=US",
            not_before=NOW - timedelta(days=20),
            not_after=NOW + timedelta(days=70),
        ),
        Certificate(sha256="cd" * 32, subject="CN=R12,O=Let's Encrypt,C=US", issuer="CN=ISRG Root X1"),
    )
    answers = (
        DnsAnswer(t=0.021, failure=None, addresses=(IP,), rcode="NOERROR", ip_ttl=61),
        DnsAnswer(t=0.044, failure=None, addresses=("93.184.216.35",), rcode="NOERROR", ip_ttl=52),
    )
    steps: tuple[AnyStep, ...] = (
        DnsStep(endpoint="udp://192.168.1.1", t0=0.001, t=0.3, name=name, via=Via.UDP, answers=answers),
        DnsStep(endpoint=name, t0=0.001, t=0.024, name=name, via=Via.SYSTEM,
                answers=(DnsAnswer(t=0.024, failure=None, addresses=(IP,)),)),
        DnsStep(endpoint="https://dns.quad9.net/dns-query", t0=0.001, t=0.16, name=name, via=Via.TRUSTED,
                answers=answers[:1]),
        TcpStep(endpoint=end, t0=0.025, t=0.068),
        TlsStep(endpoint=end, t0=0.068, t=5.068, name=name, failure=Failure.TIMEOUT,
                detail=f"timed out{words}", rtt_ms=41.2),
        TcpStep(endpoint=end, t0=6.1, t=6.145, attempt=2),
        TlsStep(endpoint=end, t0=6.145, t=11.145, name=name, failure=Failure.TIMEOUT, attempt=2),
        TcpStep(endpoint=end, t0=11.2, t=11.243, aim=Aim.NEUTRAL_NAME),
        TlsStep(endpoint=end, t0=11.243, t=11.33, name="www.cars.com", aim=Aim.NEUTRAL_NAME,
                failure=Failure.TLS_HOSTNAME, version="TLSv1.3", alpn="h2", chain=chain),
        HttpStep(endpoint=end, t0=11.33, t=11.9, url=f"http://{name}/{words}", source=Source.TRUSTED, status=200,
                 http_version="HTTP/1.1", title=f"Ratel{words}", headers=(("server", f"nginx{words}"), ("x-a", "b")),
                 body=f"<html>{words}</html>", body_bytes=1200, body_sha256="ef" * 32, first_byte_t=11.7, kbps=800.0,
                 failure=Failure.CLOSED),
    )  # fmt: skip
    there: tuple[AnyStep, ...] = (
        DnsStep(endpoint=name, t0=0.0, t=0.012, name=name, via=Via.SYSTEM),
        TcpStep(endpoint=end, t0=0.013, t=0.04, source=Source.PROBE),
        TlsStep(endpoint=end, t0=0.04, t=0.136, name=name, version="TLSv1.3", alpn="h2", chain=chain),
        HttpStep(endpoint=end, t0=0.136, t=0.4, url=url, status=200, http_version="HTTP/2", title=f"Ratel{words}"),
    )
    return Measurement(
        uid=uid,
        url=url,
        started_at=started_at,
        runtime_ms=11_900.0,
        vantage=HOME,
        steps=steps,
        control=Control(name="https://control.example.org", steps=there),
        more_controls=(Control(name="https://other.example.org", failure=Failure.RESET, detail=f"reset{words}"),),
        condition=Condition(asn_before=9198, asn_after=9198, clock_ahead_s=-75.0, asn_table="2026-06-17"),
        asns={IP: 15133},
        references=(Reference(url="https://www.wikipedia.org/", handshake_ms=96.0, plain_status=302,
                              plain_host=f"login.example{words}"),
                    Reference(url="https://zero.kz/", failure=Failure.TIMEOUT)),
        loop_lag_ms=1.4,
        software="kedergi 0.1.0",
    )  # fmt: skip


def fetched(
    aim: Aim = Aim.VISIT,
    *,
    t0: float,
    kbps: float,
    wait_s: float = 0.1,
    amount: int = 60_000,
    points: int = 20,
    **more: Any,
) -> HttpStep:
    """A page that came so fast, in so many reads, the first of them after a wait."""
    curve = tuple(
        (t0 + wait_s + amount * 8 / kbps / 1000 * place / points, amount * place // points)
        for place in range(1, points + 1)
    )
    values = {"endpoint": f"{IP}:443", "url": "https://ratel.kz/", "t": curve[-1][0], "status": 200}
    return HttpStep(t0=t0, aim=aim, curve=curve, **{**values, **more})


def throttled(uid: str = "slow", *, kbps: float = 128.0, fast: float = 8000.0, pairs: int = 3) -> Measurement:
    """A page that comes slowly, and fast with another name, over this line and to the control."""
    info = TcpInfo(rtt_ms=44.0, min_rtt_ms=41.5, receive_rtt_ms=43.0, out_of_order=0)
    held = TcpInfo(rtt_ms=61.0, min_rtt_ms=41.5, receive_rtt_ms=960.0, out_of_order=7)
    steps: list[AnyStep] = [
        TcpStep(endpoint=f"{IP}:443", t0=0.03, t=0.07),
        TlsStep(endpoint=f"{IP}:443", t0=0.07, t=0.16, name="ratel.kz", version="TLSv1.3"),
        fetched(t0=0.16, kbps=kbps, tcp_info=held),
    ]
    for number in range(1, pairs + 1):
        # The site's own name is given five times as long as the other took, and a second at least.
        t0 = 4.2 + 1.4 * number
        steps += [
            fetched(
                Aim.SAMPLE_NEUTRAL, t0=t0, kbps=fast * (1 + number / 50), attempt=number, tcp_info=info, in_flight=0
            ),
            fetched(
                Aim.SAMPLE,
                t0=t0 + 0.3,
                kbps=kbps * (1 - number / 100),
                amount=14_000,
                attempt=number,
                capped=True,
                tcp_info=held,
                in_flight=2,
            ),
        ]
    steps.append(fetched(Aim.SAMPLE_LINE, t0=9.5, kbps=fast * 1.3, amount=41_000, url="https://www.wikipedia.org/"))
    there = (fetched(t0=0.2, kbps=fast / 2, wait_s=0.16, tcp_info=info),)
    return Measurement(
        uid=uid,
        url="https://ratel.kz/",
        started_at=NOW,
        runtime_ms=9_900.0,
        vantage=HOME,
        hops=("https://ratel.kz/",),
        steps=tuple(steps),
        control=Control(name="https://control.example.org", steps=there, hops=("https://ratel.kz/",)),
        software="kedergi 0.1.0",
    )  # fmt: skip


def slowed(by: Literal["name", "address"] | None = "name") -> Judgement:
    """The judgement of such a page."""
    found = Throttling(by=by, ceiling_kbps=128.0, ceiling_spread=0.03, times=14.2, interval=(11.0, 18.1),
                       p_value=0.00049, pairs=3)  # fmt: skip
    return replace(judgement("s"), mechanisms=("throughput.low",), throttling=found)


@dataclass
class Simulated:
    """Writes pasts into a store: one letter of VERDICTS a round, the last one just now; a space is no check."""

    store: Store
    vantage: Vantage = HOME
    now: datetime = NOW
    _numbers: "count[int]" = field(default_factory=count)

    def past(
        self, name: str, letters: str, *, every: timedelta = EVERY, until: datetime | None = None, ms: float = 90.0
    ) -> None:
        for place, letter in enumerate(reversed(letters)):
            if letter != " ":
                at = (until or self.now - timedelta(minutes=4)) - every * place
                self.check(name, letter, at, ms=ms * (1 + 0.13 * (place * 7 % 5)))

    def check(self, name: str, letter: str, at: datetime, *, says: str = "simulated", ms: float = 90.0) -> str:
        uid = f"sim-{next(self._numbers)}"
        record = Measurement(uid=uid, url=site(name), started_at=at, runtime_ms=800.0, vantage=self.vantage)
        self.store.add(record, judgement(letter, says=says, ms=ms))
        return uid

    def rounds(self, lines: Sequence[bool | None], *, planned: int = 3) -> None:
        """One round for each, the last one just now; True: the line was up."""
        for place, up in enumerate(reversed(lines)):
            at = self.now - timedelta(minutes=5) - EVERY * place
            uid = f"round-{next(self._numbers)}"
            self.store.begin_round(uid, vantage=self.vantage.name, started_at=at, planned=planned)
            self.store.end_round(uid, ended_at=at + timedelta(seconds=50), measured=planned, line_up=up)
