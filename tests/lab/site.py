"""What stands in the world: sites with their certificates and manners, and what zones answer.

Words only, no servers.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tests.lab.pages import Manner, Page


class Certificate(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    WRONG_NAME = "wrong name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_CA = "unknown CA"
    STATE = "forged by the state CA"
    ISCA = "forged by the state CA of 2020"
    ANTIVIRUS = "made by an antivirus program"
    EMPLOYER = "made by an employer's proxy"
    PORTAL = "a captive portal's own"


@dataclass(frozen=True)
class Site:
    """A host name and what answers for it. `None` as a manner is a closed port."""

    name: str
    http: Manner | None = field(default_factory=Page)
    https: Manner | None = field(default_factory=Page)
    ip: str | None = None
    """The lab gives out an address of its own if there is none; sites may share one."""
    certificate: Certificate = Certificate.GOOD
    other_names: tuple[str, ...] = ()
    """More names (or addresses) in the certificate and the zones."""
    tls_1_2: bool = False
    instead_of_tls: Literal["garbage", "hangup", "reset", "silence"] | None = None
    """What port 443 does to a ClientHello if it is no TLS server at all."""
    unknown_sni: Literal["default", "unrecognized_name", "handshake_failure"] = "default"
    """What the server says to a name it does not serve; `default` shows its own certificate, as most do."""
    resolves: bool = True
    """Without it, the name is NXDOMAIN for everyone."""
    silent: bool = False
    """Its address is routed nowhere: dead for everyone."""
    more_addresses: tuple[str, ...] = ()
    """More A and AAAA records of its names, before its own. Nothing stands there unless another site does."""


@dataclass(frozen=True)
class Answer:
    """What a resolver says to one name. NOERROR without addresses is an empty answer."""

    rcode: str = "NOERROR"
    addresses: tuple[str, ...] = ()
    cname: str | None = None
    delay_s: float = 0.0
    silent: bool = False


def refused(name: str, ip: str | None = None) -> Site:
    """A host whose ports are closed: the kernel resets each connection."""
    return Site(name, http=None, https=None, ip=ip)


def silent(name: str, ip: str | None = None) -> Site:
    """A host that is gone: nothing ever comes back."""
    return Site(name, ip=ip, silent=True)


def nowhere(name: str) -> Site:
    """A name that does not exist."""
    return Site(name, resolves=False)
