"""What a censoring ISP can be told to do: a rule is a trigger, an action, and where and how often it acts.

    Rule(Sni("ratel.example-news.kz"), Reset())
    Rule(Query("*.ratel.kz"), Forge("NXDOMAIN"), hop=2)
    Rule(Address("185.97.12.4", 443), Shape(kbit_s=128), probability=0.5)

Only the words stand here. `censor` carries them out.
"""

from dataclasses import dataclass, field
from typing import Literal

BLOCK_PAGE = (
    "<html><head><title>Access denied</title></head><body><h1>Access to this site is restricted</h1></body></html>"
)

# --- Triggers. A name is exact; "*.name" means the name and everything under it, "*" every name.


@dataclass(frozen=True)
class Sni:
    """A TLS ClientHello for this server name, on any TCP port, also when split over segments."""

    name: str


@dataclass(frozen=True)
class Host:
    """An HTTP request with this Host header on port 80, also when its head is split over segments."""

    name: str


@dataclass(frozen=True)
class Address:
    """Anything sent to this address (and this port)."""

    ip: str
    port: int | None = None


@dataclass(frozen=True)
class Port:
    """Anything sent to this port, wherever it is."""

    number: int


@dataclass(frozen=True)
class Query:
    """A DNS query for this name over UDP (or TCP, if `tcp`) port 53, to any resolver or to this one."""

    name: str
    resolver: str | None = None
    tcp: bool = False


@dataclass(frozen=True)
class Everything:
    """All traffic of the client."""


# --- Actions that answer or end the flow. The packet that met the rule goes no further.


@dataclass(frozen=True)
class Drop:
    """Silence: this packet and the rest of its flow vanish, both ways."""


@dataclass(frozen=True)
class Reset:
    """A forged TCP reset to the client; `both` sends one to the server too."""

    both: bool = False
    ttl: int = 64


@dataclass(frozen=True)
class Close:
    """A forged FIN: the client sees an orderly close."""

    ttl: int = 64


@dataclass(frozen=True)
class Unreachable:
    """A forged ICMP destination unreachable from the censor's hop."""

    kind: Literal["net", "host", "port", "admin"] = "host"


@dataclass(frozen=True)
class BlockPage:
    """A forged HTTP answer, then FIN."""

    status: int = 200
    body: str = BLOCK_PAGE
    headers: tuple[tuple[str, str], ...] = ()
    ttl: int = 64


@dataclass(frozen=True)
class Redirect:
    """A forged HTTP redirect, then FIN."""

    location: str
    status: int = 302
    ttl: int = 64


@dataclass(frozen=True)
class Say:
    """These bytes in the server's name, then FIN: a TLS alert, garbage, anything."""

    payload: bytes
    ttl: int = 64


@dataclass(frozen=True)
class Forge:
    """A forged DNS answer. NOERROR without addresses is an empty answer.

    With `truth_follows` the query goes on, and the true answer loses the race."""

    rcode: Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"] = "NOERROR"
    addresses: tuple[str, ...] = ()
    truth_follows: bool = False
    ttl: int = 64


# --- Actions that spoil the flow. They add up when several rules meet one flow.


@dataclass(frozen=True)
class Freeze:
    """Downstream goes silent after so many bytes of TCP or UDP payload."""

    after_bytes: int


@dataclass(frozen=True)
class ResetAfter:
    """A forged reset once so many bytes of TCP payload have come down; 0 is right behind the server's SYN-ACK."""

    after_bytes: int


@dataclass(frozen=True)
class CloseAfter:
    """The same with a forged FIN: the client sees an orderly close."""

    after_bytes: int


@dataclass(frozen=True)
class Lose:
    """The flow's first so many packets upstream are lost, and then it is left alone."""

    packets: int = 1


@dataclass(frozen=True)
class Shape:
    """A token bucket with a deep queue, downstream: late rather than lost. `shared` by all flows of the rule."""

    kbit_s: float
    queue_bytes: int = 1_000_000
    burst_bytes: int = 3_000
    shared: bool = False


@dataclass(frozen=True)
class Police:
    """A token bucket without a queue, downstream: what exceeds the rate is lost. `shared` by all flows of the rule."""

    kbit_s: float
    burst_bytes: int = 16_000
    shared: bool = False


@dataclass(frozen=True)
class Degrade:
    """Added delay and loss for each packet, both ways."""

    delay_ms: float = 0.0
    loss: float = 0.0


@dataclass(frozen=True)
class Nat:
    """The flow goes to another address; the client sees answers from the address it asked."""

    ip: str


Trigger = Sni | Host | Address | Port | Query | Everything
Ending = Drop | Reset | Close | Unreachable | BlockPage | Redirect | Say | Forge
Spoiling = Freeze | Lose | Shape | Police | Degrade
Cutting = ResetAfter | CloseAfter
Action = Ending | Spoiling | Cutting | Nat


@dataclass(frozen=True)
class Rule:
    """One line of the censor's orders. Rules are tried in order; the first that ends the flow is the last."""

    when: Trigger
    then: Action
    hop: int | None = None
    """The hop at which the censor sits, counted from 1; None is the middle of the path."""
    probability: float = 1.0
    """Drawn once for each flow or query."""
    first: int | None = None
    """Only the first so many occurrences are hit."""
    residual_s: float = 0.0
    """After a hit, all flows from the client to that address and port are hit for so long."""


@dataclass(frozen=True)
class Hit:
    """The censor acted. `on` is the name or `address:port`, `at_s` the router's monotonic clock."""

    rule: Rule
    on: str
    client_port: int
    server: str
    at_s: float
    residual: bool = field(default=False)
