"""Joins a server with a code: says what will be sent, makes the key, and keeps what the server gives.

How measurements are sent afterwards is in probe/submit.py. What goes wrong leaves nothing but the key, for another try.
"""

import asyncio
import json
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import typer
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from probe import config as _config
from probe.net import Garbage, place
from probe.services import Answer, Services
from probe.tongue import N_, say
from probe.tools import trusting
from probe.vantage import enrolment, identity
from probe.vantage.answers import clock_of, why, words
from probe.vantage.enrolment import Class, Country, Enrolment, Name, NotJoined
from probe.vantage.purge import agreed
from probe.vantage.signing import sign

PATH = "/v1/enrol"
_ANSWER_BYTES = 64 * 1024
_ANSWER_S = 30.0
_CODE = re.compile(r"[!-~]{1,100}")

TEXT = N_("""\
You are about to join {server}.

Sent to it now: the code that you were given, and the public half of a key that is made for this vantage. The other half
never leaves this machine.

Sent to it from then on: each measurement that is made here, also those that you ask for with `kedergi check`: the site,
the time, the verdict and all its evidence; and with it the random name that the server gives this vantage, its class,
its country, and the number and name of its network.

Never sent: your own address, your name, the names of your computer and your Wi-Fi, what you do with them, and what was
measured before. But a page that came without encryption is evidence, and such a page may itself mention your address;
and the server sees from where you connect, as every website does.{plain}

What the server chooses from then on: which sites are looked at from here, unless your configuration names lists
(probe.lists). Only sites that are harmless to visit; what probe.exclude names is never looked at. And which control is
asked what those sites look like from elsewhere, unless your configuration names one (control.url).

To see all of it: kedergi vantage show. To stop for good: kedergi vantage purge; what was sent stays at the server.
""")
PLAIN = N_("""
The address of this server begins with http://: whoever is on the way can read, and forge, all that is said.""")
ALREADY = N_("This vantage has joined a server already, as {vantage}; to join another, delete {files} first.")
ASKED = N_("Join it?")
NOTHING_SENT = N_("Nothing was sent.")
CONFIGURED = N_("The class and the country that the configuration names hold for what is measured here.")
FROM_NOW = N_(
    "What `kedergi up` and `kedergi probe` measure from now on is sent; one that runs has to be started anew."
)
JOINED = N_("This vantage has joined as {vantage} ({vantage_class}, {country}).")
KEY = N_("The server's key: {key}")
CONTROL = N_("The server's control, which is asked unless the configuration names another: {url}")
NO_INVITATION = N_(
    "{written} is no invitation; allowed is CODE@SERVER as you were given it, the server as a name or an address, as "
    'in "k7qd-m2xp@kedergi.example.org".'
)
SAME_CODE = N_("nothing is joined yet; the same code may be tried again")
SILENT = N_("{server} does not answer within {seconds} s; {said}.")
UNREACHABLE = N_("{server} can't be reached ({why}); {said}.")
THEN_AGAIN = N_("Then try the same code again.")
NO_SERVER = N_("What answers at {server} is no server of Kedergi (HTTP status {status}); is the address right?")
REFUSES = N_("{server} refuses (HTTP status {status}): {why}")


class Invitation(NamedTuple):
    """What a volunteer was given."""

    code: str
    server: str


class _Given(BaseModel):
    """The server's answer; of another server, or a newer one, there may be more in it."""

    vantage: Name
    vantage_class: Class = Field(alias="class")
    country: Country
    at: AwareDatetime
    server_key: enrolment.Key | None = None
    controls: enrolment.Controls = ()


async def run_enrol(written: str, *, yes: bool, config: Path | None) -> int:
    """0 when this vantage has joined, 1 when nobody agreed. Raises ConfigError, NoKey, BadEnrolment, NotJoined."""
    invitation, folder, section = invitation_of(written), _config.data_folder(), _config.load(config).vantage
    key = identity.load(folder)
    joined = enrolment.load(folder)
    if joined is not None and key is not None:
        files = f"{folder / enrolment.FILE}, {folder / identity.FILE}"
        raise NotJoined(say(ALREADY, vantage=joined.vantage, files=files))
    plain = say(PLAIN) if invitation.server.startswith("http://") else ""
    typer.echo(say(TEXT, server=invitation.server, plain=plain), err=True)
    if not yes and not agreed(say(ASKED)):
        typer.echo(say(NOTHING_SENT), err=True)
        return 1
    context = await trusting()
    key = key or identity.make(folder)
    services = Services(context)
    try:
        given = await _asked(services, invitation, key)
    finally:
        await services.aclose()
    enrolment.keep(
        folder,
        Enrolment(
            servers=(invitation.server,),
            vantage=given.vantage,
            vantage_class=given.vantage_class,
            country=given.country,
            joined_at=given.at,
            server_key=given.server_key,
            controls=given.controls,
        ),
    )
    _said(given)
    if section.country or "vantage_class" in section.model_fields_set:
        typer.echo(say(CONFIGURED))
    typer.echo(say(FROM_NOW))
    return 0


def _said(given: _Given) -> None:
    typer.echo(say(JOINED, vantage=given.vantage, vantage_class=given.vantage_class, country=given.country))
    if given.server_key:
        typer.echo(say(KEY, key=enrolment.fingerprint(given.server_key)))
    for url in given.controls:
        typer.echo(say(CONTROL, url=url))


def invitation_of(written: str) -> Invitation:
    """Reads CODE@SERVER. Raises ConfigError."""
    code, at, server = written.strip().partition("@")
    server = server if "://" in server else f"https://{server}"
    good = bool(at) and _CODE.fullmatch(code) is not None and "@" not in server and "?" not in server
    with suppress(Garbage):
        if good and "#" not in server and place(server).host:
            return Invitation(code, server.rstrip("/"))
    raise _config.ConfigError(say(NO_INVITATION, written=f"{written!r:.200}"))


async def _asked(services: Services, invitation: Invitation, key: identity.Identity) -> _Given:
    url = invitation.server + PATH
    body = json.dumps({"code": invitation.code, "public_key": key.public}).encode()

    def headers() -> dict[str, str]:
        said = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return sign(key, "POST", url, said, body, now=datetime.now(UTC), nonce=secrets.token_urlsafe(16))

    said = say(SAME_CODE)
    try:
        # The server gives the same answer to the same key and code: whoever was cut off just asks again.
        async with asyncio.timeout(_ANSWER_S):
            answer = await services.answer(url, headers, body, limit_bytes=_ANSWER_BYTES)
    except TimeoutError as exc:
        raise NotJoined(say(SILENT, server=invitation.server, seconds=f"{_ANSWER_S:.0f}", said=said)) from exc
    except (OSError, Garbage) as exc:
        raise NotJoined(say(UNREACHABLE, server=invitation.server, why=exc or type(exc).__name__, said=said)) from exc
    if answer.status == 200:
        with suppress(ValidationError):
            return _Given.model_validate_json(answer.body)
    raise NotJoined(_refusal(invitation.server, answer, datetime.now(UTC)))


def _refusal(server: str, answer: Answer, now: datetime) -> str:
    """Why a server refuses, in a sentence."""
    clock, said = clock_of(answer, now), why(answer)
    if clock is not None:
        return f"{clock} {say(THEN_AGAIN)}"
    if said is None:
        return say(NO_SERVER, server=server, status=answer.status)
    return say(REFUSES, server=server, status=answer.status, why=words(said.detail))
