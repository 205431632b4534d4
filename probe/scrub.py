"""What comes back may mention the vantage's own address: block pages print it, and redirects carry it along.

Behind a router the own address is not known here and never asked for, so every address is taken out but those that were
dialled. What this machine does know of itself (probe/own.py) is taken out of the whole record at its end. Pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit, urlunsplit

from results.records import Measurement, adapter, is_address

MASK = "[address]"
# Wider than any address, since what it finds is looked at once more; bounded, since pages may be hostile.
_LIKE_AN_ADDRESS = re.compile(r"(?<![\w.:])[0-9A-Fa-f:.]{3,46}(?![\w:])")
_DOTTED = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")  # with a port behind it, or a word before
# As providers write it into names: 95-56-10-20.line.example.kz.
_DASHED = re.compile(r"(?<![\w-])(\d{1,3})([-_])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![\w-])")
_LEAST_NAME = 3
# Of many machines, and so of nobody; taken out, they would tear holes into ordinary pages.
_EVERYBODYS = frozenset(
    {
        *("root", "pi", "user", "admin", "administrator", "guest", "nobody", "www-data", "ubuntu", "debian", "fedora"),
        *("home", "host", "laptop", "desktop", "localhost", "localdomain", "computer", "server", "router"),
        *("default", "wifi", "wi-fi", "internet", "free", "public"),
    }
)
_Kept = TypeVar("_Kept")


def scrubbed(text: str, *keep: str) -> str:
    """The text with each IP address masked that is not one of `keep`."""
    plain = _LIKE_AN_ADDRESS.sub(lambda found: _masked(found[0], keep), text)
    plain = _DOTTED.sub(lambda found: _masked(found[0], keep), plain)
    return _DASHED.sub(lambda found: _undashed(found, keep), plain)


def scrubbed_url(url: str) -> str:
    """The URL with addresses masked in its path and query; its host is where it leads, and stays."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=scrubbed(parts.path), query=scrubbed(parts.query)))


def resolver_network(address: str) -> str:
    """A resolver's address as it may be kept: an IPv6 one, which may be the home's own router, by its /48 only."""
    if ":" not in address or not is_address(address.partition("%")[0]):
        return address
    groups = address.partition("%")[0].partition("::")[0].split(":")[:3]
    return ":".join(group for group in groups if group) + "::"


def _masked(found: str, keep: tuple[str, ...]) -> str:
    bare = found.rstrip(".:")
    return found if bare in keep or not is_address(bare) else MASK + found[len(bare) :]


def _undashed(found: re.Match[str], keep: tuple[str, ...]) -> str:
    dotted = ".".join(found.group(1, 3, 4, 5))
    return found[0] if dotted in keep or not is_address(dotted) else MASK


# What this machine knows of itself


@dataclass(frozen=True, slots=True)
class Own:
    """What tells this machine or its owner, as far as it is known here. Never stored, never shown."""

    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    hardware: frozenset[str] = field(default=frozenset(), repr=False)
    hosts: frozenset[str] = field(default=frozenset(), repr=False)
    users: frozenset[str] = field(default=frozenset(), repr=False)
    folders: frozenset[str] = field(default=frozenset(), repr=False)
    wifi: frozenset[str] = field(default=frozenset(), repr=False)


class Masks:
    """Takes what is one's own out of texts. `words` False leaves names alone: hosts and endpoints are not prose."""

    def __init__(self, own: Own) -> None:
        numbers = [
            *((MASK, form) for address in own.addresses for form in spellings(address)),
            *(("[hardware]", form) for mac in own.hardware for form in _hardware_spellings(mac)),
        ]
        names = [
            *(("[folder]", folder) for folder in own.folders if _tells(folder)),
            *(("[host]", form) for host in own.hosts for form in (host, host.partition(".")[0]) if _tells(form)),
            *(("[user]", user) for user in own.users if _tells(user)),
            *(("[wifi]", wifi) for wifi in own.wifi if _tells(wifi)),
        ]
        self._mask = {form.lower(): mask for mask, form in (*names, *numbers)}
        self._numbers = _any_of([form for _, form in numbers])
        self._all = _any_of([form for _, form in (*names, *numbers)])

    def found(self, text: str) -> bool:
        return self._all is not None and self._all.search(text) is not None

    def prose(self, text: str) -> str:
        """Whatever somebody wrote: everything of one's own is taken out."""
        return self._all.sub(self._masked, text) if self._all else text

    def place(self, text: str) -> str:
        """A host, an endpoint: a site may be called like a person, but not like this machine's address."""
        return self._numbers.sub(self._masked, text) if self._numbers else text

    def url(self, text: str) -> str:
        """The host as a place, the rest as prose."""
        scheme, slashes, rest = text.rpartition("://")
        host, slash, path = rest.partition("/")
        return scheme + slashes + self.place(host) + slash + self.prose(path)

    def _masked(self, found: re.Match[str]) -> str:
        return self._mask[found[0].lower()]


def discreet(measurement: Measurement, masks: Masks) -> Measurement:
    """The same record without anything of one's own, wherever a page, a certificate or a failure has brought it in."""
    if not masks.found(adapter().dump_json(measurement).decode().replace("\\\\", "\\")):
        return measurement
    ways: Mapping[str, Callable[[str], str]] = {
        **dict.fromkeys(("url", "hops", "location"), masks.url),
        **dict.fromkeys(("endpoint", "name", "asns", "addresses", "plain_host"), masks.place),
    }
    # The target as it was given, who measures and with what stand for themselves.
    own = {"url", "uid", "round_uid", "vantage", "software", "past"}
    parts = {one.name: getattr(measurement, one.name) for one in fields(measurement) if one.name not in own}
    return replace(measurement, **{name: _walked(part, name, ways, masks.prose) for name, part in parts.items()})


def _walked(
    value: _Kept, name: str, ways: Mapping[str, Callable[[str], str]], otherwise: Callable[[str], str]
) -> _Kept:
    """`name` is that of the field in which it stands. Enumerations are texts too, and stay."""
    found: Any = value
    if type(found) is str:
        found = ways.get(name, otherwise)(found)
    elif isinstance(found, tuple):
        found = tuple(_walked(each, name, ways, otherwise) for each in found)
    elif isinstance(found, dict):
        found = {_walked(key, name, ways, otherwise): each for key, each in found.items()}
    elif is_dataclass(found) and not isinstance(found, type):
        parts = {one.name: getattr(found, one.name) for one in fields(found)}
        found = replace(found, **{name: _walked(part, name, ways, otherwise) for name, part in parts.items()})
    return cast("_Kept", found)


def spellings(address: str) -> set[str]:
    """The ways in which others write an address, beside its own."""
    told = ip_address(address.partition("%")[0])
    if isinstance(told, IPv6Address):
        forms = {str(told), told.exploded, quote(str(told), safe=""), told.exploded.replace(":", "-")}
        return forms | {str(told).replace(":", "-")} - {"--1"}
    return {str(told), *_written(told)}


def _written(told: IPv4Address) -> Iterable[str]:
    parts = str(told).split(".")
    yield "-".join(parts)
    yield "_".join(parts)
    yield ".".join(reversed(parts))
    yield "-".join(reversed(parts))
    yield "%2E".join(parts)
    yield str(int(told))
    yield f"{int(told):08x}"
    yield f"::ffff:{told}"


def _hardware_spellings(mac: str) -> set[str]:
    pairs = mac.lower().replace("-", ":").split(":")
    bare = "".join(pairs)
    return {":".join(pairs), "-".join(pairs), bare, ".".join((bare[:4], bare[4:8], bare[8:])), "%3A".join(pairs)}


def _tells(name: str) -> bool:
    """Whether a name is anybody's in particular."""
    return len(name) >= _LEAST_NAME and not set(re.split(r"[\\/]", name.lower())) <= {*_EVERYBODYS, "", "home", "users"}


def _any_of(forms: Iterable[str]) -> "re.Pattern[str] | None":
    """The longest first, and none in the middle of a longer word or number."""
    sorted_ = sorted(set(forms), key=len, reverse=True)
    if not sorted_:
        return None
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted_))})(?!\w|\.\d)", re.IGNORECASE)
