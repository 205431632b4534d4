"""The road between client and world: delay, jitter, loss, hops that answer when a TTL runs out, and the censor on it.

Where the client's access line has a rate, a packet is queued there first on its way up, and last on its way down.

Packets are read from two TUN devices and written to them; no other sockets. One thread, one `select`, no fixed sleeps.
"""

import errno
import os
import random
import select
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from heapq import heappop, heappush
from multiprocessing.connection import Connection
from typing import Any

from tests.lab import packets
from tests.lab.access import Access
from tests.lab.censor import Censor
from tests.lab.orders import Counters, Road, Route
from tests.lab.rules import Rule

Step = Callable[[bytes], None]
"""What becomes of a packet when its time has come."""

BATCH = 64
LARGEST = 2048


class Router:
    def __init__(self, client: int, world: int, road: Road, route: Route, rules: list[Rule], seed: int) -> None:
        self._client, self._world = client, world
        self._route, self._hops, self._client_ip = route, len(route.hops), packets.address(route.client)
        self._chances = {device: random.Random(f"{seed} {side}") for side, device in (("up", client), ("down", world))}
        self._into_client, self._into_world = partial(_write, client), partial(_write, world)
        self._due: list[tuple[float, int, Step, bytes]] = []
        self._number = 0
        self._now = self._began = time.monotonic()
        self._latest = {client: 0.0, world: 0.0}
        self.counters = Counters()
        self.censor = Censor(rules, self, hops=self._hops, seed=seed)
        self.set_road(road)

    def set_road(self, road: Road) -> None:
        self.road = road
        if not road.up:
            self._due.clear()
        self._delay_s, self._jitter_s, self._loss = road.delay_ms / 1000, road.jitter_ms / 1000, road.loss
        self._access = Access(road, self._began) if road.limited else None

    # --- where forged packets leave from (the `Line` of the censor)

    def to_client(self, raw: bytes, hop: int) -> None:
        """There and back to this hop: the packet being answered has only now left the client."""
        self.counters.forged += 1
        self._send(self._arrive, packets.lower_ttl(raw, hop - 1), 2 * self._delay_s * hop / (self._hops + 1))

    def to_server(self, raw: bytes, hop: int) -> None:
        self.counters.forged += 1
        self._send(self._into_world, packets.lower_ttl(raw, self._hops - hop), self._delay_s)

    def behind(self, raw: bytes, hop: int) -> None:
        """Right after the packet that is passing, however far from the client the censor stands."""
        self.counters.forged += 1
        self._send(self._arrive, packets.lower_ttl(raw, hop - 1), self._line_delay(self._client))

    def hop_address(self, hop: int) -> bytes:
        return packets.address(self._route.hops[hop - 1])

    # --- packets

    def _send(self, step: Step, raw: bytes, after_s: float) -> None:
        self._number += 1
        heappush(self._due, (self._now + after_s, self._number, step, raw))

    def _queue(self, step: Step, raw: bytes, leaves: float | None) -> None:
        """The packet is in the queue of the access line, or there was no room for it."""
        if leaves is None:
            self.counters.lost += 1
        else:
            self._send(step, raw, leaves - self._now)

    def _line_delay(self, device: int) -> float:
        """Jitter never lets a packet overtake the one before it."""
        if not self._jitter_s:
            return self._delay_s
        delay = self._delay_s + self._chances[device].uniform(0, self._jitter_s)
        arrives = max(self._now + delay, self._latest[device])
        self._latest[device] = arrives
        return arrives - self._now

    def _swallowed(self, raw: bytes, device: int) -> bool:
        """Each direction has dice of its own, so that a seed means the same losses however the two interleave."""
        if raw[0] >> 4 != 4 or not self.road.up:
            return True
        if self._loss and self._chances[device].random() < self._loss:
            self.counters.lost += 1
            return True
        return False

    def from_client(self, raw: bytes) -> None:
        if self._swallowed(raw, self._client):
            return
        self.counters.up += 1
        if self._access is None:
            self._pass_up(raw)
        else:
            self._queue(self._pass_up, raw, self._access.up(len(raw), self._now))

    def _pass_up(self, raw: bytes) -> None:
        passed = self.censor.up(raw, self._now)
        if passed is None:
            return
        raw, extra = passed
        if raw[8] <= self._hops:
            self._expire(raw)
        else:
            self._send(self._into_world, packets.lower_ttl(raw, self._hops), self._line_delay(self._world) + extra)

    def _expire(self, raw: bytes) -> None:
        hop = raw[8]
        self.counters.expired += 1
        if hop in self._route.silent_hops or hop == 0:
            return
        told = packets.icmp_error(raw, packets.TIME_EXCEEDED, 0, self.hop_address(hop))
        self._send(self._arrive, packets.lower_ttl(told, hop - 1), 2 * self._delay_s * hop / (self._hops + 1))

    def from_world(self, raw: bytes) -> None:
        if self._swallowed(raw, self._world) or raw[8] <= self._hops or raw[16:20] != self._client_ip:
            return
        self.counters.down += 1
        passed = self.censor.down(raw, self._now)
        if passed is not None:
            raw, extra = passed
            self._send(self._arrive, packets.lower_ttl(raw, self._hops), self._line_delay(self._client) + extra)

    def _arrive(self, raw: bytes) -> None:
        if self._access is None:
            self._into_client(raw)
        else:
            self._queue(self._into_client, raw, self._access.down(len(raw), self._now))

    # --- the loop

    def run(self, control: Connection) -> None:
        """Until the control channel closes."""
        readers = {self._client: self.from_client, self._world: self.from_world}
        watched: list[Any] = [self._client, self._world, control]
        while True:
            ready, _, _ = select.select(watched, [], [], self._deliver())
            for source in ready:
                if source is control:
                    if not self._obey(control):
                        return
                    continue
                self._now = time.monotonic()
                _drain(source, readers[source])

    def _deliver(self) -> float | None:
        """Do what is due, as of when it was due: being late slows no line. Returns the seconds until the next is."""
        due = self._due
        while due:
            wait = due[0][0] - time.monotonic()
            if wait > 0.00005:
                return wait
            self._now, _, step, raw = heappop(due)
            step(raw)
        return None

    def _obey(self, control: Connection) -> bool:
        try:
            verb, value = control.recv()
        except (EOFError, ConnectionError):
            return False
        answer: object = None
        if verb == "rules":
            self.censor.set_rules(value)
        elif verb == "road":
            self.set_road(value)
        elif verb == "route":
            set_route(up=value)
        elif verb == "client":
            self._client_ip = packets.address(value)
            set_address(value)
        elif verb == "hits":
            answer = self.censor.hits
        elif verb == "forget":
            self.censor.hits = []
        elif verb == "counters":
            answer = self.counters
        control.send(answer)
        return True


def set_route(*, up: bool) -> None:
    """The router lives in the client's namespaces, where the device is."""
    lines = "link set tun0 up\nroute replace default dev tun0\n" if up else "link set tun0 down\n"
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)


def set_address(ip: str) -> None:
    """The client is somebody else from now on; what was sent to its old address finds nobody."""
    lines = f"address flush dev tun0 scope global\naddress add {ip}/32 dev tun0\nroute replace default dev tun0\n"
    subprocess.run(["ip", "-4", "-batch", "-"], input=lines, text=True, check=True)


def _write(device: int, raw: bytes) -> None:
    with suppress(OSError):  # the device is down: the packet is lost, as on a cut cable
        os.write(device, raw)


def _drain(device: int, take: Any) -> None:
    for _ in range(BATCH):
        try:
            raw = os.read(device, LARGEST)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO, errno.EBADFD):
                return
            raise
        take(raw)
