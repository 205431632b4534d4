"""Which targets are measured: what the server names, what the owner excludes, what is too sensitive for the line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from probe import config
from probe.config import ConfigError, Settings, here, load
from probe.lists import Choice, choose
from probe.vantage import enrolment
from probe.vantage.server_list import ServerList
from targets.target import Target, Use
from tests.probe.vantage.test_enrol import JOINED

KEY = "iP+Zn5lTdxVlXpTx/zYMu7H9MRjkKuCcCVVmcGgeG1U="
SERVER = [
    Target(url="https://a.kz/", category="NEWS"),
    Target(url="https://sensitive.kz/", tier=2),
    Target(url="https://asked.kz/", tier=1, use=Use.OPT_IN),
    Target(url="https://danger.kz/", tier=3),
    Target(url="https://lgbt.kz/", category="LGBT", tier=1),
]


def listed(*targets: Target) -> ServerList:
    return ServerList(version="0" * 64, made_at=datetime(2026, 11, 22, tzinfo=UTC), targets=targets or tuple(SERVER))


def chosen(from_server: ServerList | None = None, vantage_class: str = "home", **probe: Any) -> Choice:
    given = {"lists": ["server"], **probe}
    return choose(Settings.model_validate({"probe": given, "vantage": {"class": vantage_class}}), from_server)


def hosts(choice: Choice) -> list[str]:
    return [target.url.removeprefix("https://").rstrip("/") for target in choice.targets]


@pytest.mark.parametrize("vantage_class", ["home", "mobile", "office", "hosting", "unknown"])
def test_of_the_server_s_list_only_the_harmless_is_measured_without_the_owner_s_yes(vantage_class: str) -> None:
    assert hosts(chosen(listed(), vantage_class)) == ["a.kz", "lgbt.kz"]


@pytest.mark.parametrize(
    ("vantage_class", "danger"),
    [("home", False), ("mobile", False), ("office", False), ("unknown", False), ("hosting", True)],
)
def test_with_the_owner_s_yes_tier_2_is_measured_and_tier_3_on_no_line_of_a_person(
    vantage_class: str, *, danger: bool
) -> None:
    found = hosts(chosen(listed(), vantage_class, sensitive=True))
    assert found == ["a.kz", "sensitive.kz", "asked.kz", *(["danger.kz"] if danger else []), "lgbt.kz"]


def test_what_the_owner_excludes_is_never_measured_and_counted() -> None:
    found = chosen(listed(), exclude=["a.kz", "LGBT"], sensitive=True)
    assert hosts(found) == ["sensitive.kz", "asked.kz"]
    assert (found.excluded, found.sensitive, found.unused) == (2, 1, 0)


def test_the_owner_s_exclusions_hold_for_every_list(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("https://a.kz/\nhttps://www.b.kz/page\nhttps://c.kz/\n", "utf-8")
    assert hosts(chosen(lists=[str(own)], exclude=["b.kz", "https://c.kz/"])) == ["a.kz"]


def test_a_server_can_t_call_a_site_harmless_that_is_known_not_to_be() -> None:
    from targets.bundled import bundled

    known = next(target for name in ("kz", "reference") for target in bundled(name) if target.tier > 1)
    found = chosen(listed(Target(url=known.url, tier=1), Target(url="https://a.kz/")))
    assert hosts(found) == ["a.kz"]
    assert found.sensitive + found.unused == 1


@pytest.mark.parametrize("url", ["https://a.kz:22/", "http://a.kz:25/", "https://a.kz:8443/"])
def test_a_server_can_t_have_other_ports_looked_at_than_the_web_s(url: str) -> None:
    assert hosts(chosen(listed(Target(url=url), Target(url="https://b.kz/")))) == ["b.kz"]


@pytest.mark.parametrize("use", [Use.OPTIONAL, Use.HISTORY, Use.NEVER, Use.REFERENCE])
def test_a_server_can_t_have_looked_at_what_is_for_other_uses(use: Use) -> None:
    assert hosts(chosen(listed(Target(url="https://b.kz/", use=use)), sensitive=True)) == []


def test_until_a_list_has_come_the_default_one_is_measured_and_beside_others_nothing_more(tmp_path: Path) -> None:
    default = chosen(lists=["kz"])
    assert hosts(chosen(None)) == hosts(default) != []
    own = tmp_path / "own.txt"
    own.write_text("https://a.kz/\n", "utf-8")
    assert hosts(chosen(None, lists=["server", str(own)])) == ["a.kz"]


def test_lists_are_joined_and_the_first_counts(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("https://A.kz\nhttps://mine.kz/\n", "utf-8")
    found = chosen(listed(), lists=["server", str(own)])
    assert hosts(found) == ["a.kz", "lgbt.kz", "mine.kz"]
    assert len(found.targets) == 3


# From the configuration


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    config.data_folder().mkdir(parents=True)
    return config.data_folder()


def written(folder: Path, text: str) -> Path:
    path = folder / "kedergi.toml"
    path.write_text(text, "utf-8")
    return path


def test_once_it_has_joined_the_server_names_the_sites_unless_the_owner_does(folder: Path) -> None:
    assert here(written(folder, "")).probe.lists == ("kz",)
    enrolment.keep(folder, JOINED)
    assert here(written(folder, "")).probe.lists == ("kz",)  # it joined before servers had keys
    enrolment.keep(folder, JOINED.model_copy(update={"server_key": KEY, "controls": ("https://c.example",)}))
    settings = here(written(folder, '[probe]\nexclude = ["a.kz", "lgbt"]\n'))
    assert (settings.probe.lists, settings.probe.exclude) == (("server",), ("a.kz", "LGBT"))
    assert settings.control.url == ("https://c.example",)
    settings = here(written(folder, '[probe]\nlists = ["kz"]\n[control]\nurl = "https://mine.example"\n'))
    assert settings.probe.lists == ("kz",)
    assert settings.control.url == ("https://mine.example",)


def test_what_excludes_nothing_is_a_mistake_of_the_configuration(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"probe\.exclude\.0 = 'NEWSS': allowed are a host"):
        load(written(folder, '[probe]\nexclude = ["NEWSS"]\n'))


def test_a_reference_is_looked_at_all_the_time_and_can_t_be_excluded_in_silence(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"probe\.exclude names https://www\.wikipedia\.org/, which is a reference"):
        here(written(folder, '[probe]\nexclude = ["wikipedia.org"]\n'))
    mine = '[probe]\nexclude = ["wikipedia.org"]\n[reference]\nurls = ["https://other.example/"]\n'
    assert here(written(folder, mine)).probe.exclude == ("wikipedia.org",)
