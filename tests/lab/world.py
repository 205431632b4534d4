"""Everything outside the country, and the ISP's resolver: one process with all servers on many addresses of `lo`.

It makes its own certificates at the start. Nothing here knows of the censor.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.lab import certificates, resolvers
from tests.lab.certificates import Authority
from tests.lab.middle_men import MiddleMan
from tests.lab.orders import CLIENT_ROOTS, Plan
from tests.lab.resolvers import DnsOverHttps, Zone
from tests.lab.site import Answer, Certificate
from tests.lab.web import Contexts, Web


class World:
    def __init__(self, plan: Plan) -> None:
        self._plan, self._have = plan, set[str]()
        self._contexts = Contexts(plan.folder)
        self._web = Web(self._contexts)
        self._middle_men = {ip: MiddleMan(self._contexts, kind) for ip, kind in plan.middle_men.items()}
        self._isp, self._clean = Zone(), Zone()

    async def open(self) -> None:
        plan = self._plan
        certificates.set_clock(plan.ahead_s)
        (plan.folder / "ca.pem").write_bytes(certificates.authority_pem(Authority.GOOD))
        roots = [certificates.root_pem(kind) for kind in (Certificate.GOOD, *plan.client_roots)]
        (plan.folder / CLIENT_ROOTS).write_bytes(b"".join(roots))
        self._give({plan.isp_resolver, plan.clean_resolver, plan.middle_man, *plan.middle_men, *plan.spare})
        await resolvers.serve(self._isp, plan.isp_resolver)
        await resolvers.serve(self._clean, plan.clean_resolver)
        await self._open_sites()

    async def _open_sites(self) -> None:
        doh = replace(self._plan.doh, site=replace(self._plan.doh.site, https=DnsOverHttps(self._clean)))
        placed = [each for each in (*self._plan.sites, doh) if not each.site.silent and each.ip]
        self._give({each.ip for each in placed})
        await self._web.open(placed, middle_man=self._plan.middle_man)
        for ip, middle_man in self._middle_men.items():
            await middle_man.stand(ip, placed)
        self._fill_zones()

    def _fill_zones(self) -> None:
        known: dict[str, Answer] = {}
        for placed in (*self._plan.sites, self._plan.doh):
            if placed.site.resolves:
                answer = Answer(addresses=(*placed.site.more_addresses, placed.ip))
                known = {**dict.fromkeys(placed.names, answer), **known}  # of two of one name the first is the truth
        truth = {**self._plan.extra_zone, **known}
        self._clean.answers = truth
        self._isp.answers = {**truth, **self._plan.isp_lies}

    def _give(self, addresses: Iterable[str]) -> None:
        """Give `lo` these addresses."""
        new = sorted(set(addresses) - self._have)
        lines = "".join(f"address add {ip}/32 dev lo\n" for ip in new)
        subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)
        self._have |= set(new)

    async def obey(self, verb: str, value: Any) -> object:
        if verb == "isp_lies":
            self._plan = replace(self._plan, isp_lies=value)
            self._fill_zones()
        elif verb == "sites":
            self._plan = replace(self._plan, sites=value)
            for web in (self._web, *self._middle_men.values()):
                await web.close()
            await self._open_sites()
        elif verb == "certificate":
            return self._certificate(*value)
        return None

    def _certificate(self, kind: Certificate, names: tuple[str, ...]) -> Path:
        return certificates.write(self._plan.folder, f"given-{names[0]}", certificates.leaf_pem(kind, names))


def run(plan: Plan, control: Connection) -> None:
    """Until the control channel closes."""
    asyncio.run(_run(plan, control))


async def _run(plan: Plan, control: Connection) -> None:
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_mind)
    world = World(plan)
    await world.open()
    orders: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def readable() -> None:
        try:
            orders.put_nowait(control.recv())
        except (EOFError, ConnectionError):
            loop.remove_reader(control.fileno())
            closed.set()

    loop.add_reader(control.fileno(), readable)
    control.send(None)
    ending = asyncio.ensure_future(closed.wait())
    obeying = asyncio.ensure_future(_obey(world, orders, control))
    await asyncio.wait({ending, obeying}, return_when=asyncio.FIRST_COMPLETED)


async def _obey(world: World, orders: "asyncio.Queue[tuple[str, Any]]", control: Connection) -> None:
    while True:
        verb, value = await orders.get()
        control.send(await world.obey(verb, value))


def _mind(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Clients that hang up or fail the handshake are everyday life; anything else is a fault of the lab."""
    if not isinstance(context.get("exception"), OSError | asyncio.CancelledError):
        loop.default_exception_handler(context)
        sys.stderr.flush()
