"""An OONI `web_connectivity` measurement of any age as a measurement of ours, so that the same rules judge it.

Fields may be absent or null. OONI's own verdict is kept beside, and decides nothing. How fields map is in docs/ooni.md.
"""

import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from results.formats import jsonl
from results.formats.documents import parsed
from results.formats.files import Unreadable
from results.formats.ooni_control import control, told_addresses
from results.formats.ooni_failures import redirected_too_often
from results.formats.ooni_pages import Request, chain, pages, requests
from results.formats.ooni_steps import Hop, Named, connections, handshakes, lookups, named, networks
from results.formats.ooni_values import EXTENSION, asn, fields, seconds, text
from results.records import Aim, AnyStep, DnsStep, HttpStep, Measurement, Vantage, Via, is_bogon

TEST = "web_connectivity"
_SPACE = uuid.UUID("9f6cbb55-6fae-5b9c-a0c0-3bd6c0a4d1fd")  # of the ids that are made here
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%SZ", "%Y-%m-%d %H:%M:%S.%f")
_URL_LENGTH = 8192
_USUAL = re.compile(r"\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):\d\d:\d\d", re.ASCII)
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A measurement, and what OONI said of it itself."""

    measurement: Measurement
    blocking: str | bool | None
    accessible: bool | None

    @property
    def dated(self) -> bool:
        return self.measurement.started_at != UNDATED


def is_ooni(found: Mapping[str, Any]) -> bool:
    """Whether an object is one of OONI's: a measurement, or Explorer's wrapper around one."""
    return any(key in found for key in ("test_keys", "test_name", "raw_measurement"))


def read(found: Mapping[str, Any]) -> Seen:
    """The measurement in ours. Raises Unreadable for what is none, or is of another test."""
    whole = _unwrapped(found)
    test = text(whole.get("test_name"))
    if test and test != TEST:
        raise Unreadable(f"it is a measurement of OONI's test {test[:60]!r}; only {TEST} is read")
    if not isinstance(whole.get("test_keys"), dict):
        raise Unreadable("it is no measurement of OONI's: it has no test_keys")
    test_keys = whole["test_keys"]
    blocking, accessible = test_keys.get("blocking"), test_keys.get("accessible")
    return Seen(
        measurement=_ours(whole) if isinstance(test_keys.get(EXTENSION), dict) else _theirs(whole),
        blocking=blocking if isinstance(blocking, bool) else text(blocking)[:60] or None,
        accessible=accessible if isinstance(accessible, bool) else None,
    )


def _ours(whole: Mapping[str, Any]) -> Measurement:
    """What `kedergi export --format ooni` wrote: whole, from what it put beside OONI's fields."""
    measurement = jsonl.read(whole["test_keys"][EXTENSION])
    if measurement.url.strip() != _input(whole):
        raise Unreadable(f"its {EXTENSION} is of another URL than its input")
    return measurement


def _theirs(whole: Mapping[str, Any]) -> Measurement:
    test_keys = whole["test_keys"]
    made = requests(test_keys, _input(whole))
    url = _input(whole) or (made[0].url if made else "")
    if not url:
        raise Unreadable("it names no URL: neither input nor a request has one")
    hops = chain(test_keys, url, made)
    steps, known = _steps(test_keys, hops, made)
    return Measurement(
        uid=_uid(whole),
        url=url[:_URL_LENGTH],
        started_at=_started_at(whole),
        runtime_ms=(seconds(whole.get("test_runtime")) or 0.0) * 1000,
        vantage=_vantage(whole),
        hops=tuple(hop.url for hop in hops),
        cut_short=_broken_off(made, hops, steps),
        steps=tuple(steps),
        control=control(test_keys, _control_name(whole), hops, steps, known, comparable=not made or made[-1].complete),
        asns=networks(test_keys),
        software=_software(whole),
    )


def _unwrapped(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """A measurement out of Explorer's wrapper, which knows its id, and has it as an object or as JSON in a text."""
    if "raw_measurement" not in found or isinstance(found.get("test_keys"), dict):
        return found
    raw = found["raw_measurement"]
    if isinstance(raw, str) and raw.strip():
        raw = parsed(raw.encode())
    if not isinstance(raw, dict):
        raise Unreadable("its raw_measurement is empty; OONI's API gives it where full=true is asked for")
    return {**raw, "measurement_uid": text(found.get("measurement_uid")) or text(raw.get("measurement_uid"))}


def _steps(
    test_keys: Mapping[str, Any], hops: list[Hop], made: list[Request]
) -> tuple[list[AnyStep], dict[str, Named]]:
    if not hops:
        return [], {}
    asked = lookups(test_keys, hops)
    known = named(asked, {hops[0].host: told_addresses(test_keys)})
    tcp = connections(test_keys, hops, known)
    steps: list[AnyStep] = [*asked, *tcp, *handshakes(test_keys, tcp, hops, known)]
    pages(test_keys, made, hops, known, steps)
    return sorted(steps, key=lambda step: (step.hop, step.t0, step.t)), known


def _broken_off(made: list[Request], hops: list[Hop], steps: list[AnyStep]) -> bool:
    """Whether the last hop has no end: the program was stopped, its record has a hole, or nobody followed a redirect.

    OONI does not follow status 303, and gives up after its greatest number of redirects: those are ends.
    """
    if any(redirected_too_often(request.row.get("failure")) for request in made):
        return False
    last = [step for step in steps if hops and step.hop == hops[-1].number and step.aim is Aim.VISIT]
    named = [ip for step in last if isinstance(step, DnsStep) and step.via is Via.SYSTEM for ip in step.addresses]
    undialled = bool(named) and all(map(is_bogon, named))
    if not undialled and not any(isinstance(step, HttpStep) or step.failure is not None for step in last):
        return bool(hops)
    pages = [step for step in last if isinstance(step, HttpStep) and step.failure is None and step.status != 303]
    return any((step.location or "").startswith(("http://", "https://")) for step in pages)


# The frame


def _input(whole: Mapping[str, Any]) -> str:
    return text(whole.get("input")).strip()


def _uid(whole: Mapping[str, Any]) -> str:
    """The source's own id; else one that the same measurement always gets."""
    own = text(whole.get("measurement_uid")) or text(whole.get("id"))
    if own:
        return own[:128]
    named_by = (text(whole.get("report_id")), _input(whole), text(whole.get("measurement_start_time")))
    return str(uuid.uuid5(_SPACE, "\n".join(named_by)))


def _started_at(whole: Mapping[str, Any]) -> datetime:
    """UTC; UNDATED where nothing tells. A report's id begins with its time."""
    for words in (
        text(whole.get("measurement_start_time")),
        text(whole.get("test_start_time")),
        text(whole.get("report_id")).partition("_")[0],
    ):
        if (at := _moment(words)) is not None:
            return at
    return UNDATED


def _moment(words: str) -> datetime | None:
    if _USUAL.fullmatch(words):  # ten times as quick
        with suppress(ValueError):
            return datetime.fromisoformat(words).replace(tzinfo=UTC)
    for form in _TIMES:
        with suppress(ValueError):
            return datetime.strptime(words, form).replace(tzinfo=UTC)
    return None


def _vantage(whole: Mapping[str, Any]) -> Vantage:
    """From where. The name is the network's and the country's: OONI has none for its volunteers."""
    network_asn, country = asn(whole.get("probe_asn")), text(whole.get("probe_cc")).upper()
    country = country if len(country) == 2 and country.isascii() and country.isalpha() and country != "ZZ" else ""
    kind = text(fields(whole.get("annotations")).get("network_type")).lower()
    return Vantage(
        name=f"ooni-{country or 'ZZ'}-AS{network_asn or 0}".lower(),
        country=country or None,
        asn=network_asn,
        network=text(whole.get("probe_network_name"))[:200] or None,
        vantage_class="mobile" if kind == "mobile" else "unknown",
    )


def _control_name(whole: Mapping[str, Any]) -> str:
    backend = fields(whole.get("test_helpers")).get("backend")
    return (text(fields(backend).get("address")) or text(backend) or "ooni")[:200]


def _software(whole: Mapping[str, Any]) -> str:
    names = (text(whole.get("software_name")), text(whole.get("software_version")))
    version = text(whole.get("test_version"))
    return f"{'/'.join(name for name in names if name)} {TEST} {version}".strip()[:200]
