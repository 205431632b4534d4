"""What a vantage saw: steps, and the measurement that holds them. Frozen values, serialisable as they are.

Nothing here says what it means (verdict.py) or where it is kept (tables.py). Times inside a measurement are seconds
since its `started_at`, from a clock that only goes forward.
"""

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from results.failure import Failure

SCHEMA = 1


class Layer(StrEnum):
    """The layers of the network that are measured, in the order in which a visit meets them."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"


class Via(StrEnum):
    """How a name was asked for."""

    SYSTEM = "system"  # getaddrinfo: what a browser on this machine gets
    UDP = "udp"  # a query of our own to the system's resolver, with every answer that came
    EXTRA = "extra"  # a resolver from the configuration
    TRUSTED = "trusted"  # an encrypted resolver that the network can't alter


class Source(StrEnum):
    """Who said that this address is the site's."""

    LITERAL = "literal"  # it stands in the URL
    SYSTEM = "system"
    TRUSTED = "trusted"
    CONTROL = "control"
    PROBE = "probe"  # at the control: what the asking probe was given
    NEUTRAL = "neutral"  # not the site's: a reference's, for an A/B test


class Aim(StrEnum):
    """What a step was for."""

    VISIT = "visit"  # what a browser would do
    NEUTRAL_NAME = "neutral_name"  # A/B: another name at the site's address
    NEUTRAL_ADDRESS = "neutral_address"  # A/B: the site's name at another address
    BASELINE = "baseline"  # A/B: a name that belongs to neither, at that other address
    NO_RESOLVER = "no_resolver"  # the site's name asked of an address where no resolver is: who answers, injects
    OTHER_PORT = "other_port"  # the site's address on the other port of the web: is the port blocked, or the address?
    SAMPLE = "sample"  # the same page once more and alone, for its speed
    SAMPLE_NEUTRAL = "sample_neutral"  # the same page from the same address, with another name on the way
    SAMPLE_LINE = "sample_line"  # a reference's page: what does this line bring from elsewhere?


class Throughput(StrEnum):
    """How far a check goes to tell slow on purpose from slow."""

    OFF = "off"  # not at all
    AUTO = "auto"  # where a page looks slow
    THOROUGH = "thorough"  # always, with as many pairs as a test of significance needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing tried, and how it ended."""

    endpoint: str  # what was asked: "93.184.216.34:443", "udp://9.9.9.9", "https://dns.quad9.net/dns-query"
    t0: float  # seconds since Measurement.started_at
    t: float  # when it ended, same scale
    failure: Failure | None = None
    detail: str = ""  # the failure's own words; never an address of the vantage
    hop: int = 0  # place in the redirect chain
    attempt: int = 1  # 2: the same again after a pause
    aim: Aim = Aim.VISIT

    @property
    def ms(self) -> float:
        """How long it took, milliseconds."""
        return (self.t - self.t0) * 1000

    @property
    def ip(self) -> str:
        """The address in the endpoint; empty where it names none."""
        return "" if "//" in self.endpoint else self.endpoint.rpartition(":")[0].strip("[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """One datagram (or one reply) to a query."""

    t: float
    failure: Failure | None
    addresses: tuple[str, ...] = ()
    rcode: str = ""  # as DNS writes it: "NOERROR", "NXDOMAIN"
    ip_ttl: int | None = None  # hops left in the datagram's IP header, where the system tells


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsStep(Step):
    """A name asked of one resolver. `failure` is the first answer's: that is what a program on this machine gets."""

    layer: Literal[Layer.DNS] = Layer.DNS
    name: str
    via: Via
    answers: tuple[DnsAnswer, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The first answer's addresses."""
        return self.answers[0].addresses if self.answers else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpStep(Step):
    """One connection to one address and port."""

    layer: Literal[Layer.TCP] = Layer.TCP
    source: Source = Source.SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate of the presented chain, leaf first."""

    sha256: str
    sha1: str = ""  # lists of known authorities are often by this one
    subject: str = ""  # RFC 4514
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsStep(Step):
    """One handshake. The chain is kept also when it is invalid."""

    layer: Literal[Layer.TLS] = Layer.TLS
    name: str  # sent as SNI, and what the certificate is checked against
    source: Source = Source.SYSTEM
    version: str = ""
    alpn: str = ""
    received_bytes: int = 0  # raw bytes from the peer during the handshake
    rtt_ms: float | None = None  # the kernel's smoothed round trip, where it tells
    alert: str = ""  # the peer's alert, as OpenSSL names it
    chain: tuple[Certificate, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the peer spoke TLS at all: a completed handshake, a certificate that we refused, an alert."""
        return self.failure is None or bool(self.chain) or bool(self.alert)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """What the kernel counted for one connection (Linux: TCP_INFO), when its page had been read."""

    rtt_ms: float  # smoothed
    min_rtt_ms: float
    receive_rtt_ms: float  # as the receiver sees it: a queue on the way makes it long
    out_of_order: int  # packets that came before others were: what a policer drops comes later


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStep(Step):
    """One request and what came back. A failure after the status line leaves the fields that were read."""

    layer: Literal[Layer.HTTP] = Layer.HTTP
    url: str
    source: Source = Source.SYSTEM
    status: int | None = None
    http_version: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case; cookies' values left out
    location: str | None = None  # where a redirect leads, absolute
    title: str | None = None
    body_bytes: int | None = None  # decoded, as far as read
    body_sha256: str | None = None
    capped: bool = False  # the body was longer than the cap; the rest was not read
    body: str | None = None  # kept only where it is needed as evidence
    first_byte_t: float | None = None  # when the head had come
    kbps: float | None = None  # body speed from raw reads, kbit/s, where there was enough to time
    curve: tuple[tuple[float, int], ...] = ()  # raw bytes over time: seconds since the check began, bytes so far
    tcp_info: TcpInfo | None = None
    in_flight: int | None = None  # of a sample: how many other checks were fetching when it began
    beside_kbps: float | None = None  # what the whole program received beside it meanwhile; it colours its times


AnyStep = Annotated[DnsStep | TcpStep | TlsStep | HttpStep, Field(discriminator="layer")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """From where it was seen. Nothing here tells who."""

    name: str
    country: str | None = None
    asn: int | None = None
    network: str | None = None
    vantage_class: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the control saw. Its own failure says nothing of the site."""

    name: str  # which control: its URL
    failure: Failure | None = None
    detail: str = ""
    age_s: float = 0.0  # how long ago the oldest part of it was seen
    hops: tuple[str, ...] = ()  # the URLs that it went along
    steps: tuple[AnyStep, ...] = ()
    at: datetime | None = None  # its clock when it answered
    asker_asn: int | None = None  # the network from which it was asked, as its table has it; the address is not kept
    asker_country: str | None = None

    @property
    def spoke(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference site, looked at in the same round."""

    url: str
    failure: Failure | None = None
    layer: Layer | None = None  # where it failed
    gone: bool = False  # the trusted resolver knows no such name either: its failure says nothing of the line
    handshake_ms: float | None = None
    detail: str = ""  # the failure's own words
    chain: tuple[Certificate, ...] = ()  # kept where it was refused
    plain_status: int | None = None  # what its host answers without TLS
    plain_host: str | None = None  # the host to which that answer redirects, where it does; never the whole address


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the vantage was doing while it measured, as far as it was looked at. Facts; the own address is never kept."""

    asn_before: int | None = None  # the network of the machine's own address when the check began, where it is public
    asn_after: int | None = None  # and when it ended
    moved: bool = False  # the own address or the way out changed in between
    clock_ahead_s: float | None = None  # own clock less the world's; None where nothing told
    ipv6: bool | None = None  # whether there is a way to the IPv6 internet
    asn_table: str = ""  # the day of the table that addresses were looked up in


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What this series (the same URL, vantage and network) was like before: medians over its accessible checks."""

    since: datetime  # UTC; the oldest check that counts
    checks: int
    asn: int | None = None  # the network of these checks
    tls_ms: float | None = None  # handshake
    kbps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Everything that one check saw, stored whole and never changed."""

    uid: str
    url: str  # as it was given
    started_at: datetime  # UTC, aware
    runtime_ms: float
    vantage: Vantage
    hops: tuple[str, ...] = ()  # the URLs that were asked for, each as far as it was redirected
    cut_short: bool = False  # there was no time left for the next hop
    steps: tuple[AnyStep, ...] = ()
    control: Control | None = None  # None: none is configured
    more_controls: tuple[Control, ...] = ()  # asked before it in vain, or after it about a later hop
    condition: Condition | None = None  # None: not looked at
    asns: dict[str, int] = field(default_factory=dict)  # address -> the network that announces it
    references: tuple[Reference, ...] | None = None  # None: not looked at
    round_uid: str | None = None
    in_flight: int = 1  # checks that ran side by side when this one ended; they colour its times
    loop_lag_ms: float | None = None  # the event loop's own worst delay during the check
    throughput: Throughput = Throughput.AUTO  # how far throttling was looked for
    past: Past | None = None  # None: not asked for, or there is none
    line_kbps: float | None = None  # the most that came over this line within the last minute, from anywhere
    received_bytes: int | None = None  # payload of all that this check read, helpers and references included
    sent_bytes: int | None = None
    software: str = ""
    simulated: str | None = None  # whence what it says was made up; None: it was measured
    schema: int = field(default=SCHEMA)


def reference_tls_ms(measurement: Measurement) -> float | None:
    """The median handshake with the references of the same round; None where none succeeded."""
    times = [one.handshake_ms for one in measurement.references or () if one.handshake_ms is not None]
    return statistics.median(times) if times else None


@cache
def adapter() -> TypeAdapter[Measurement]:
    """Between a measurement and its JSON. A wrong field is named with its path: `steps.0.tcp.failure`."""
    return TypeAdapter(Measurement)


@cache
def control_adapter() -> TypeAdapter[Control]:
    """Between a control's answer and its JSON."""
    return TypeAdapter(Control)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`: the one way in which times leave the program."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=4096)  # the same few are asked about over and over
def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_bogon(address: str) -> bool:
    """Whether an address can't be a public site's (RFC 6890, multicast, what hides such an address), or is none."""
    return not is_address(address) or not _is_public(ip_address(address))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast:
        return False
    if isinstance(ip, IPv4Address):
        return ip not in _PROTOCOLS
    if ip.scope_id:
        return False
    inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _TRANSLATED else None)
    return _is_public(inner) if inner is not None else ip in _UNICAST and ip not in _EXAMPLES


_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64, RFC 6052: the last 32 bits are an IPv4 address
_PROTOCOLS = IPv4Network("192.0.0.0/24")  # RFC 6890
_UNICAST, _EXAMPLES = IPv6Network("2000::/3"), IPv6Network("3fff::/20")  # RFC 4291; RFC 9637
