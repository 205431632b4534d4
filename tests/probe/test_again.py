"""What is looked at again before its round: what is in doubt, for how long, and who comes along."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from probe.again import Again
from results.episodes import Row, Series
from results.judgement import Judgement, Verdict
from results.points import Point
from results.records import Measurement, Vantage

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=30)
GOOD, BAD, SILENT = Verdict.ACCESSIBLE, Verdict.BLOCKED, Verdict.INCONCLUSIVE
SITE, MIRROR, EDITION, OTHER = (f"https://{name}.example/" for name in ("ratel", "mirror", "kk", "other"))
OUTLETS = {
    SITE: "Ratel",
    MIRROR: "Ratel",
    EDITION: "Ratel",
    OTHER: "Other",
    "https://nobodys.example/": "",
    "https://unknown.example/": "",
}


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


class Counts:
    """A series that counts: three bad points in a row open it, the first two leave it in doubt."""

    needed = 3

    def __init__(self) -> None:
        self.bad = 0

    def add(self, row: Row, /) -> None:
        if row.verdict != SILENT:
            self.bad = self.bad + 1 if row.verdict == BAD else 0

    def open_episodes(self) -> list[int]:
        return [self.bad] if self.bad >= self.needed else []

    @property
    def in_doubt(self) -> bool:
        return 0 < self.bad < self.needed


class NeverTells(Counts):
    needed = 10**6


class Lingers(Counts):
    """One good point is not enough."""

    def add(self, row: Row, /) -> None:
        self.bad = max(1, self.bad) if row.verdict == BAD else self.bad


class Ends(Counts):
    """An episode of good but slow points, which may be over at the second point."""

    def add(self, _row: Row, /) -> None:
        self.bad += 1

    def open_episodes(self) -> list[int]:
        return [1]

    @property
    def in_doubt(self) -> bool:
        return self.bad > 1


def again(every: timedelta = EVERY, *, make: type[Counts] = Counts, seed: int = 1) -> Again:
    return Again(every, Random(seed), OUTLETS, make=make)


def look(there: Again, url: str, at: datetime, verdict: Verdict, asn: int | None = 9198) -> datetime | None:
    measurement = Measurement(
        uid="1", url=url, started_at=at, runtime_ms=1, vantage=Vantage(name="home", asn=asn, network="Kazakhtelecom")
    )
    return there.add(measurement, Judgement(verdict=verdict, rules_version=1))


def point(url: str, at: datetime, verdict: Verdict, asn: int | None = 9198) -> Point:
    nothing = dict.fromkeys(("dns_ms", "tcp_ms", "tls_ms", "ttfb_ms", "total_ms", "kbps", "status", "confidence"))
    kept = {"uid": "1", "vantage": "home", "network": "Kazakhtelecom", "mechanisms": (), "says": "", **nothing}
    return Point(url=url, at=at, asn=asn, verdict=verdict, **kept)  # type: ignore[arg-type]


# In doubt


def test_what_is_in_doubt_is_looked_at_again_within_two_to_five_minutes() -> None:
    pauses = []
    for seed in range(200):
        found = look(again(seed=seed), SITE, NOW, BAD)
        assert found is not None
        pauses.append((found - NOW).total_seconds())
    assert 120 <= min(pauses) < 130
    assert 270 < max(pauses) <= 290, "a tick and a look at the line come on top"


def test_what_is_not_in_doubt_waits_for_its_round() -> None:
    there = again()
    assert look(there, OTHER, NOW, GOOD) is None
    assert look(there, OTHER, minutes(30), BAD) is not None
    assert look(there, OTHER, minutes(33), GOOD) is None
    assert there.due(minutes(60)) == []


def test_it_is_due_when_its_time_has_come_and_once() -> None:
    there = again()
    at = look(there, SITE, NOW, BAD)
    assert at is not None
    assert there.due(at - timedelta(seconds=1)) == []
    assert there.due(at) == [SITE]
    assert there.due(at) == []


@pytest.mark.parametrize("verdict", [BAD, SILENT])
def test_a_round_that_comes_first_takes_its_place(verdict: Verdict) -> None:
    there = again()
    first = look(there, SITE, NOW, BAD)
    second = look(there, SITE, minutes(1.9), verdict)
    assert first is not None
    assert second is not None
    assert second >= minutes(3.9)
    assert there.due(max(first, second - timedelta(seconds=1))) == []


@pytest.mark.parametrize("every_s", [5, 60, 150])
def test_with_so_short_an_interval_the_next_round_tells(every_s: int) -> None:
    there = again(timedelta(seconds=every_s))
    assert look(there, SITE, NOW, GOOD) is None
    assert look(there, SITE, minutes(1), BAD) is None
    assert there.due(minutes(60)) == []


def test_it_is_never_later_than_the_next_round() -> None:
    pauses = {look(again(timedelta(seconds=180), seed=seed), SITE, NOW, BAD) for seed in range(200)}
    assert max(at for at in pauses if at) <= minutes(3)


def test_what_stays_in_doubt_is_left_to_the_rounds_after_twelve_looks_until_it_speaks_clearly() -> None:
    there = again(make=NeverTells)
    at, looks = look(there, SITE, NOW, BAD), 0
    while at:
        assert there.due(at) == [SITE]
        looks += 1
        at = look(there, SITE, at, BAD)
    assert looks == 12
    assert look(there, SITE, minutes(300), BAD) is None
    assert look(there, SITE, minutes(330), GOOD) is None
    assert look(there, SITE, minutes(360), BAD) is not None


def test_networks_are_told_apart() -> None:
    """A laptop that is carried elsewhere: two bad points here and one there open nothing."""
    there = again()
    assert look(there, SITE, NOW, BAD, asn=9198) is not None
    assert look(there, SITE, minutes(3), BAD, asn=9198) is not None
    assert look(there, SITE, minutes(6), BAD, asn=None) is not None
    assert look(there, SITE, minutes(9), BAD, asn=9198) is None


def test_the_past_is_known() -> None:
    there = again()
    there.learn([point(SITE, minutes(-30), BAD), point(SITE, minutes(-1), BAD), point(OTHER, minutes(-2), GOOD)])
    assert there.due(minutes(0.9)) == []
    assert there.due(minutes(4)) == [SITE]
    assert look(there, SITE, minutes(4), BAD) is None, "the third"


# The others of the outlet


def test_when_one_falls_the_others_of_its_outlet_are_due_at_once() -> None:
    there = again()
    for url in OUTLETS:
        look(there, url, NOW, GOOD)
    look(there, SITE, minutes(5), BAD)
    assert there.due(minutes(5)) == [MIRROR, EDITION]


def test_those_that_were_looked_at_just_now_are_not() -> None:
    there = again()
    for url, at in ((SITE, 0), (EDITION, 3.1), (MIRROR, 2.9)):
        look(there, url, minutes(at), GOOD)
    look(there, SITE, minutes(5), BAD)
    assert there.due(minutes(5)) == [MIRROR]
    assert there.due(minutes(6.9)) == []


def test_the_group_is_asked_once_for_each_fall() -> None:
    there = again()
    asked = []
    for number, verdict in enumerate([GOOD, BAD, BAD, BAD, BAD, GOOD, BAD]):
        look(there, SITE, minutes(10 * number), verdict)
        asked.append(MIRROR in there.due(minutes(10 * number)))
    assert asked == [False, True, False, False, False, False, True]


@pytest.mark.parametrize("verdicts", [[GOOD, BAD, GOOD, BAD], [GOOD, BAD, SILENT, BAD]])
def test_a_doubt_that_lasts_is_one_fall(verdicts: list[Verdict]) -> None:
    there = again(make=Lingers)
    asked = []
    for number, verdict in enumerate(verdicts):
        look(there, SITE, minutes(10 * number), verdict)
        asked.append(MIRROR in there.due(minutes(10 * number)))
    assert asked == [False, True, False, False]


def test_what_may_be_over_does_not_fall() -> None:
    there = again(make=Ends)
    look(there, SITE, NOW, GOOD)
    assert look(there, SITE, minutes(30), GOOD) is not None
    assert there.due(minutes(30)) == []


def test_an_address_of_no_outlet_has_no_others() -> None:
    there = again()
    look(there, "https://nobodys.example/", NOW, GOOD)
    look(there, "https://nobodys.example/", minutes(30), BAD)
    assert there.due(minutes(30)) == []


@pytest.mark.parametrize("before", [[], [BAD], [GOOD, BAD, SILENT], [SILENT]])
def test_what_was_not_good_before_does_not_fall(before: list[Verdict]) -> None:
    there = again()
    for number, verdict in enumerate(before):
        look(there, SITE, minutes(number), verdict)
    there.due(minutes(9))  # those of an earlier fall
    look(there, SITE, minutes(10), BAD)
    assert there.due(minutes(10)) == []


def test_silence_does_not_hide_a_fall() -> None:
    there = again()
    for number, verdict in enumerate([GOOD, SILENT, BAD]):
        look(there, SITE, minutes(number), verdict)
    assert there.due(minutes(2)) == [MIRROR, EDITION]


def test_what_is_being_looked_at_is_left_alone_and_waits_for_what_comes_of_it() -> None:
    there = again()
    look(there, SITE, NOW, GOOD)
    look(there, SITE, minutes(30), BAD)
    assert there.due(minutes(30), {MIRROR}) == [EDITION]
    look(there, MIRROR, minutes(30), GOOD)
    assert there.due(minutes(31), {SITE}) == []


# Many


def test_what_is_due_soon_comes_along() -> None:
    """Each tour looks at the line, so there should be few."""
    there = again()
    at = sorted(look(there, f"https://{number}.example/", NOW, BAD) or NOW for number in range(20))
    found = there.due(at[0])
    assert len(found) == sum(each <= at[0] + timedelta(minutes=1) for each in at) > 1


def test_nothing_comes_along_that_was_looked_at_within_two_minutes() -> None:
    there = again()
    first = look(there, OTHER, NOW, BAD)
    assert first is not None
    late = [f"https://{number}.example/" for number in range(20)]
    for url in late:
        look(there, url, first - timedelta(seconds=119), BAD)
    assert there.due(first) == [OTHER]
    assert there.due(first + timedelta(minutes=3)) != []


def test_of_very_many_a_sample_is_looked_at_again_and_chance_draws_it() -> None:
    """200 sites at once are the line's or the country's doing."""
    samples = []
    for seed in (1, 2):
        there = again(seed=seed)
        for number in range(200):
            look(there, f"https://{number}.example/", NOW, BAD)
        found = {url for at in range(60, 360, 5) for url in there.due(NOW + timedelta(seconds=at))}
        samples.append(found)
    assert [len(found) for found in samples] == [16, 16]
    assert len(samples[0] & samples[1]) < 10


def test_thirty_two_are_not_too_many() -> None:
    there = again()
    for number in range(32):
        look(there, f"https://{number}.example/", NOW, BAD)
    assert len({url for at in range(60, 360, 5) for url in there.due(NOW + timedelta(seconds=at))}) == 32


# With the detector that is used


def test_a_block_is_told_within_a_quarter_of_an_hour_and_its_end_too() -> None:
    """After a first point each look comes minutes later, until the episode is open, or closed again."""
    series: list[Series] = []

    def make() -> Series:
        series.append(Series())
        return series[-1]

    there = Again(EVERY, Random(1), OUTLETS, make=make)
    there.learn(point(SITE, minutes(30 * number), GOOD) for number in range(-480, 1))
    for start, verdict, is_open in ((30, BAD, True), (60 * 24, GOOD, False)):
        at, newest = look(there, SITE, minutes(start), verdict), minutes(start)
        while at:
            newest, at = at, look(there, SITE, at, verdict)
        assert bool(series[0].open_episodes()) == is_open
        assert minutes(start + 4) < newest <= minutes(start + 15)
    assert len(series) == 1
