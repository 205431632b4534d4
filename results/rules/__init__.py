"""The rules, as rows: in each layer the first whose condition holds is the one that speaks.

An id is stored with every verdict, never renamed and never reused; a new meaning is a new id and a new RULES_VERSION.
A layer's rows stand in its own file, after what they may ask. How layers and hops combine is in results/verdict.py.
"""

from results.rules.dns import DNS_RULES, DnsCase
from results.rules.http import HTTP_RULES
from results.rules.line import LINE_RULES, PORTAL_RULES, LineCase
from results.rules.page import HttpCase
from results.rules.rule import Case, Rule
from results.rules.speed import SPEED_RULES, SpeedCase
from results.rules.tcp import TCP_RULES, TcpCase
from results.rules.tls import TLS_RULES, TlsCase
from results.rules.vantage import VANTAGE_NOTES, VANTAGE_RULES, VantageCase

__all__ = [
    "DNS_RULES",
    "HTTP_RULES",
    "LAYERS",
    "LINE_RULES",
    "PORTAL_RULES",
    "RULES",
    "RULES_VERSION",
    "SPEED_RULES",
    "TCP_RULES",
    "TLS_RULES",
    "VANTAGE_NOTES",
    "VANTAGE_RULES",
    "Case",
    "LineCase",
    "Rule",
    "VantageCase",
]

RULES_VERSION = 4
# In the order in which a visit meets them: the layer's view of a case, and its rows.
LAYERS: tuple[tuple[type[Case], tuple[Rule, ...]], ...] = (
    (DnsCase, DNS_RULES),
    (TcpCase, TCP_RULES),
    (TlsCase, TLS_RULES),
    (HttpCase, HTTP_RULES),
    (SpeedCase, SPEED_RULES),
)
RULES = (*VANTAGE_RULES, *VANTAGE_NOTES, *LINE_RULES, *DNS_RULES, *TCP_RULES, *TLS_RULES, *HTTP_RULES, *SPEED_RULES)
