"""Shows what this vantage is, what is stored of it here, and who hears of it. Sends nothing, makes no file."""

from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer

from probe import config as _config
from probe import consent
from probe.age import age, notice
from probe.budget import MB_BYTES, used_today_bytes
from probe.lists import choose
from probe.tongue import say
from probe.vantage import enrolment, server_list
from probe.vantage.enrolment import fingerprint
from probe.vantage.lately import lately, lines
from probe.vantage.signing import WINDOW
from results import outbox
from results.formats.jsonl import written
from results.records import iso
from results.store import Store, without_password


def run_show(*, as_json: bool, config: Path | None) -> None:
    settings = _config.here(config)
    found = _found(settings, config)
    if as_json:
        typer.echo(written(found))
        return
    said = _lines(found)
    width = max(len(name) for name, _ in said)
    for name, says in said:
        typer.echo(f"{name:<{width}}  {says}")


def _found(settings: _config.Settings, config: Path | None) -> dict[str, Any]:
    section, folder, file = settings.vantage, _config.data_folder(), config or _config.default_file()
    url = _config.store_url(settings)
    name = section.name or _config.kept_name(folder)
    return {
        "program": version("kedergi"),
        "program_age_days": age(datetime.now(UTC)).days,
        "vantage": name,
        "class": section.vantage_class,
        "country": section.country,
        "asn": section.asn,
        "network": section.network,
        "consent_given_at": consent.given_at(folder),
        "configuration": str(file) if file.exists() else None,
        "store": without_password(url),
        **_stored(url, name),
        "daily_budget_mb": settings.probe.daily_budget_mb,
        **lately(settings, url, name, datetime.now(UTC)),
        **_sent(settings, url),
        **_listed(settings),
        "controls": list(settings.control.url),
        "trusted_resolvers": list(settings.dns.trusted),
        "alerts_to": len(settings.alerts.to) + sum(len(one.to) for one in settings.alerts.subscriptions),
    }


def _sent(settings: _config.Settings, url: str) -> dict[str, Any]:
    """How far sending is; all is null where this vantage has joined no server."""
    joined, file = enrolment.load(_config.data_folder()), _config.store_file(url)
    if joined is None:
        return {"server": None, "sent": None, "waiting": None, "refused": None}
    counts = outbox.Standing(0, 0, 0)
    if file is None or file.exists():
        with closing(Store(url)) as store:
            counts = outbox.standing(store, outbox.Sender(joined.vantage, joined.joined_at - WINDOW))
    return {"server": settings.server.url[0], **counts._asdict()}


def _listed(settings: _config.Settings) -> dict[str, Any]:
    """What is looked at, what is left out and why, and what has come from the server."""
    folder = _config.data_folder()
    joined = enrolment.load(folder)
    from_server = server_list.kept(folder, joined.believed if joined else None)
    choice = choose(settings, from_server)
    return {
        "lists": list(settings.probe.lists),
        "targets": len(choice.targets),
        "left_out": {"excluded": choice.excluded, "sensitive": choice.sensitive, "unused": choice.unused},
        "server_key": fingerprint(joined.server_key) if joined and joined.server_key else None,
        "server_list": from_server
        and {
            "version": from_server.version,
            "made_at": iso(from_server.made_at),
            "targets": len(from_server.targets),
            "unread": from_server.unread,
        },
    }


def _stored(url: str, name: str | None) -> dict[str, Any]:
    file = _config.store_file(url)
    nothing = {"measurements": 0, "sites": 0, "first_at": None, "last_at": None, "used_today_mb": 0.0}
    if file is not None and not file.exists():
        return {"store_bytes": None, **nothing}
    with closing(Store(url)) as store:
        held = store.held()
        used = used_today_bytes(store, name, datetime.now(UTC)) if name else 0
    return {
        "store_bytes": file.stat().st_size if file else None,
        "measurements": held.measurements,
        "sites": held.sites,
        "first_at": held.first_at and iso(held.first_at),
        "last_at": held.last_at and iso(held.last_at),
        "used_today_mb": round(used / MB_BYTES, 1),
    }


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for a person, in their language."""
    where = ", ".join(filter(None, (found["class"], found["country"])))
    known = [f"AS{found['asn']}" if found["asn"] else "", found["network"] or ""]
    given = found["consent_given_at"]
    hear = ", ".join([*found["trusted_resolvers"], *found["controls"]])
    name, alerts = found["vantage"] or say("not named yet"), found["alerts_to"]
    return [
        (say("vantage"), f"{name} ({where})"),
        (say("network"), " ".join(filter(None, known)) or say("looked up each round")),
        (say("consent"), say("given {moment}", moment=given) if given else say("not given")),
        (say("configuration"), found["configuration"] or say("none: the defaults hold")),
        *_of_store(found),
        *lines(found),
        (say("sent to"), _to(found)),
        (say("sites"), _sites(found)),
        *_of_server(found),
        (say("asked"), say("which sites are looked at is learned by {hosts}", hosts=hear) if hear else say("nobody")),
        (say("alerts"), say("to addresses: {count}", count=alerts) if alerts else say("to nobody")),
        (say("program"), notice(datetime.now(UTC)) or _program(found)),
    ]


def _program(found: dict[str, Any]) -> str:
    return say("{software}, about {days} days old.", software=found["program"], days=found["program_age_days"])


def _of_store(found: dict[str, Any]) -> list[tuple[str, str]]:
    size = f", {found['store_bytes'] / MB_BYTES:.1f} MB" if found["store_bytes"] is not None else ""
    count, span = f"{found['measurements']:,}", ""
    if found["measurements"]:
        told = {"sites": found["sites"], "first": found["first_at"], "last": found["last_at"]}
        span = "; " + say("sites: {sites}, {first} to {last}", **told)
    used = say("{used} of {limit} MB used today.", used=found["used_today_mb"], limit=found["daily_budget_mb"])
    return [
        (say("store"), f"{found['store']}{size}"),
        (say("measurements"), f"{count}{span}"),
        (say("data today"), used),
    ]


def _to(found: dict[str, Any]) -> str:
    if not found["server"]:
        return say("nobody: no server is set up")
    counts = {name: f"{found[name]:,}" for name in ("sent", "waiting", "refused")}
    return say("{server}: {sent} sent, {waiting} waiting, {refused} refused", server=found["server"], **counts)


def _sites(found: dict[str, Any]) -> str:
    lists = ", ".join(found["lists"])
    looked = say("{count} of {lists}", count=found["targets"], lists=lists)
    out = say(
        "left out: {excluded} excluded by you, {sensitive} sensitive, {unused} for other uses", **found["left_out"]
    )
    return f"{looked}; {out}"


def _of_server(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Its key, to be compared with what whoever runs it says, and its list."""
    if not found["server_key"]:
        return []
    came, listed = found["server_list"], say("none has come yet")
    if came:
        told = {"count": came["targets"], "moment": came["made_at"], "version": came["version"][:12]}
        listed = say("sites: {count}, made {moment}, version {version}", **told)
    return [(say("server's key"), found["server_key"]), (say("server's list"), listed)]
