"""A censored country on one machine: real kernels' packets, an ISP that obeys rules, and a world outside.

    from tests.lab import Lab, Site
    from tests.lab.rules import Reset, Rule, Sni

    with Lab(sites=[Site("ratel-news.kz")], rules=[Rule(Sni("ratel-news.kz"), Reset())], delay_ms=30) as lab:
        lab.run(["curl", "https://ratel-news.kz/"])     # in the client's network
        lab.seen                                        # what the censor did

README.md beside this file says what there is. Nothing of the machine's own network is used or changed.
"""

from tests.lab import pages, rules
from tests.lab.lab import Lab, LabBroken
from tests.lab.orders import Congestion
from tests.lab.rules import Rule
from tests.lab.site import Answer, Certificate, Site, nowhere, refused, silent

__all__ = [
    "Answer",
    "Certificate",
    "Congestion",
    "Lab",
    "LabBroken",
    "Rule",
    "Site",
    "nowhere",
    "pages",
    "refused",
    "rules",
    "silent",
]
