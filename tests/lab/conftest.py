"""One lab for the lab's own tests; each test gives its orders, and finds the line free again."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from tests.lab import pages
from tests.lab.fixtures import demo_lab, lab_rights, make_lab
from tests.lab.lab import Lab
from tests.lab.site import Certificate, Site, nowhere, refused, silent

__all__ = ["demo_lab", "lab_rights", "make_lab"]

See = Callable[..., dict[str, Any]]
DELAY_MS = 5
CHAIN = pages.Paths({"/": pages.Redirect("/ru/"), "/ru/": pages.Page("Main")})
SITES = (
    Site("plain.kz", http=pages.Page("Plain", size=150_000)),
    Site("other.kz"),
    Site("dice.kz"),
    Site("first.shared.kz", ip="46.226.18.77"),
    Site("second.shared.kz", ip="46.226.18.77", certificate=Certificate.EXPIRED),
    Site("expired.kz", certificate=Certificate.EXPIRED),
    Site("wrong.kz", certificate=Certificate.WRONG_NAME),
    Site("own.kz", certificate=Certificate.SELF_SIGNED),
    Site("unheard.kz", certificate=Certificate.UNKNOWN_CA),
    Site("state.kz", certificate=Certificate.STATE),
    Site("old-tls.kz", tls_1_2=True),
    Site("strict.kz", unknown_sni="unrecognized_name"),
    Site("stern.kz", unknown_sni="handshake_failure"),
    Site("ssh.kz", instead_of_tls="garbage"),
    Site("mute.kz", instead_of_tls="silence"),
    Site("rude.kz", instead_of_tls="reset"),
    Site("gzip.kz", https=pages.Page("Packed", encoding="gzip")),
    Site("br.kz", https=pages.Page("Packed", encoding="br")),
    Site("chain.kz", http=pages.Redirect("https://chain.kz/"), https=CHAIN),
    refused("refused.kz"),
    silent("silent.kz"),
    nowhere("nowhere.kz"),
)


@pytest.fixture(scope="session")
def country(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    with Lab(SITES, delay_ms=DELAY_MS, hops=4, silent_hops=[3]) as lab:
        yield lab


@pytest.fixture
def lab(country: Lab) -> Iterator[Lab]:
    country.forget_seen()
    yield country
    country.set_rules([])
    country.set_line(up=True, delay_ms=DELAY_MS, jitter_ms=0, loss=0, kbit_s=inf, queue_ms=200)


_clients: WeakKeyDictionary[Lab, "subprocess.Popen[str]"] = WeakKeyDictionary()


def seer(lab: Lab) -> See:
    """`see("http", ip=..., host=...)`: what a program in the client's country sees."""
    if lab not in _clients:
        command: list[str | Path] = [sys.executable, "-I", "-S", Path(__file__).with_name("client.py")]
        _clients[lab] = lab.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client = _clients[lab]

    def see(step: str, **arguments: Any) -> dict[str, Any]:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(json.dumps([step, arguments]) + "\n")
        client.stdin.flush()
        seen: dict[str, Any] = json.loads(client.stdout.readline())
        return seen

    return see


@pytest.fixture
def see(lab: Lab) -> See:
    return seer(lab)
