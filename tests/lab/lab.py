"""The lab: a client in a censored country, the world outside, and the ISP between them, on a real kernel.

This is the handle that tests hold. The work is done by three other processes: `keeper`, `router` and `world`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import format_datetime
from ipaddress import IPv4Address
from itertools import count
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab import addresses, rights, settings
from tests.lab.certificates import now
from tests.lab.commands import Command, Place, environment
from tests.lab.orders import ALIVE, Congestion, Counters, Orders, Placed, Plan, Road, Route
from tests.lab.pages import Page
from tests.lab.rules import Address, Hit, Nat, Rule
from tests.lab.site import Answer, Certificate, Site

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 30
MIDDLE_MEN = {
    addresses.MIDDLE_MAN_2020: Certificate.ISCA,
    addresses.ANTIVIRUS: Certificate.ANTIVIRUS,
    addresses.EMPLOYER: Certificate.EMPLOYER,
    addresses.PORTAL: Certificate.PORTAL,
}


class LabBroken(RuntimeError):
    """A process of the lab has died. What it said is on standard error."""


class Lab:
    """`with Lab(sites=[...], rules=[...]) as lab:`. Delay, jitter and loss are one way, for each packet.

    `line_kbit_s` is the rate of the client's access line, for each direction and shared by all flows."""

    def __init__(
        self,
        sites: Iterable[Site] = (),
        rules: Iterable[Rule] = (),
        *,
        delay_ms: float = 10.0,
        jitter_ms: float = 0.0,
        loss: float = 0.0,
        line_kbit_s: float | None = None,
        line_queue_ms: float = 200.0,
        congestion: Congestion | None = None,
        hops: int = 4,
        silent_hops: Iterable[int] = (),
        seed: int = 1,
        isp_zone: Mapping[str, Answer] | None = None,
        zone: Mapping[str, Answer] | None = None,
        client: str = addresses.CLIENT,
        client_ipv6: str | None = None,
        client_roots: Iterable[Certificate] = (),
        world_clock_ahead_s: float = 0.0,
    ) -> None:
        self._ahead_s = world_clock_ahead_s
        self.sites = self._placed(sites)
        if not 1 <= hops <= len(addresses.HOPS):
            raise ValueError(f"a lab has 1 to {len(addresses.HOPS)} hops")
        self.hops = addresses.HOPS[:hops]
        self._rules, self._seed = self._checked(rules), seed
        self._road = Road(delay_ms, jitter_ms, loss, kbit_s=line_kbit_s, queue_ms=line_queue_ms, congestion=congestion)
        self._client_ip = client
        self._route = Route(client, self.hops, frozenset(silent_hops), client_ipv6)
        self._client_roots = tuple(client_roots)
        self._isp_zone, self._zone = dict(isp_zone or {}), dict(zone or {})
        self._own_user = rights.needs_own_user()
        self._lock = threading.Lock()

    # --- beginning and end

    @staticmethod
    def missing() -> str | None:
        """Why no lab can run on this machine, or nothing."""
        return rights.missing()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="lab-"))
        self.folder.chmod(0o755)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        (life, life_end), (self._world, world_end), (self._router, router_end) = Pipe(), Pipe(), Pipe()
        self._life = life
        ends = (life_end, world_end, router_end)
        numbers = [end.fileno() for end in ends]
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.keeper", *map(str, numbers)],
            cwd=_ROOT,
            env={**os.environ, "PATH": rights.program_path()},
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for end in ends:
            end.close()
        life.send(self._orders())
        client, abroad = _hear(life)
        values = environment(self.folder, rights.program_path(), self.ca_file)
        alive = self.folder / ALIVE
        self._client = Place(client, alive, own_user=self._own_user, environment=values)
        self._abroad = Place(abroad, alive, own_user=self._own_user, environment=values)
        _hear(self._router)
        _hear(self._world)

    def _orders(self) -> Orders:
        doh = Site(addresses.DOH_NAME, http=None, other_names=(addresses.DOH_RESOLVER,))
        plan = Plan(
            folder=self.folder,
            sites=self.sites,
            isp_resolver=addresses.ISP_RESOLVER,
            clean_resolver=addresses.CLEAN_RESOLVER,
            doh=Placed(doh, addresses.DOH_RESOLVER),
            middle_man=addresses.MIDDLE_MAN,
            middle_men=MIDDLE_MEN,
            spare=addresses.SPARE,
            isp_lies=self._isp_zone,
            extra_zone={addresses.CONTROL_NAME: Answer(addresses=(addresses.CONTROL,)), **self._zone},
            ahead_s=self._ahead_s,
            client_roots=self._client_roots,
        )
        return Orders(self._road, self._route, self._rules, self._seed, plan, self._own_user)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything that lives in the lab."""
        have = self.__dict__
        for place in ("_client", "_abroad"):
            if place in have:
                have[place].end()
        for line in ("_life", "_router", "_world"):
            if line in have:
                have[line].close()
        if "_keeper" in have:
            have["_keeper"].wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- commands

    def run(
        self, command: Command, *, env: Mapping[str, str] | None = None, timeout_s: float = 60.0, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end in the client's country. Its output is captured as text; nothing is checked.

        More options are those of `subprocess.run`. A timeout raises `subprocess.TimeoutExpired`."""
        return self._client.run(command, env=env, timeout_s=timeout_s, **options)

    def popen(self, command: Command, *, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start a command in the client's country. It is ended with the lab at the latest."""
        return self._client.popen(command, env=env, **options)

    def in_world(
        self, command: Command, *, env: Mapping[str, str] | None = None, timeout_s: float = 60.0, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end in the world outside."""
        return self._abroad.run(command, env=env, timeout_s=timeout_s, **options)

    def popen_in_world(
        self, command: Command, *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Start a command in the world outside, for example a server on `control_ip`."""
        return self._abroad.popen(command, env=env, **options)

    # --- places

    @property
    def ca_file(self) -> Path:
        """The certificate of the lab's CA. No other CA is trusted."""
        return self.folder / "ca.pem"

    @property
    def isp_resolver(self) -> str:
        return f"udp://{addresses.ISP_RESOLVER}"

    @property
    def clean_resolver(self) -> str:
        return f"udp://{addresses.CLEAN_RESOLVER}"

    @property
    def doh_url(self) -> str:
        """The clean zone over HTTPS, by address."""
        return f"https://{addresses.DOH_RESOLVER}/dns-query"

    @property
    def doh_name_url(self) -> str:
        """The same by name, which the ISP's resolver must give out."""
        return f"https://{addresses.DOH_NAME}/dns-query"

    @property
    def middle_man(self) -> str:
        """Where a `Nat` rule sends flows to be read: a server with a forged certificate for every name."""
        return addresses.MIDDLE_MAN

    @property
    def control_ip(self) -> str:
        """An address in the world on which nothing listens yet; `control_name` is its name."""
        return addresses.CONTROL

    @property
    def control_name(self) -> str:
        return addresses.CONTROL_NAME

    @property
    def client_ip(self) -> str:
        """The client's address as it is now."""
        return self._client_ip

    @property
    def reference_urls(self) -> list[str]:
        """Two plain sites that are always there."""
        return [f"https://{name}/" for name in addresses.REFERENCE_NAMES]

    def ip_of(self, name: str) -> str:
        return next(placed.ip for placed in self.sites if name in placed.names)

    def certificate(self, *names: str, kind: Certificate = Certificate.GOOD) -> Path:
        """A PEM with key and certificate, for a server of the test's own."""
        path: Path = self._ask(self._world, "certificate", (kind, names))
        return path

    def config(self, **overrides: Mapping[str, object]) -> Path:
        """Write the product's settings for this lab. Overrides are sections: `control={"url": "https://..."}`."""
        usual: dict[str, dict[str, object]] = {
            "vantage": {"country": "KZ", "class": "hosting"},
            "dns": {"trusted": [self.doh_url]},
            "reference": {"urls": self.reference_urls},
            "store": {"url": f"sqlite:///{self.folder / 'store.sqlite'}"},
        }
        return settings.write(self.folder / "kedergi.toml", settings.merged(usual, overrides))

    # --- orders while it runs

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """From now on the censor has these rules only. Flows that are open are judged anew."""
        self._ask(self._router, "rules", self._checked(rules))

    def set_line(
        self,
        *,
        up: bool | None = None,
        route: bool | None = None,
        delay_ms: float | None = None,
        jitter_ms: float | None = None,
        loss: float | None = None,
        kbit_s: float | None = None,
        queue_ms: float | None = None,
    ) -> None:
        """Change the line. `up=False` loses everything; `route=False` takes the client's way out away (no route).

        `kbit_s=inf` takes the limit of the access line away."""
        values: dict[str, Any] = {"up": up, "delay_ms": delay_ms, "jitter_ms": jitter_ms, "loss": loss}
        values |= {"kbit_s": kbit_s, "queue_ms": queue_ms}
        self._road = replace(self._road, **{name: value for name, value in values.items() if value is not None})
        self._ask(self._router, "road", self._road)
        if route is not None:
            self._ask(self._router, "route", route)

    def move_client(self, ip: str) -> None:
        """The client has another address from now on, as after a change of networks. Its open connections die."""
        self._ask(self._router, "client", str(IPv4Address(ip)))
        self._client_ip = ip

    def set_isp_zone(self, lies: Mapping[str, Answer]) -> None:
        """What the ISP's resolver says otherwise than the truth, from now on."""
        self._ask(self._world, "isp_lies", dict(lies))

    def set_sites(self, sites: Iterable[Site]) -> None:
        """Other sites in the world, from now on. A name keeps its address."""
        self.sites = self._placed(sites, {name: placed.ip for placed in self.sites for name in placed.names})
        self._ask(self._world, "sites", self.sites)

    @property
    def seen(self) -> list[Hit]:
        """What the censor did so far, in order."""
        hits: list[Hit] = self._ask(self._router, "hits")
        return hits

    def forget_seen(self) -> None:
        self._ask(self._router, "forget")

    @property
    def counters(self) -> Counters:
        """What passed on the line, in packets."""
        counters: Counters = self._ask(self._router, "counters")
        return counters

    def _ask(self, whom: Connection, verb: str, value: object = None) -> Any:
        with self._lock:
            with suppress(ConnectionError):  # `_hear` says what that means
                whom.send((verb, value))
            return _hear(whom)

    def _checked(self, rules: Iterable[Rule]) -> list[Rule]:
        """Orders that the censor could not carry out are refused here, where the test can see it."""
        rules = list(rules)
        for rule in rules:
            if rule.hop is not None and not 1 <= rule.hop <= len(self.hops):
                raise ValueError(f"no hop {rule.hop} on this line: {rule}")
            if isinstance(rule.when, Address):
                IPv4Address(rule.when.ip)
            if isinstance(rule.then, Nat):
                IPv4Address(rule.then.ip)
        return rules

    def _reference(self, name: str) -> Site:
        """A page that is no other site's, with the world's date."""
        page = Page(f"Home of {name}", 2_000, headers=(("Date", format_datetime(now(self._ahead_s), usegmt=True)),))
        return Site(name, http=page, https=page)

    def _placed(self, sites: Iterable[Site], known: Mapping[str, str] | None = None) -> tuple[Placed, ...]:
        """Give each site an address: its own choice, the one it had, or the next free one."""
        ips = dict(known or {})
        sites = (*sites, *map(self._reference, addresses.REFERENCE_NAMES))
        taken = {*ips.values(), *(site.ip for site in sites)}
        free = (ip for number in count() if (ip := addresses.of_site(number)) not in taken)
        placed = []
        for site in sites:
            ip = site.ip or ips.get(site.name) or next(free)
            placed.append(Placed(site, str(IPv4Address(ip))))
        return tuple(placed)


def _hear(whom: Connection) -> Any:
    try:
        if whom.poll(_PATIENCE_S):
            return whom.recv()
    except (EOFError, ConnectionError):
        raise LabBroken("a process of the lab has died") from None
    raise LabBroken("a process of the lab does not answer")
