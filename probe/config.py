"""One TOML file becomes frozen settings. With clock and environment, the only thing read from outside is read here.

No setting is looked up anywhere else, and nothing is opened but the file itself, the vantage's own name, and what it
was given when it joined a server.
"""

import os
import re
import secrets
import tomllib
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_config_path, user_data_path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from probe.tongue import N_, say
from probe.vantage import enrolment
from results.records import Vantage, is_address
from targets.exclusion import exclusion, names_address
from targets.url import BadUrl, ascii_host, parse

_OPEN = {"language", "quiet", "digest", "zone", "link", "sites", "outlets", "networks", "kinds", "severity"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


NAME_FILE = "vantage-name"  # in the data folder
SERVER_LIST = "server"  # among probe.lists: what the server names that this vantage has joined


_NO_ROOTS = N_("SSL_CERT_FILE names {file}, which can't be read; allowed is a file of PEM certificates.")
_EXCLUDED = N_("probe.exclude names {url}, which is a reference; name others in reference.urls.")


class ConfigError(Exception):
    """The configuration can't be used. The message is one sentence for a person: which key, which value, what is
    allowed.
    """


def _interval(value: Any) -> timedelta:
    found = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", value) if isinstance(value, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 5 <= seconds <= 7 * 86400:
        raise ValueError('allowed is a number and s, m, h or d, from "5s" to "7d"')
    return timedelta(seconds=seconds)


def _days(value: Any) -> timedelta:
    found = re.fullmatch(r"\s*(\d{1,5})\s*d\s*", value) if isinstance(value, str) else None
    if not found or int(found[1]) < 31:
        raise ValueError('allowed is a number of days from 31 on, as in "400d"')
    return timedelta(days=int(found[1]))


def _udp(value: str) -> str:
    scheme, _, host = value.partition("://")
    if scheme != "udp" or not is_address(host.strip("[]")):
        raise ValueError('allowed is udp:// and an IP address, as in "udp://8.8.8.8"')
    return value


def _is_web(value: str) -> bool:
    with suppress(BadUrl):
        return bool(parse(value).host) and "@" not in urlsplit(value).netloc
    return False


def _https(value: str) -> str:
    if not _is_web(value) or not value.startswith("https://"):
        raise ValueError('allowed is an https:// address, as in "https://dns.quad9.net/dns-query"')
    return value


def _web(value: str) -> str:
    if not _is_web(value):
        raise ValueError("allowed is an http:// or https:// address without a user name")
    return value


def _time(value: Any) -> time | None:
    """An empty text takes back what would be inherited."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if value and not found:
        raise ValueError('allowed is a time, as in "09:00"')
    return time(int(found[1]), int(found[2])) if found else None


def _hours(value: Any) -> tuple[time, time] | None:
    if value == "":
        return None
    first, dash, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    with suppress(ValueError):
        begins, ends = _time(first.strip()), _time(last.strip())
        if begins and ends and dash and begins != ends:
            return begins, ends
    raise ValueError('allowed are two different times, as in "22:00-07:00"')


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError('allowed is a zone of the IANA\'s table, as in "Asia/Almaty"') from exc
    return value


def _host(value: str) -> str:
    try:
        return ascii_host(value)
    except BadUrl as exc:
        raise ValueError('allowed is a host name, as in "ratel.kz"') from exc


def _name(value: str) -> str:
    host, colon, port = value.partition(":")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError('allowed is a host name, with a port if it is not 443, as in "kedergi.example.org"')
    return _host(host) + colon + port


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VantageSection(_Section):
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    asn: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    network: Annotated[str, Field(max_length=100)] | None = None
    vantage_class: Literal["home", "mobile", "office", "hosting", "unknown"] = Field(default="unknown", alias="class")


class ProbeSection(_Section):
    lists: tuple[str, ...] = Field(default=("kz",), min_length=1, strict=False)
    interval: Annotated[timedelta, BeforeValidator(_interval)] = timedelta(minutes=30)
    concurrency: Annotated[int, Field(ge=1, le=200)] = 16
    daily_budget_mb: Annotated[int, Field(ge=1, le=100_000)] = 100
    on_metered: Literal["full", "light", "none"] = "light"
    on_battery: Literal["full", "light", "none"] = "full"
    exclude: tuple[Annotated[str, AfterValidator(exclusion)], ...] = Field(default=(), strict=False)
    sensitive: bool = False  # whether targets of tier 2 are looked at, too


class DnsSection(_Section):
    resolvers: tuple[Annotated[str, AfterValidator(_udp)], ...] = Field(default=(), strict=False)
    trusted: tuple[Annotated[str, AfterValidator(_https)], ...] = Field(
        default=("https://dns.quad9.net/dns-query",), strict=False
    )


class ControlSection(_Section):
    url: Annotated[tuple[Annotated[str, AfterValidator(_web)], ...], BeforeValidator(_listed)] = Field(
        default=(), strict=False
    )
    token: str = Field(default="", repr=False)


class ServerSection(_Section):
    """Where measurements are sent once this vantage has joined: the addresses of one server."""

    url: Annotated[tuple[Annotated[str, AfterValidator(_web)], ...], BeforeValidator(_listed)] = Field(
        default=(), strict=False
    )
    # A server's own: the controls that whoever joins it is told.
    control: Annotated[tuple[Annotated[str, AfterValidator(_web)], ...], BeforeValidator(_listed)] = Field(
        default=(), strict=False
    )
    # A server's own, too: the names under which it is reached over TLS, and whether whoever comes may read its pages.
    name: Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], BeforeValidator(_listed)] = Field(
        default=(), strict=False
    )
    public: bool = True


class ReferenceSection(_Section):
    urls: tuple[Annotated[str, AfterValidator(_web)], ...] = Field(
        default=("https://www.wikipedia.org/",), strict=False
    )


class StoreSection(_Section):
    url: str = Field(default="sqlite:///kedergi.db", repr=False)  # may hold a password
    keep_evidence: Annotated[timedelta | None, BeforeValidator(_days)] = None  # None: for ever
    archive: str | None = Field(default=None, min_length=1)  # the folder to which older evidence goes
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None  # of a vantage; None: for ever
    max_mb: Annotated[int, Field(ge=10, le=10_000_000)] | None = None  # of a vantage; None: see probe/tidying.py

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.keep_evidence is not None and self.archive is None:
            raise ValueError(
                "keep_evidence needs a folder in archive, since nothing is deleted that has no other place"
            )
        return self


class _Manner(_Section):
    """How whoever is alerted wants it. What is absent in a subscription is as in [alerts]."""

    to: tuple[str, ...] = Field(default=(), strict=False, repr=False)
    language: Literal["en", "ru", "kk"] = "en"
    quiet: Annotated[tuple[time, time] | None, BeforeValidator(_hours)] = None
    digest: Annotated[time | None, BeforeValidator(_time)] = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


class SubscriptionSection(_Manner):
    to: tuple[str, ...] = Field(min_length=1, strict=False, repr=False)
    sites: tuple[Annotated[str, AfterValidator(_host)], ...] = Field(default=(), strict=False)
    outlets: tuple[str, ...] = Field(default=(), strict=False)
    networks: tuple[Annotated[int, Field(ge=1, le=4294967295)], ...] = Field(default=(), strict=False)
    kinds: tuple[Literal["blocking", "throttling", "outage", "shutdown", "silent"], ...] = Field(
        default=(), strict=False
    )
    severity: Literal["low", "medium", "high"] = "low"


class AlertsSection(_Manner):
    link: Annotated[str, AfterValidator(_web)] = "http://127.0.0.1:8733"
    subscriptions: tuple[SubscriptionSection, ...] = Field(default=(), strict=False)


class Settings(_Section):
    """The whole configuration; each section has defaults for all that may be absent."""

    vantage: VantageSection = VantageSection()
    probe: ProbeSection = ProbeSection()
    dns: DnsSection = DnsSection()
    control: ControlSection = ControlSection()
    server: ServerSection = ServerSection()
    reference: ReferenceSection = ReferenceSection()
    store: StoreSection = StoreSection()
    alerts: AlertsSection = AlertsSection()


def default_file() -> Path:
    """Where the configuration is looked for when no `--config` is given."""
    return user_config_path("kedergi", appauthor=False) / "kedergi.toml"


def data_folder() -> Path:
    """Where this machine's own things are kept: the store, the consent, the vantage's random name."""
    return user_data_path("kedergi", appauthor=False)


def roots_file() -> str | None:
    """The root certificates that replace the bundled ones. Raises ConfigError where they can't be read."""
    name = os.environ.get("SSL_CERT_FILE")
    if name and not os.access(name, os.R_OK):
        raise ConfigError(say(_NO_ROOTS, file=name))
    return name or None


def load(path: Path | None = None) -> Settings:
    """The settings in `path`, or in the default file where that exists, or the defaults. Raises ConfigError."""
    chosen = path or default_file()
    if path is None and not chosen.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(chosen.read_text("utf-8-sig")))
    except OSError as exc:
        raise ConfigError(say("Can't read the configuration {file}: {why}.", file=chosen, why=exc.strerror)) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(say("{file}: the configuration is not UTF-8 text.", file=chosen)) from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(say("{file}: not TOML: {why}.", file=chosen, why=exc)) from exc
    except ValidationError as exc:
        raise ConfigError(f"{chosen}: " + "; ".join(_sentence(error) for error in exc.errors()) + ".") from exc


def here(path: Path | None = None) -> Settings:
    """As `load`, and what joining a server gave this machine: the name always, the rest where the file is silent.

    Raises ConfigError, BadEnrolment.
    """
    settings, joined = load(path), enrolment.load(data_folder())
    for url in settings.reference.urls:
        if names_address(url, settings.probe.exclude):
            raise ConfigError(say(_EXCLUDED, url=url))
    if joined is None:
        return settings
    section, server = settings.vantage, settings.server
    said = section.model_fields_set
    given: dict[str, Any] = {"name": joined.vantage, "country": section.country or joined.country}
    if "vantage_class" not in said:
        given["vantage_class"] = joined.vantage_class
    # Once it has joined, the server names the sites, unless the file does.
    lists = settings.probe.lists if "lists" in settings.probe.model_fields_set else _lists(joined)
    return settings.model_copy(
        update={
            "vantage": section.model_copy(update=given),
            "server": server.model_copy(update={"url": server.url or joined.servers}),
            "control": settings.control.model_copy(update={"url": settings.control.url or joined.controls}),
            "probe": settings.probe.model_copy(update={"lists": lists}),
        }
    )


def _lists(joined: enrolment.Enrolment) -> tuple[str, ...]:
    return (SERVER_LIST,) if joined.believed else ProbeSection().lists


def store_url(settings: Settings) -> str:
    """The store's address; a relative SQLite file lies in the data folder."""
    prefix, _, name = settings.store.url.partition("sqlite:///")
    if prefix or not name or name.startswith(("/", ":memory:")) or Path(name).is_absolute():
        return settings.store.url
    return f"sqlite:///{data_folder() / name}"


def archive_folder(settings: Settings) -> Path | None:
    """Where old evidence goes; a relative folder lies in the data folder. None: nowhere, it stays in the store."""
    return data_folder() / settings.store.archive if settings.store.archive is not None else None


def store_file(url: str) -> Path | None:
    """Where a SQLite store lies; None for another, or one in memory."""
    prefix, _, name = url.partition("sqlite:///")
    return Path(name.partition("?")[0]) if name and not prefix and not name.startswith(":memory:") else None


def kept_name(folder: Path) -> str | None:
    """The name that was drawn for this vantage; None where none was yet."""
    try:
        return (folder / NAME_FILE).read_text("utf-8").strip() or None
    except OSError:
        return None


def vantage(settings: Settings) -> Vantage:
    """Who measures. A name is drawn at random once and kept, since it must not tell a person and must not change."""
    section = settings.vantage
    return Vantage(
        name=section.name or _own_name(data_folder() / NAME_FILE),
        country=section.country,
        asn=section.asn,
        network=section.network,
        vantage_class=section.vantage_class,
    )


def _own_name(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w", encoding="utf-8") as file:
                file.write(f"v-{secrets.token_hex(4)}")
        except FileExistsError:
            pass
        return path.read_text("utf-8").strip() or _drawn(path)
    except OSError as exc:
        raise ConfigError(say("Can't keep the vantage's name in {path}: {why}.", path=path, why=exc.strerror)) from exc


def _drawn(path: Path) -> str:
    """Anew, where a power cut came between making the file and writing it."""
    name = f"v-{secrets.token_hex(4)}"
    path.write_text(name, "utf-8")
    return name


def _sentence(error: Any) -> str:
    path = [str(part) for part in error["loc"]]
    key = ".".join(path)
    if error["type"] == "extra_forbidden":
        return say("unknown key {key}; allowed here: {keys}", key=key, keys=", ".join(_allowed(path[:-1])))
    says = error["msg"].removeprefix("Value error, ")
    # What may hold an address of [alerts] is never shown: most of them hold a password.
    secret = (path[0] == "alerts" and not _OPEN & set(path)) or key in {"control", "control.token", "store"}
    secret = secret or "@" in repr(error["input"])
    value = "a secret" if secret else repr(error["input"])
    return f"{key} = {value}: {says[0].lower() + says[1:]}"


def _allowed(section: list[str]) -> list[str]:
    fields = Settings.model_fields
    for part in section:
        if part.isdigit():  # the place in a list of sections
            continue
        kind = fields[part].annotation
        kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        fields = kind.model_fields
    return [field.alias or name for name, field in fields.items()]
