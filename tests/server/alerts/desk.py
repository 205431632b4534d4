"""A store, a configuration and a clock to deliver with."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from probe.config import load
from results.events import Flip
from results.queue import Queue, State
from results.store import Store
from server.alerts.delivery import Deliverer
from server.alerts.subscriptions import Subscription, read
from tests.server.alerts.build import NOW, RATEL
from tests.server.alerts.conftest import Webhook


@dataclass
class Clock:
    """The time, which only the test moves on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **more: float) -> None:
        self.now += timedelta(**more)


@dataclass
class Desk:
    """A store, a configuration, and a clock: makes deliverers, as often as the program is started."""

    store: Store
    folder: Path
    webhook: Webhook
    clock: Clock

    def subscribed(self, text: str) -> tuple[Subscription, ...]:
        file = self.folder / "kedergi.toml"
        file.write_text(text, "utf-8")
        return read(load(file))

    def to(self, *names: str, more: str = "") -> Deliverer:
        addresses = ", ".join(f'"{self.webhook.address(name)}"' for name in names)
        return self.by(f"[alerts]\nto = [{addresses}]\n{more}")

    def by(self, text: str) -> Deliverer:
        outlets = {RATEL: "Ratel.kz"}
        chance = random.Random(7)
        return Deliverer(self.store, self.subscribed(text), clock=self.clock, chance=chance, outlets=outlets)

    def add(self, *flips: Flip) -> None:
        Queue(self.store).add(flips)

    def listing(self) -> list[tuple[State, int, str]]:
        return [(one.state, one.tries, one.says) for one in Queue(self.store).listing()]


@pytest.fixture
def desk(store: Store, tmp_path: Path, webhook: Webhook) -> Desk:
    return Desk(store, tmp_path, webhook, Clock())
