"""Episodes and events of a store: what comes in one by one, late, or all at once ends as the same history."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from results.episodes import Episode, Kind
from results.event_rows import event_of
from results.events import Change
from results.history import History, Touched, folded
from results.judgement import Confidence, Verdict
from results.records import Vantage
from results.store import Store
from results.verdict import judge
from tests.results.build import AT, HOME, dns, page, seen, tcp, tls

ROUND = timedelta(minutes=30)
RATEL, FERGANA = "https://ratel.kz/", "https://fergana.media/"
FINE = seen(dns(), tcp(), tls(), page(kbps=900.0), control=[dns(), tcp(), tls(), page()])
JUDGED = judge(FINE)
KCELL = Vantage(name="astana-1", country="KZ", asn=29355, network="Kcell", vantage_class="mobile")
BEELINE = Vantage(name="aktau-1", country="KZ", asn=21299, network="Beeline", vantage_class="mobile")
OWNERS = {9198: "Kazakhtelecom", 29355: "Kazakhtelecom", 21299: "VEON"}
_FLIP = SQLModel.metadata.tables["flip"]
_CHECKPOINT = SQLModel.metadata.tables["checkpoint"]
Look = tuple[str, Vantage, datetime, Verdict]


def of(store: Store, **more: Any) -> History:
    given: dict[str, Any] = {"owner": lambda asn, _name: OWNERS[asn], "outlets": {}, "interval": ROUND} | more
    return History(store, **given)


def looks(url: str, vantage: Vantage, text: str, start: datetime = AT) -> list[Look]:
    """One look a round: `.` accessible, `x` blocked, `d` down; a space is none."""
    verdicts = {".": Verdict.ACCESSIBLE, "x": Verdict.BLOCKED, "d": Verdict.DOWN}
    return [(url, vantage, start + number * ROUND, verdicts[one]) for number, one in enumerate(text) if one != " "]


def put(store: Store, found: Sequence[Look], confidence: Confidence = Confidence.LIKELY) -> list[Touched]:
    """Stored, and folded by nobody yet."""
    touched = []
    for url, vantage, at, verdict in found:
        blocked = verdict is Verdict.BLOCKED
        uid = f"{url} {vantage.name} {at.isoformat()}"
        told = replace(
            JUDGED,
            verdict=verdict,
            mechanisms=("tls.timeout",) if blocked else (),
            confidence=confidence if blocked else None,
        )
        store.add(replace(FINE, uid=uid, url=url, vantage=vantage, started_at=at), told)
        touched.append(Touched(url, vantage.asn, vantage.network, at))
    return touched


def one_by_one(store: Store, history: History, found: Sequence[Look]) -> None:
    """As they come from a running probe."""
    for look in sorted(found, key=lambda look: look[2]):
        history.update(put(store, [look]))
        history.settle(look[2])


def told(store: Store) -> list[tuple[Change, int, int, bool]]:
    """Of each flip: what changed, how many sites and networks, and whether it was late."""
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_FLIP).order_by(_FLIP.c.id)).mappings().all()
    events = [event_of(row["event"]) for row in rows]
    return [
        (Change(row["change"]), len(event.urls), len(event.networks), bool(row["late"]))
        for row, event in zip(rows, events, strict=True)
    ]


def episodes(history: History) -> list[tuple[str, Episode]]:
    return list(history.episodes())


BLOCK = "." * 40 + "x" * 30 + "." * 20


def test_a_block_is_an_episode_an_event_and_two_flips(store: Store) -> None:
    """Opened at its third or fourth bad point, ended after as many good ones; the brackets hold what is known."""
    history = of(store)
    one_by_one(store, history, looks(RATEL, HOME, BLOCK))
    [(series, episode)] = episodes(history)
    assert series == "https://ratel.kz/ AS9198"
    assert (episode.kind, episode.state, episode.mechanisms) == (Kind.BLOCKING, "closed", ("tls.timeout",))
    assert (episode.last_good_at, episode.first_bad_at) == (AT + 39 * ROUND, AT + 40 * ROUND)
    assert (episode.last_bad_at, episode.first_good_at) == (AT + 69 * ROUND, AT + 70 * ROUND)
    assert (episode.measurements, episode.bad, episode.intermittent) == (30, 30, False)
    assert episode.opened_at <= AT + 43 * ROUND
    assert told(store) == [(Change.OPENED, 1, 1, False), (Change.ENDED, 1, 1, False)]


def test_what_came_one_by_one_is_what_comes_of_everything(store: Store) -> None:
    """The running fold and the rebuilt one agree exactly, over many checkpoints."""
    chance = random.Random(5)
    text = "".join("x" if chance.random() < (0.9 if 150 < number < 250 else 0.02) else "." for number in range(400))
    history = of(store)
    one_by_one(store, history, looks(RATEL, HOME, text))
    running = episodes(history)
    assert running
    assert list(folded(store)) == running
    history.rebuild()
    assert episodes(history) == running


def test_late_measurements_end_as_if_they_had_come_in_time(store: Store, tmp_path: Path) -> None:
    """A probe that was offline sends its rounds afterwards: half of them here before, half after."""
    found = looks(RATEL, HOME, BLOCK + BLOCK)
    early = [look for look in found if look[2] < AT + 30 * ROUND or look[2] > AT + 100 * ROUND]
    in_time = Store(f"sqlite:///{tmp_path / 'in-time.db'}")
    history, other = of(store), of(in_time)
    one_by_one(store, history, early)
    history.update(put(store, [look for look in found if look not in early]))
    one_by_one(in_time, other, found)
    assert episodes(history) == episodes(other)
    in_time.close()


def test_only_what_late_measurements_touch_is_folded_again(store: Store) -> None:
    """4,000 rounds are here; one of yesterday comes in: no checkpoint before it is made anew."""
    history = of(store)
    history.update(put(store, looks(RATEL, HOME, "." * 400)))
    before = checkpoints(store)
    history.update(put(store, looks(RATEL, HOME, "x", AT + 350 * ROUND + ROUND / 2)))
    after = checkpoints(store)
    kept = [one for one in before if one[1] < AT + 350 * ROUND]
    assert len(kept) >= 4
    assert after[: len(kept)] == kept
    assert after != before


def checkpoints(store: Store) -> list[tuple[int, datetime]]:
    with store.transaction() as connection:
        query = sa.select(_CHECKPOINT).order_by(_CHECKPOINT.c.at)
        return [(row["id"], row["at"]) for row in connection.execute(query).mappings()]


FOUR_BAD = looks(RATEL, HOME, "." * 40 + "xxxx" + "." * 2)
GOOD_BETWEEN = [
    look for half in range(1, 6) for look in looks(RATEL, HOME, "...", AT + 40 * ROUND + half * ROUND / 6 - ROUND)
] + looks(RATEL, HOME, "." * 12, AT + 42 * ROUND + ROUND / 4)


def test_what_is_stored_while_nobody_follows_is_folded_later_however_late_it_is(store: Store) -> None:
    """Another program stores it, behind checkpoints that the running one has written already."""
    found = looks(RATEL, HOME, BLOCK + BLOCK + "." * 100)
    late = [look for look in found if AT + 30 * ROUND <= look[2] <= AT + 100 * ROUND]
    put(store, [look for look in found if look not in late])
    put(store, looks(FERGANA, KCELL, BLOCK))
    assert of(store).follow() == 2
    assert of(store).follow() == 0
    put(store, late)
    again = of(store)  # started anew
    again.catch_up()
    assert episodes(again) != list(folded(store))
    assert again.follow() == 1
    assert episodes(again) == list(folded(store))


def test_killed_after_the_fold_it_is_folded_again_and_nothing_is_told_twice(store: Store) -> None:
    history = of(store)
    put(store, looks(RATEL, HOME, BLOCK))
    history.follow()
    history.settle(AT + 100 * ROUND)
    before = told(store)
    with store.transaction() as connection:
        connection.execute(sa.text("delete from followed"))
    assert of(store).follow() == 1
    history.settle(AT + 100 * ROUND)
    assert told(store) == before
    with store.transaction() as connection:
        assert connection.execute(sa.text("select vantage, number from followed")).all() == [(HOME.name, len(BLOCK))]


def test_what_late_measurements_show_to_be_none_is_not_told(store: Store) -> None:
    """Nor is it left anywhere: neither the episode nor its event."""
    history = of(store)
    history.update(put(store, FOUR_BAD))
    assert len(episodes(history)) == 1
    history.update(put(store, GOOD_BETWEEN))
    history.settle(AT + timedelta(days=2))
    assert (episodes(history), told(store)) == ([], [])


def test_what_was_told_and_is_shown_to_be_none_is_said_to_be_over(store: Store) -> None:
    history = of(store)
    history.update(put(store, FOUR_BAD))
    history.settle(AT + 46 * ROUND)
    history.update(put(store, GOOD_BETWEEN))
    history.settle(AT + timedelta(days=2))
    assert episodes(history) == []
    assert [change for change, *_ in told(store)] == [Change.OPENED, Change.ENDED]


def test_late_news_is_told_as_past(store: Store) -> None:
    history = of(store)
    history.update(put(store, looks(RATEL, HOME, BLOCK)))
    history.settle(AT + timedelta(days=5))
    assert told(store) == [(Change.OPENED, 1, 1, True)]


def test_sixty_sites_at_once_are_one_event_and_one_flip(store: Store) -> None:
    """The first one known waits for those that are about to be."""
    history = of(store)
    urls = [f"https://site{number}.kz/" for number in range(60)]
    history.update(put(store, [look for url in urls for look in looks(url, HOME, "." * 4)]))
    for number in range(4, 9):
        for place, url in enumerate(urls):
            at = AT + number * ROUND + place * timedelta(seconds=5)
            history.update(put(store, [(url, HOME, at, Verdict.BLOCKED)]))
            history.settle(at)
    assert told(store) == [(Change.OPENED, 60, 1, False)]


def test_a_further_network_makes_it_grow_and_another_owner_confirms_it(store: Store) -> None:
    history = of(store)
    for vantage in (HOME, KCELL, BEELINE):
        one_by_one(store, history, looks(RATEL, vantage, "." * 40))
    rounds = [
        look
        for vantage, start in ((HOME, 40), (KCELL, 46), (BEELINE, 52))
        for look in looks(RATEL, vantage, "." * (start - 40) + "x" * (70 - start), AT + 40 * ROUND)
    ]
    one_by_one(store, history, rounds)
    assert told(store) == [(Change.OPENED, 1, 1, False), (Change.GREW, 1, 2, False), (Change.GREW, 1, 3, False)]
    with store.transaction() as connection:
        rows = connection.execute(sa.select(_FLIP).order_by(_FLIP.c.id)).mappings().all()
    assert [event_of(row["event"]).confirmed for row in rows] == [False, False, True]


def test_two_owners_do_not_confirm_what_is_weak(store: Store) -> None:
    history = of(store)
    for vantage in (HOME, BEELINE):
        history.update(put(store, looks(RATEL, vantage, "." * 40 + "x" * 10), Confidence.WEAK))
    history.settle(AT + timedelta(days=1))
    with store.transaction() as connection:
        [row] = connection.execute(sa.select(_FLIP)).mappings().all()
    event = event_of(row["event"])
    assert (len(event.networks), event.confidence, event.confirmed) == (2, "weak", False)


def test_mirrors_of_an_outlet_are_one_event(store: Store) -> None:
    history = of(store, outlets={RATEL: "Ratel.kz", "https://ratel.su/": "Ratel.kz"})
    text = "." * 40 + "x" * 10
    one_by_one(store, history, looks(RATEL, HOME, text) + looks("https://ratel.su/", HOME, text))
    assert [(change, sites) for change, sites, _, _ in told(store)] == [(Change.OPENED, 2)]


def test_blocks_of_different_days_are_different_events(store: Store) -> None:
    history = of(store)
    later = looks(FERGANA, HOME, "." * 40 + "." * 60 + "x" * 10)
    one_by_one(store, history, looks(RATEL, HOME, "." * 40 + "x" * 70) + later)
    assert [(change, sites) for change, sites, _, _ in told(store)] == [(Change.OPENED, 1), (Change.OPENED, 1)]


def test_one_vantage_of_three_does_not_speak_for_its_network(store: Store) -> None:
    """Its own trouble is not the network's, however often it measures."""
    history = of(store)
    others = [replace(HOME, name=f"almaty-{number}") for number in range(2, 4)]
    found = looks(RATEL, HOME, "." * 10 + "x" * 60)
    found += [look for other in others for look in looks(RATEL, other, "." * 70, AT + timedelta(minutes=3))]
    one_by_one(store, history, found)
    assert episodes(history) == []


def test_three_vantages_of_a_network_say_what_one_says(store: Store) -> None:
    history = of(store)
    vantages = [HOME, *(replace(HOME, name=f"almaty-{number}") for number in range(2, 4))]
    found = [
        look
        for number, vantage in enumerate(vantages)
        for look in looks(RATEL, vantage, "." * 20 + "x" * 12, AT + number * timedelta(minutes=3))
    ]
    one_by_one(store, history, found)
    [(_, episode)] = episodes(history)
    assert episode.bad == 36 - 1
    assert episode.opened_at < AT + 22 * ROUND
