"""The demo tells what is known, no more and no less: the true detector finds the bounds that were reported."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.carrying import Chosen, measurements, points, taken
from results.events import Event, EventKind
from results.formats.jsonl import line
from results.history import History, kept_of
from results.judging import judged
from results.links import broken, chains
from results.looking import events
from results.records import Measurement
from results.store import Store
from results.verdict import judge
from server.demo.facts import Bounds, Fact, bounds, loaded
from server.demo.filling import PREFIX, fill, filled, sites
from server.demo.planning import CLOCK
from targets.operators import operator_of

FACTS, PROBLEMS = loaded()
NEAR = timedelta(days=1)  # that a bracket may be wider than what is known, by the pace of the checks
PLACES = [(fact, url, asn) for fact in FACTS if fact.way != "line" for url in fact.urls for asn in fact.asns]


def name(one: object) -> str:
    return one.id if isinstance(one, Fact) else str(one)


# The table


def test_every_row_can_be_used_and_says_who_reported_it() -> None:
    assert PROBLEMS == []
    assert [fact.id for fact in FACTS if not all(link.startswith("http") for link in fact.sources)] == []
    assert {asn for fact in FACTS for asn in fact.asns if operator_of(asn) is None} == set()


def test_every_site_is_on_a_bundled_list() -> None:
    assert [site.url for site in sites(FACTS) if not site.list_name] == []


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("2008-10-07", "2008-10-06T18:00", "2008-10-07T18:00"),
        ("2010-11", "2010-10-31T18:00", "2010-11-30T18:00"),
        ("2015", "2014-12-31T18:00", "2015-12-31T18:00"),
        ("2019-05-09T07:00Z", "2019-05-09T07:00", "2019-05-09T07:00"),
        ("2008-10-07/2008-10-10", "2008-10-06T18:00", "2008-10-10T18:00"),
    ],
)
def test_a_time_is_as_wide_as_it_was_reported(words: str, first: str, last: str) -> None:
    assert bounds(words) == Bounds(*(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (first, last)))


def test_a_row_that_can_t_be_used_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    head = "id,kind,urls,asns,way,began,ended,seen_until,open,looked_from,pace_h,reported,source"
    file.write_text(f"{head}\nA,block,https://a.kz/,1,tcp.timeout,soon,2010,,,,6,,x\nB,feast,,,,,,,,,,,\n", "utf-8")
    found, problems = loaded(file)
    assert found == []
    assert [problem.partition(" ")[0] for problem in problems] == ["history.csv:2:", "history.csv:3:"]


# What the detector makes of it


@pytest.mark.parametrize(("fact", "url", "asn"), PLACES, ids=name)
def test_an_episode_has_the_bounds_that_are_known(demo: Store, fact: Fact, url: str, asn: int) -> None:
    began = max(fact.began.by, fact.looked_from or fact.began.by)
    kept = [one.episode for one in kept_of(demo, url) if one.asn == asn]
    [episode] = [one for one in kept if timedelta() <= one.first_bad_at - began <= NEAR]
    assert episode.mechanisms == (fact.way,)
    assert episode.kind == ("throttling" if fact.kind == "throttle" else "blocking")
    if fact.looked_from:
        assert episode.last_good_at is None  # it had begun before anybody looked
    else:
        assert episode.last_good_at is not None
        assert timedelta() < fact.began.after - episode.last_good_at <= NEAR or began == fact.began.after
    if fact.ended is None:
        assert episode.closed_at is None
        assert timedelta() < min(fact.last, CLOCK) - episode.last_bad_at <= NEAR
    else:
        assert episode.first_good_at is not None
        assert timedelta() <= episode.first_good_at - fact.ended.by <= NEAR
        assert timedelta() <= fact.ended.after - episode.last_bad_at <= NEAR


def test_nothing_is_told_that_was_not_reported(demo: Store) -> None:
    told = Counter((url, one.asn) for url in {place[1] for place in PLACES} for one in kept_of(demo, url))
    assert told == Counter((url, asn) for _, url, asn in PLACES)


def wide(demo: Store, kind: EventKind) -> list[Event]:
    found = events(demo, since=datetime(2000, 1, 1, tzinfo=UTC))
    return sorted((one for one in found if one.kind is kind), key=lambda one: one.first_bad_at)


def test_january_2022_is_a_shutdown_with_its_windows_of_access(demo: Store) -> None:
    mobile, nationwide = (next(fact for fact in FACTS if fact.id == one) for one in ("KZ059", "KZ062"))
    found = wide(demo, EventKind.SHUTDOWN)
    outages = wide(demo, EventKind.OUTAGE)  # each mobile network's own, told before it was known to be more
    assert {network.asn for one in outages for network in one.networks} <= set(mobile.asns)
    assert {network.asn for network in found[0].networks} == set(nationwide.asns)
    assert found[0].last_good_at is not None
    assert found[0].last_good_at < mobile.began.by <= found[0].first_bad_at
    between = list(pairwise(found))
    assert len(between) == len(nationwide.open)
    hour = timedelta(hours=1)
    for (before, after), window in zip(between, nationwide.open, strict=True):
        assert before.first_good_at is not None
        assert timedelta() <= before.first_good_at - window.after <= hour
        assert timedelta() <= after.first_bad_at - window.by <= hour
    assert nationwide.ended is not None
    assert found[-1].first_good_at is not None
    assert timedelta() <= found[-1].first_good_at - nationwide.ended.by <= hour


def test_news_bear_the_times_at_which_they_would_have_been_told(demo: Store) -> None:
    with demo.transaction() as connection:
        rows = connection.execute(sa.text("select change, at, noticed_at from flip")).all()
    times = [(datetime.fromisoformat(row.at), datetime.fromisoformat(row.noticed_at)) for row in rows]
    by_looking_late = sum(noticed - at > timedelta(days=3) for at, noticed in times)
    assert {row.change for row in rows} == {"opened", "grew", "worsened", "ended"}
    assert by_looking_late <= 5  # networks that were looked from long after it had begun
    assert len({noticed for _, noticed in times}) > 25


def test_during_the_shutdown_no_site_is_called_blocked_for_it(demo: Store) -> None:
    assert [one for one in kept_of(demo, "https://www.facebook.com/") if one.episode.first_bad_at.year == 2022] == []


# What stands in the store


def sample(demo: Store) -> Iterator[Measurement]:
    with demo.transaction() as connection:
        query = "select uid from measurement order by uid limit 400"
        uids = list(connection.execute(sa.text(query)).scalars())
    for uid in uids[::10]:
        found = demo.measurement(uid)
        assert found is not None
        assert found[1] == judge(found[0])
        yield found[0]


def test_a_simulated_measurement_is_judged_as_a_true_one_and_says_what_it_is(demo: Store) -> None:
    seen = list(sample(demo))
    assert len({one.vantage.asn for one in seen}) > 2
    assert [one.uid for one in seen if not (one.simulated or "").startswith("Nothing was measured")] == []
    assert [one for one in seen if not one.uid.startswith(PREFIX) or not one.vantage.name.startswith(PREFIX)] == []


def test_where_no_technique_was_reported_the_measurement_says_so(demo: Store) -> None:
    with demo.transaction() as connection:
        query = "select uid from verdict join measurement using (uid) where url = :url and verdict = 'blocked' limit 1"
        uid = connection.execute(sa.text(query), {"url": "https://www.livejournal.com/"}).scalar_one()
    found = demo.measurement(uid)
    assert found is not None
    assert "no technique was reported" in (found[0].simulated or "")


def test_the_mark_goes_out_and_comes_in_with_the_measurement(demo: Store, tmp_path: Path) -> None:
    chosen = Chosen(url="https://www.currenttime.tv/")
    file = tmp_path / "out.jsonl"
    file.write_text("".join(line(*one) + "\n" for one in measurements(demo, chosen)), "utf-8")
    another = Store(f"sqlite:///{tmp_path / 'another.db'}")
    assert {str(one.fate) for one in taken(another, judged([str(file)]))} == {"stored"}
    assert list(measurements(another, Chosen())) == list(measurements(demo, chosen))
    assert {one.simulated is None for one, _ in measurements(another, Chosen())} == {False}
    assert {row["vantage"].partition("-")[0] for row in points(another, Chosen())} == {"simulated"}
    another.close()


def test_the_chains_of_the_demo_are_whole(demo: Store) -> None:
    with demo.transaction() as connection:
        known = chains(connection)
        smallest = min(known, key=lambda one: one.links)
        assert list(broken(connection, smallest.vantage)) == []
        assert sum(one.links for one in known) == demo.held().measurements


def test_the_file_says_of_itself_that_it_is_the_demo_s(demo_file: Path) -> None:
    assert demo_file.read_bytes()[68:72] == b"KDSS"  # SQLite's application_id


# How it is filled


SOME = [fact for fact in FACTS if fact.id in {"KZ047", "KZ075"}]


def heads_of(folder: Path, number: int) -> list[str]:
    store = Store(f"sqlite:///{folder}/{number}.db")
    fill(store, SOME)
    with store.transaction() as connection:
        found = [chain.head for chain in chains(connection)]
    store.close()
    return found


def test_the_same_table_makes_the_same_store(tmp_path: Path) -> None:
    assert heads_of(tmp_path, 1) == heads_of(tmp_path, 2) != []


def test_an_end_that_is_other_in_the_table_is_other_in_the_store(tmp_path: Path) -> None:
    [fact] = [fact for fact in SOME if fact.id == "KZ075"]
    store = Store(f"sqlite:///{tmp_path}/other.db")
    fill(store, [replace(fact, ended=bounds("2022-12-09"))])
    [kept] = kept_of(store, fact.urls[0])
    assert kept.episode.first_good_at is not None
    assert kept.episode.first_good_at >= datetime(2022, 12, 9, 18, tzinfo=UTC)
    store.close()


def test_a_store_that_is_there_is_shown_as_it_is_and_an_older_one_goes(demo_file: Path) -> None:
    folder, before = demo_file.parent, demo_file.stat().st_mtime_ns
    assert filled(folder) == demo_file
    assert demo_file.stat().st_mtime_ns == before
    assert [file.name for file in folder.iterdir() if file.suffix == ".new"] == []


def test_a_rebuilt_history_says_the_same(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/again.db")
    fill(store, SOME)
    history = History(store, owner=lambda asn, _: str(asn), outlets={}, interval=timedelta(hours=6))
    before = history.episodes()
    history.rebuild()
    assert history.episodes() == before != []
    store.close()
