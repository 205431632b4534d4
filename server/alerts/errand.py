"""What `kedergi alerts` does, from settings to exit status: test messages, and what was sent and what waits.

Real alerts are sent by delivery.py.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from probe import config as _config
from probe.config import ConfigError
from results.queue import Delivery, Queue, State
from results.store import Store
from server.alerts import subscriptions
from server.alerts.texts import Style, news, trial
from server.alerts.texts import message as worded

_STYLES = {State.WAITING: "yellow", State.SENT: "green", State.GIVEN_UP: "bold red"}


async def run_test(config: Path | None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Sends a test message to each address; 0 where all took it, 1 otherwise. Raises ConfigError."""
    settings = _config.load(config)
    wanted = await asyncio.to_thread(subscriptions.read, settings)
    services = subscriptions.services(wanted)
    if not services:
        raise ConfigError('There is nobody to alert; name an address in alerts.to, as in to = ["ntfy://topic"].')
    manners = {service.digest: one for one in reversed(wanted) for service in one.to}
    messages = [
        trial(Style(language=one.language, zone=one.zone, link=one.link, now=clock(), outlets={}))
        for one in (manners[digest] for digest in services)
    ]
    sending = (
        service.send(message.title, message.body) for service, message in zip(services.values(), messages, strict=True)
    )
    outcomes = await asyncio.gather(*sending)
    for service, outcome in zip(services.values(), outcomes, strict=True):
        typer.echo(f"{service.masked}: {outcome.says}")
    return 0 if all(outcome.sent for outcome in outcomes) else 1


async def run_list(config: Path | None, *, as_json: bool, limit: int) -> int:
    """Prints the deliveries, newest first. Raises ConfigError, StoreError."""
    settings = _config.load(config)
    wanted = await asyncio.to_thread(subscriptions.read, settings)
    masked = {digest: service.masked for digest, service in subscriptions.services(wanted).items()}
    store = await asyncio.to_thread(Store, _config.store_url(settings))
    try:
        found = await asyncio.to_thread(Queue(store).listing, limit)
    finally:
        store.close()
    if as_json:
        for one in found:
            typer.echo(json.dumps(_record(one, masked), ensure_ascii=False))
    elif found:
        _print(found, masked)
    else:
        typer.echo("No alert was due yet.", err=True)
    return 0


def _record(one: Delivery, masked: dict[str, str]) -> dict[str, object]:
    return {
        "state": one.state,
        "to": masked.get(one.address),  # None: it has left the configuration
        "address": one.address,
        "event": one.flip.event.uid,
        "change": one.flip.change,
        "title": _title(one),
        "noticed_at": one.flip.noticed_at.isoformat(),
        "due_at": one.due_at.isoformat() if one.state is State.WAITING else None,
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "given_up_at": one.given_up_at.isoformat() if one.given_up_at else None,
        "tries": one.tries,
        "says": one.says,
    }


def _print(found: Sequence[Delivery], masked: dict[str, str]) -> None:
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("state", "at (UTC)", "to", "tries", "says", "what"):
        shown.add_column(name, justify="right" if name == "tries" else "left", overflow="fold")
    for one in found:
        at = one.sent_at or one.given_up_at or one.due_at
        shown.add_row(
            Text(one.state.replace("_", " "), style=_STYLES[one.state]),
            Text(f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"),
            Text(masked.get(one.address, f"{one.address[:4]}…, no longer configured")),
            Text(str(one.tries)),
            Text(one.says),
            Text(_title(one)),
        )
    Console(width=None if Console().is_terminal else 200).print(shown)


def _title(one: Delivery) -> str:
    style = Style(language="en", zone=subscriptions.utc(), link="", now=one.flip.noticed_at, outlets={})
    return worded(news([one.flip], told_before=one.flip.change.value != "opened"), style).title
