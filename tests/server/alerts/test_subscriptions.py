"""[alerts] as it is read: filters, hours, inheritance, and what a wrong one says."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from probe.config import ConfigError, load
from results.events import EventKind, Severity
from server.alerts.subscriptions import Subscription, read, services
from tests.server.alerts.build import KAZAKHTELECOM, KCELL, RATEL, event

SECRET = "hunter2"
OUTLETS = {RATEL: "Ratel.kz", "https://old.azattyq.org/": "Azattyq"}


def subscribed(folder: Path, text: str) -> tuple[Subscription, ...]:
    file = folder / "kedergi.toml"
    file.write_text(text, "utf-8")
    return read(load(file))


def plain(**more: Any) -> Subscription:
    return Subscription(**{"to": (), "zone": ZoneInfo("UTC"), **more})


WHOLE = """
[alerts]
to = ["json://127.0.0.1/all"]
language = "ru"
quiet = "22:00-07:00"
digest = "09:00"
zone = "Asia/Almaty"
link = "https://kedergi.example.org/"

[[alerts.subscriptions]]
to = ["json://127.0.0.1/one", "json://127.0.0.1/two"]
sites = ["Ratel.KZ"]
outlets = ["Ratel.kz"]
networks = [9198]
kinds = ["blocking"]
severity = "medium"
language = "kk"
quiet = ""
digest = ""
"""


def test_every_key_is_read_and_what_is_absent_inherited(tmp_path: Path) -> None:
    one, whole = subscribed(tmp_path, WHOLE)
    assert (one.sites, one.outlets, one.networks) == (("ratel.kz",), ("Ratel.kz",), (9198,))
    assert (one.kinds, one.severity) == ((EventKind.BLOCKING,), Severity.MEDIUM)
    assert (one.language, one.quiet, one.digest, one.zone.key) == ("kk", None, None, "Asia/Almaty")
    assert one.link == "https://kedergi.example.org"
    assert whole.quiet is not None
    assert [f"{at:%H:%M}" for at in (*whole.quiet, whole.digest or whole.quiet[0])] == ["22:00", "07:00", "09:00"]
    assert (whole.language, whole.severity, whole.kinds) == ("ru", Severity.LOW, ())


def test_a_subscription_takes_over_what_stands_above_it(tmp_path: Path) -> None:
    text = '[alerts]\nlanguage = "ru"\nquiet = "22:00-07:00"\n[[alerts.subscriptions]]\nto = ["json://127.0.0.1/a"]\n'
    (one,) = subscribed(tmp_path, text)
    assert one.language == "ru"
    assert one.quiet is not None


def test_no_section_is_nobody(tmp_path: Path) -> None:
    assert subscribed(tmp_path, "") == ()


def test_an_address_that_stands_twice_is_one(tmp_path: Path) -> None:
    text = '[alerts]\nto = ["json://127.0.0.1/a"]\n[[alerts.subscriptions]]\nto = ["json://127.0.0.1/a"]\n'
    found = subscribed(tmp_path, text)
    assert len(found) == 2
    assert len(services(found)) == 1


WRONG = [
    ("[alerts]\nto = ['nosuch://hunter2@host']", ["alerts.to.0", "a secret", "nosuch://"]),
    ("[alerts]\nto = ['json://127.0.0.1/a', 'mailto://']", ["alerts.to.1", "mailto://"]),
    ("[alerts]\nto = ['hunter2']", ["alerts.to.0", "a secret"]),
    ("[[alerts.subscriptions]]\nto = ['tgram://hunter2']", ["alerts.subscriptions.0.to.0", "tgram://"]),
    ("[[alerts.subscriptions]]\nto = []", ["alerts.subscriptions.0.to", "at least 1 item"]),
    ("[[alerts.subscriptions]]\nsites = ['ratel.kz']", ["alerts.subscriptions.0.to", "required"]),
    (
        "[[alerts.subscriptions]]\nsecret = 'hunter2'",
        ["unknown key alerts.subscriptions.0.secret", "sites", "severity"],
    ),
    ("[alerts]\ntoo = ['hunter2']", ["unknown key alerts.too", "language", "subscriptions"]),
    ("[alerts]\nlanguage = 'de'", ["alerts.language", "'de'", "'en', 'ru' or 'kk'"]),
    ("[alerts]\nquiet = '22:00'", ["alerts.quiet", "'22:00'", "22:00-07:00"]),
    ("[alerts]\nquiet = '07:00-07:00'", ["alerts.quiet", "different"]),
    ("[alerts]\ndigest = '9 Uhr'", ["alerts.digest", "'9 Uhr'", "09:00"]),
    ("[alerts]\ndigest = '24:00'", ["alerts.digest", "'24:00'"]),
    ("[alerts]\nzone = 'Almaty'", ["alerts.zone", "'Almaty'", "Asia/Almaty"]),
    ("[alerts]\nlink = 'kedergi.example.org'", ["alerts.link", "http://"]),
    ("[[alerts.subscriptions]]\nto = ['json://h']\nsites = ['https://ratel.kz/']", ["sites.0", "host name"]),
    ("[[alerts.subscriptions]]\nto = ['json://h']\nnetworks = ['AS9198']", ["networks.0", "'AS9198'", "integer"]),
    ("[[alerts.subscriptions]]\nto = ['json://h']\nkinds = ['blocked']", ["kinds.0", "'blocked'", "'blocking'"]),
    ("[[alerts.subscriptions]]\nto = ['json://h']\nseverity = 'huge'", ["severity", "'huge'", "'medium'"]),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong_is_said_in_one_sentence_without_the_secret(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        subscribed(tmp_path, text)
    said = str(caught.value)
    assert [word for word in words if word not in said] == []
    assert SECRET not in said
    assert said.endswith(".")
    assert "\n" not in said


def test_a_check_does_not_look_at_the_addresses(tmp_path: Path) -> None:
    file = tmp_path / "kedergi.toml"
    file.write_text("[alerts]\nto = ['nosuch://x']", "utf-8")
    assert load(file).alerts.to == ("nosuch://x",)


FILTERS = [
    # the filters                                      the event                                        wanted
    ({}, {}, True),
    ({"sites": ("ratel.kz",)}, {}, True),
    ({"sites": ("ratel.kz",)}, {"urls": ("https://www.ratel.kz/a",)}, True),
    ({"sites": ("ratel.kz",)}, {"urls": ("https://karatel.kz/",)}, False),
    ({"sites": ("ratel.kz",)}, {"urls": ("https://zona.kz/", RATEL)}, True),
    ({"sites": ("ratel.kz",)}, {"kind": EventKind.OUTAGE, "urls": ()}, False),
    ({"outlets": ("ratel.KZ",)}, {}, True),
    ({"outlets": ("Azattyq",)}, {}, False),
    ({"outlets": ("Azattyq",)}, {"urls": ("https://unlisted.example/",)}, False),
    ({"networks": (9198,)}, {}, True),
    ({"networks": (1,)}, {}, False),
    ({"kinds": (EventKind.BLOCKING,)}, {}, True),
    ({"kinds": (EventKind.BLOCKING,)}, {"kind": EventKind.THROTTLING}, False),
    ({"severity": Severity.MEDIUM}, {"severity": Severity.LOW}, False),
    ({"severity": Severity.MEDIUM}, {"severity": Severity.MEDIUM}, True),
    ({"severity": Severity.MEDIUM}, {"severity": Severity.HIGH}, True),
    ({"severity": Severity.HIGH}, {"severity": Severity.MEDIUM}, False),
    ({"sites": ("ratel.kz",), "networks": (1,)}, {}, False),
]


def test_what_of_an_event_was_asked_for() -> None:
    zona = "https://zona.kz/"
    both = event(urls=(RATEL, zona))
    assert plain().scope(both, OUTLETS) == (frozenset({RATEL, zona}), frozenset({KAZAKHTELECOM, KCELL}))
    assert plain(sites=("zona.kz",), networks=(9198,)).scope(both, OUTLETS) == (
        frozenset({zona}),
        frozenset({KAZAKHTELECOM}),
    )
    assert plain(outlets=("Ratel.kz",)).scope(both, OUTLETS)[0] == {RATEL}
    assert plain(severity=Severity.HIGH).scope(both, OUTLETS) == (frozenset(), frozenset())
    assert plain(sites=("zona.kz",)).foremost(both, OUTLETS).urls == (zona, RATEL)


@pytest.mark.parametrize(("filters", "found", "wanted"), FILTERS)
def test_all_filters_must_let_an_event_pass(filters: dict[str, Any], found: dict[str, Any], wanted: bool) -> None:
    assert plain(**filters).wants(event(**found), OUTLETS) is wanted


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOURS = [
    # Almaty is five hours ahead of UTC
    ({}, "2026-11-25 12:00", Severity.LOW, "2026-11-25 12:00"),
    ({"quiet": "22:00-07:00"}, "2026-11-25 16:59", Severity.LOW, "2026-11-25 16:59"),
    ({"quiet": "22:00-07:00"}, "2026-11-25 17:00", Severity.LOW, "2026-11-26 02:00"),
    ({"quiet": "22:00-07:00"}, "2026-11-26 01:59", Severity.MEDIUM, "2026-11-26 02:00"),
    ({"quiet": "22:00-07:00"}, "2026-11-26 02:00", Severity.LOW, "2026-11-26 02:00"),
    ({"quiet": "22:00-07:00"}, "2026-11-25 20:00", Severity.HIGH, "2026-11-25 20:00"),
    ({"quiet": "12:00-13:00"}, "2026-11-25 07:30", Severity.LOW, "2026-11-25 08:00"),
    ({"quiet": "12:00-13:00"}, "2026-11-25 08:30", Severity.LOW, "2026-11-25 08:30"),
    ({"digest": "09:00"}, "2026-11-25 03:59", Severity.HIGH, "2026-11-25 04:00"),
    ({"digest": "09:00"}, "2026-11-25 04:00", Severity.LOW, "2026-11-26 04:00"),
    ({"digest": "06:00", "quiet": "22:00-07:00"}, "2026-11-25 12:00", Severity.LOW, "2026-11-26 02:00"),
]


@pytest.mark.parametrize(("hours", "now", "severity", "due"), HOURS)
def test_a_message_is_due_in_the_reader_s_own_hours(
    tmp_path: Path, hours: dict[str, str], now: str, severity: Severity, due: str
) -> None:
    lines = "".join(f"{key} = '{value}'\n" for key, value in hours.items())
    (one,) = subscribed(tmp_path, f"[alerts]\nto = ['json://127.0.0.1/a']\nzone = 'Asia/Almaty'\n{lines}")
    found, why = one.due(at(now), severity)
    assert found == at(due)
    assert bool(why) is (now != due)
