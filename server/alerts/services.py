"""The only module that knows Apprise: one address becomes one service that takes a message, or says why not.

An address is a secret. It is shown masked, known elsewhere by its digest, and is in no log and no exception from here.
"""

import hashlib
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from apprise import Apprise, NotifyBase

# What is on its way goes on after we gave up, and would come twice: longer than the mail library looks for the name of
# its own host where no resolver answers.
TIMEOUT_S = 60.0
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9]{1,19}(?=://)")
_NOBODY = re.compile(r"connection error|socket exception|timed? ?out|could not connect", re.IGNORECASE)
_STATUS = re.compile(r"\berror=(\d{3})\b")
# What Apprise is built of writes addresses and tokens to its loggers, and the password of a bot stands in a URL's path.
_TALKATIVE = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "charset_normalizer", "markdown")


class BadAddress(Exception):
    """No address of a service. The message follows the key's name, and does not hold the address."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sending ended, in words that hold no address."""

    sent: bool
    says: str
    answered: bool = True  # False: nobody was there, and nobody will be for the next message


@dataclass(frozen=True, slots=True)
class Service:
    """One address. Made by `opened`."""

    digest: str  # what the store knows of it
    masked: str  # what a person may see of it
    takes_pictures: bool
    _apprise: "Apprise" = field(repr=False, compare=False)

    async def send(self, title: str, body: str, picture: bytes | None = None) -> Outcome:
        """One message. Raises nothing that a service or the network does.

        A service that refuses the picture gets the words alone, unless it has the words already or nobody knows.
        """
        with_picture = picture if self.takes_pictures else None
        outcome, may_have_it = await self._once(title, body, with_picture)
        if outcome.sent or with_picture is None or may_have_it:
            return outcome
        bare, _ = await self._once(title, body, None)
        return Outcome(True, f"without the picture: {outcome.says}") if bare.sent else bare

    async def _once(self, title: str, body: str, picture: bytes | None) -> tuple[Outcome, bool]:
        """How it ended, and whether the words may have arrived although it failed."""
        from apprise import AppriseResultStatus, NotifyFormat  # noqa: PLC0415 - heavy, and only for who alerts

        result = await self._apprise.async_notify(
            title=title,
            body=body,
            body_format=NotifyFormat.TEXT,
            attach=_attached(picture),
            timeout=TIMEOUT_S,
            log_level=logging.INFO,
        )
        attempts = [attempt for one in result.results for attempt in one.attempts]
        # Not the result's own status: it is a success for an address that says `optional=yes`, whatever happened.
        if attempts and attempts[-1]:
            return Outcome(True, "sent"), False
        if attempts and attempts[-1].status is AppriseResultStatus.TIMEOUT:
            return Outcome(False, f"no answer within {TIMEOUT_S:.0f} s", answered=False), True
        entries = [(entry.level, entry.message) for attempt in attempts for entry in attempt.logs]
        if picture and any(level == "INFO" and message.startswith("Sent ") for level, message in entries):
            return Outcome(True, "without the picture: the service took the words alone"), True
        return _failed(" ".join(message for _, message in entries)), False


def opened(address: str) -> Service:
    """The service of an address. Raises BadAddress."""
    apprise, service = _loaded(address)
    if len(service) > 1:
        raise BadAddress(
            "it names several recipients; write an address for each, so that one that fails is tried again alone"
        )
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    return Service(digest, _masked(service), bool(service.attachment_support), apprise)


def _loaded(address: str) -> "tuple[Apprise, NotifyBase]":
    _hush()
    import apprise  # noqa: PLC0415 - heavy, and only for who alerts

    # Nothing is kept on disk, no picture of the library's own is fetched or sent, and no service takes longer.
    asset = apprise.AppriseAsset(
        app_id="Kedergi",
        app_desc="Kedergi",
        storage_mode="memory",
        image_path_mask=False,
        service_timeout=TIMEOUT_S,
        allow_templates=False,
    )
    asset.image_url_mask = asset.image_url_logo = ""
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        found = _SCHEME.match(address)
        names = (
            f"Apprise knows no such {found[0].lower()}:// address" if found else "it has no service's name before ://"
        )
        raise BadAddress(f'{names}; allowed are addresses as Apprise writes them, as in "mailto://user:password@host"')
    return apprise.Apprise(service, asset=asset), service


def _hush() -> None:
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    # Each call keeps what was said of it: whether the words had gone before the picture failed is an INFO.
    logging.getLogger("apprise").setLevel(logging.INFO)


def _attached(picture: bytes | None) -> object:
    if picture is None:
        return None
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415 - heavy, and only for who alerts

    return AttachMemory(content=picture, name="kedergi.png", mimetype="image/png")  # type: ignore[no-untyped-call]


def _failed(said: str) -> Outcome:
    """Why it failed. Apprise's own words hold hosts, names and numbers of people: they are not passed on."""
    status = _STATUS.search(said)
    if status:
        return Outcome(False, f"the service answered {status[1]}")
    if _NOBODY.search(said):
        return Outcome(False, "the service can't be reached", answered=False)
    return Outcome(False, "the service did not take it")


def _masked(service: "NotifyBase") -> str:
    """As Apprise masks it, and more: a topic or a path may be all that is secret of an address."""
    scheme, _, rest = str(service.url(privacy=True)).partition("://")  # type: ignore[no-untyped-call]
    place, _, path = rest.partition("?")[0].partition("/")
    user, at, host = place.rpartition("@")
    shown = f"{_short(user.partition(':')[0])}@" if at else ""
    shown += host if re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?|localhost(:\d+)?|\[.*\](:\d+)?", host) else _short(host)
    return f"{scheme}://{shown}" + ("/…" if path.strip("/") else "")


def _short(text: str) -> str:
    text = unquote(text)
    return text if "..." in text else f"{text[:1]}…"
