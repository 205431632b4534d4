"""What the pages say first. Each row is a sentence that a reader may quote."""

from datetime import datetime, timedelta

import pytest

from results.episodes import Episode, Kind
from results.history import Kept
from results.judgement import MECHANISMS, Verdict
from results.looking import Network, Placed
from server.pages import sentences, words
from server.pages.charts.palette import kind_of
from server.pages.many import says
from server.pages.many.lanes import State
from server.pages.many.now import Fresh, Trouble
from server.pages.phrases import plain
from server.pages.times import Local
from targets.target import Target
from tests.server.conftest import ALMATY
from tests.server.simulated import NOW

LOCAL = Local.at(NOW, ALMATY)
KCELL = Network("29355", 29355, "Kcell")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def trouble(name: str, sure: str, kind: Kind = Kind.BLOCKING, minutes: float = 35) -> Trouble:
    """An episode of a site on Kcell."""
    episode = Episode(
        kind=kind, mechanisms=("tls.timeout",), last_good_at=ago(minutes + 8), first_bad_at=ago(minutes),
        opened_at=NOW, last_bad_at=NOW, first_good_at=None, closed_at=None, measurements=3, bad=3,
    )  # fmt: skip
    url = f"https://{name}/"
    placed = Placed(url, KCELL.key, Kept(KCELL.asn, KCELL.name, episode, sure), None)
    return Trouble(url=url, target=None, episodes=[placed], measured=1)


def blocked(*sure: str) -> list[Trouble]:
    return [trouble(f"{number}.kz", one, minutes=1000) for number, one in enumerate(sure)]


def slow(*sure: str) -> list[Trouble]:
    return [trouble(f"slow-{number}.kz", one, Kind.THROTTLING, 1000) for number, one in enumerate(sure)]


NEW = trouble("ratel.kz", "likely")


@pytest.mark.parametrize(
    ("troubles", "starts"),
    [
        ([], "No site of 30 is blocked or throttled on any network that was looked from."),
        (blocked("confirmed", "confirmed", "confirmed"), "3 sites are blocked on at least one network."),
        (blocked("likely", "likely", "likely"), "3 sites are likely blocked on at least one network."),
        (blocked("weak", "weak"), "2 sites may be blocked on at least one network."),
        (blocked("confirmed", "likely", "weak"), "3 sites are blocked (1 confirmed, 1 likely, 1 weak) on at least one"),
        ([NEW], "1 site is likely blocked on at least one network. Newest: ratel.kz on Kcell, since 14:10."),
        ([NEW, *slow("likely")], "1 site is likely blocked and 1 is likely throttled on at least one network."),
        (slow("likely"), "1 site is likely throttled on at least one network."),
        (blocked("confirmed") + slow("weak", "weak"), "1 site is blocked and 2 may be throttled on at least one"),
    ],
)  # fmt: skip
def test_the_first_sentence(troubles: list[Trouble], starts: str) -> None:
    """Hedged by the best evidence: nothing stronger."""
    said = plain(says.now(troubles, (), total=30, seen=True, names={KCELL.key: KCELL}, now=LOCAL))
    assert said.startswith(starts), said


def test_without_a_check_in_these_hours_the_first_sentence_claims_nothing() -> None:
    said = says.now((), (), total=30, seen=False, names={}, now=LOCAL)
    assert plain(said) == "30 sites are on the list; nothing was measured in these hours."


def test_one_bad_check_each_is_no_episode_and_is_not_passed_over() -> None:
    held = State(kind=kind_of(Verdict.BLOCKED, ("tls.timeout",)), confidence="likely")
    fresh = [
        Fresh(url=url, target=Target(url=url), network=KCELL, state=held) for url in ("https://a.kz/", "https://b.kz/")
    ]
    said = plain(says.now((), fresh, total=30, seen=True, names={}, now=LOCAL))
    assert said.startswith("In their newest checks 2 sites of 30 are blocked or throttled; whether that lasts")


@pytest.mark.parametrize(
    ("verdict", "confidence", "state"),
    [
        (Verdict.BLOCKED, "likely", "was likely blocked"),
        (Verdict.BLOCKED, "weak", "may have been blocked"),
        (Verdict.THROTTLED, "confirmed", "was throttled"),
        (Verdict.ACCESSIBLE, "weak", "was accessible"),
        (Verdict.INCONCLUSIVE, None, "could not be judged"),
    ],
)
def test_a_measurement_in_one_sentence(verdict: Verdict, confidence: str | None, state: str) -> None:
    said = plain(sentences.measurement("https://ratel.kz/", verdict, confidence, ago(35), "Kcell", LOCAL))
    assert said == f"On 22 November 2026, 14:10:00, ratel.kz {state} on Kcell."


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://ratel.kz/", "ratel.kz"),
        ("https://ratel.kz:8443/news", "ratel.kz:8443/news"),
        ("http://user:secret@ratel.kz/", "ratel.kz"),
        ("http://[broken", "http://[broken"),
        ("http://ratel.kz:99999/", "http://ratel.kz:99999/"),
    ],
)
def test_a_site_has_the_name_that_people_say(url: str, name: str) -> None:
    assert sentences.site_name(url) == name


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_has_plain_words(name: str) -> None:
    assert words.mechanism(name) != name


def test_no_mechanism_is_explained_that_there_is_not() -> None:
    assert set(words.MECHANISMS) == set(MECHANISMS)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_explained(verdict: Verdict) -> None:
    assert words.VERDICTS[verdict]
    assert words.VERDICTS_MEAN[verdict]
