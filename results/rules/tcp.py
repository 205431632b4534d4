"""Rules about the connection: is there one to any of the site's addresses?"""

from dataclasses import dataclass
from functools import cached_property

from results.failure import Failure
from results.records import Aim
from results.rules.rule import (
    BLOCKED,
    DOWN,
    LIKELY,
    NOTHING,
    PATH,
    SITE,
    UNKNOWN,
    WEAK,
    Case,
    Rule,
    as_repeated,
    commonest,
    sure,
    took,
)

MECHANISM = {
    Failure.REFUSED: "tcp.refused",
    Failure.TIMEOUT: "tcp.timeout",
    Failure.TIMED_OUT: "tcp.timeout",
    Failure.HOST_UNREACHABLE: "tcp.unreachable",
    Failure.NETWORK_UNREACHABLE: "tcp.unreachable",
}


@dataclass(frozen=True)
class TcpCase(Case):
    """What the rules about the connection may ask."""

    @property
    def any_connected(self) -> bool:
        return any(way.connected for way in self.ways)

    @cached_property
    def failure(self) -> Failure | None:
        """How the connections failed, the commonest."""
        return commonest(way.tcp.failure for way in self.ways)

    @property
    def control_connected_here(self) -> bool:
        """Whether the control reached one of our endpoints."""
        return any(way.connected and way.tcp.endpoint in self.endpoints for way in self.control_ways)

    @property
    def control_connected(self) -> bool:
        return any(way.connected for way in self.control_ways)

    @property
    def control_took(self) -> str:
        return took(way.tcp.ms for way in self.control_ways if way.connected)

    @property
    def other_port_words(self) -> str:
        """What the same address said on the other port of the web, where it was asked."""
        asked = [step for step in self.here.tests if step.aim is Aim.OTHER_PORT]
        if not asked:
            return ""
        port = asked[-1].endpoint.rpartition(":")[2]
        said = "answers" if asked[-1].failure is None else f"fails as well ({asked[-1].failure})"
        return f"; its port {port} {said} here"


def _mechanism(case: TcpCase) -> tuple[str, ...]:
    return (MECHANISM.get(case.failure or Failure.UNKNOWN, "tcp.reset"),)


TCP_RULES = (
    Rule("tcp_untried", lambda c: not c.ways, None, None, sure(WEAK), NOTHING, ""),
    Rule("tcp_fine", lambda c: c.any_connected, None, None, sure(LIKELY), NOTHING, ""),
    Rule(
        "tcp_fails_here_only",
        lambda c: c.control_connected_here,
        BLOCKED, PATH, as_repeated, _mechanism,
        "No connection to {c.endpoints_words} from here ({c.failure}, {c.tries}); the control connects to the same "
        "address{c.control_took}{c.other_port_words}.",
    ),
    Rule(
        "tcp_fails_for_control_too",
        lambda c: bool(c.control_ways) and not c.control_connected,
        DOWN, SITE, sure(LIKELY), NOTHING,
        "No connection to {c.endpoints_words} ({c.failure}), and none for the control either.",
    ),
    Rule(
        "tcp_other_address_alive",
        lambda c: c.control_connected,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "No connection to {c.endpoints_words} ({c.failure}), nor for the control there; it reaches the site at another "
        "address.",
    ),
    Rule(
        "tcp_fails_uncompared",
        lambda _c: True,
        UNKNOWN, None, sure(WEAK), NOTHING,
        "No connection to {c.endpoints_words} ({c.failure}), and no control to say whether that is so elsewhere.",
    ),
)  # fmt: skip
