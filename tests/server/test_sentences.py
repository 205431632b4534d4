"""What the pages say first. Each row is a sentence that a reader may quote."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from results.judgement import MECHANISMS, Verdict
from server.pages import sentences, words
from server.pages.phrases import plain
from server.pages.sentences import Count, Line, News
from server.pages.times import Local
from server.pages.turns import Turn
from tests.server.conftest import ALMATY
from tests.server.simulated import NOW

LOCAL = Local.at(NOW, ALMATY)
NONE = Count(0)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def held(verdict: Verdict, before: float | None, first: float, **more: Any) -> Turn:
    return Turn(
        verdict=verdict, newest=NOW, count=3, before=None if before is None else ago(before), first=ago(first), **more
    )


BLOCKED = held(Verdict.BLOCKED, 43, 35)
NEWS = News("https://ratel.kz/", "/site?url=x", BLOCKED)


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({}, "No site of 30 is blocked or throttled on this line."),
        ({"down": 1}, "No site of 30 is blocked or throttled on this line. 1 is down for everyone."),
        ({"blocked": Count(3, confirmed=3)}, "3 of 30 sites are blocked on this line."),
        ({"blocked": Count(3)}, "3 of 30 sites are likely blocked on this line."),
        ({"blocked": Count(2, weak=2)}, "2 of 30 sites may be blocked on this line."),
        (
            {"blocked": Count(3, confirmed=1, weak=1), "newest": NEWS},
            "3 of 30 sites are blocked on this line (1 confirmed, 1 likely, 1 weak). Newest: ratel.kz, since 14:10.",
        ),
        ({"throttled": Count(1)}, "1 of 30 sites is likely throttled on this line."),
        (
            {"blocked": Count(1, confirmed=1), "throttled": Count(2)},
            "1 of 30 sites is blocked on this line and 2 are likely throttled.",
        ),
        ({"measured": 28}, "No site of 30 is blocked or throttled on this line. 2 of 30 were not measured yet."),
        ({"measured": 0}, "30 sites are on the list; none was measured yet."),
        (
            {"line": Line(down_since=ago(35)), "blocked": Count(3)},
            (
                "This line is down: nothing can be told since 14:10. Before that: "
                "3 of 30 sites are likely blocked on this line."
            ),
        ),
        (
            {"line": Line(down_since=ago(35)), "measured": 0, "told": 0},
            "This line is down: nothing can be told since 14:10.",
        ),
        ({"line": Line(down_since=ago(35)), "told": 0}, "This line is down: nothing can be told since 14:10."),
        (
            {"line": Line(untold_since=ago(35))},
            (
                "Nothing can be told since 14:10: no check reached a verdict. Before that: "
                "No site of 30 is blocked or throttled on this line."
            ),
        ),
        (
            {"line": Line(silent_since=ago(600))},
            "Nothing was measured since 04:45. Before that: No site of 30 is blocked or throttled on this line.",
        ),
    ],
)
def test_the_first_sentence(known: dict[str, Any], says: str) -> None:
    values: dict[str, Any] = {
        "total": 30, "measured": 30, "told": 30, "blocked": NONE, "throttled": NONE, "down": 0, "newest": None,
        "line": Line(),
    } | known  # fmt: skip
    assert plain(sentences.overview(**values, now=LOCAL)) == says


@pytest.mark.parametrize(
    ("turn", "says"),
    [
        (None, ""),
        (BLOCKED, "between 14:02 and 14:10"),
        (held(Verdict.BLOCKED, 43, 35, network_before="Kcell", network="Beeline"),
         "between 14:02 and 14:10; the line changed too"),
        (held(Verdict.BLOCKED, None, 3 * 1440), "before measuring began"),
        (held(Verdict.BLOCKED, None, 60 * 1440), "more than 60 days ago"),
        (held(Verdict.ACCESSIBLE, None, 1440), ""),
        (held(Verdict.ACCESSIBLE, 43, 35), "between 14:02 and 14:10"),
    ],
)  # fmt: skip
def test_since_when(turn: Turn | None, says: str) -> None:
    assert plain(sentences.since(turn, LOCAL)) == says


@pytest.mark.parametrize(
    ("turn", "confidence", "mechanisms", "says"),
    [
        (None, None, (), "ratel.kz was not measured yet."),
        (held(Verdict.ACCESSIBLE, None, 1440), None, (), "ratel.kz is accessible on this line."),
        (BLOCKED, "likely", ("tls.timeout",),
         ("ratel.kz is likely blocked on this line: silence once the site's name is sent. "
         "It began between 14:02 and 14:10.")),
        (BLOCKED, "weak", ("tcp.reset",),
         ("ratel.kz may be blocked on this line: the connection is cut while it is made. "
         "It began between 14:02 and 14:10.")),
        (held(Verdict.BLOCKED, None, 1440), "confirmed", ("http.blockpage",),
         "ratel.kz is blocked on this line: a block page comes instead. It was already so when measuring began."),
        (held(Verdict.INCONCLUSIVE, None, 9), None, (), "ratel.kz can't be judged on this line."),
    ],
)  # fmt: skip
def test_a_site_in_one_sentence(turn: Turn | None, confidence: str, mechanisms: tuple[str, ...], says: str) -> None:
    assert plain(sentences.site("https://ratel.kz/", turn, confidence, mechanisms, LOCAL)) == says


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
