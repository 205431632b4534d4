"""What the pages tell beside the strips: known events, an outlet's addresses, how alike failures are, the method."""

import hashlib
import itertools
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from results.judgement import Verdict
from results.records import Aim, Control, HttpStep, Measurement, Reference, TlsStep
from results.rules import RULES, RULES_VERSION
from results.store import Store, Tally
from server.pages.charts.marks import Mark, lines, numbers
from server.pages.charts.palette import BLOCKINGS
from server.pages.charts.week import hours_of_week
from server.pages.many.compared import alike, by_hour, comparisons, week
from server.pages.many.known import KINDS as KNOWN_WORDS
from server.pages.times import Local, Window
from targets.bundled import bundled
from targets.known_events import KINDS
from tests.server.conftest import ALMATY
from tests.server.html import Page, page
from tests.server.many import BEELINE, app_of, followed, past
from tests.server.simulated import HOME, NOW, Simulated, judgement, rich, site, throttled

pytestmark = pytest.mark.anyio

LOCAL = Local.at(NOW, ALMATY)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
FERGANA = {one.url: one for one in bundled("kz") if one.outlet == "Fergana"}
AZATTYQ = "azattyqasia.org"


# Known events


WEEK = Window(MONDAY, timedelta(days=1), 7)


def test_a_known_day_is_a_line_and_a_known_month_a_bar() -> None:
    day = Mark(1, MONDAY + timedelta(days=3.5), MONDAY + timedelta(days=4.5))
    month = Mark(2, MONDAY - timedelta(days=10), MONDAY + timedelta(days=3.5))
    later = Mark(3, MONDAY + timedelta(days=8), MONDAY + timedelta(days=9))
    assert lines([day, month, later], WEEK, 70, 20) == [
        '<path class="known" d="M35 0V20"/>',
        '<path class="known about" d="M0 1H35"/>',
    ]


def test_numbers_of_events_at_one_day_do_not_lie_upon_each_other() -> None:
    at = MONDAY + timedelta(days=3)
    drawn = numbers([Mark(number, at, at + timedelta(days=1)) for number in range(1, 5)], WEEK, 400)
    places = [float(x) for x in re.findall(r'x="([\d.]+)"', drawn)]
    assert len(places) == 4
    assert all(later - sooner >= 10 for sooner, later in itertools.pairwise(places))


def test_every_kind_of_event_has_its_words() -> None:
    assert set(KNOWN_WORDS) == set(KINDS)


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(store, [*FERGANA.values()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://kedergi.example.org") as made:
        yield made


def links(found: Page, start: str) -> list[str]:
    return [link["href"] or "" for link in found.all("a") if (link["href"] or "").startswith(start)]


@pytest.mark.parametrize("path", ["/site", "/episode"])
async def test_known_events_lie_over_the_strips_and_in_a_table_with_their_source(
    client: httpx.AsyncClient, store: Store, path: str
) -> None:
    past(store, BEELINE, AZATTYQ, "o" * 20 + "b" * 20, until=datetime(2026, 6, 10, tzinfo=UTC))
    followed(store)
    first = await page(client, "/site", url=site(AZATTYQ), span="7d", to="2026-06-12T00:00:00Z")
    found = (
        first
        if path == "/site"
        else await page(client, f"{links(first, '/episode?')[0]}&span=7d&to=2026-06-12T00:00:00Z")
    )
    table = found.text.partition("Known events of this time")[2]
    assert "Reported by others, not measured here" in table
    assert "1 9 Jun 2026 not known reported blocked Entered in a list of blocked addresses azattyqasia.org" in table
    assert links(found, "https://github.com/citizenlab/test-lists/pull/2191")
    assert [one for one in found.all("path") if one.get("class") == "known"]


async def test_a_network_shows_what_concerned_the_whole_country(client: httpx.AsyncClient, store: Store) -> None:
    past(store, BEELINE, AZATTYQ, "oo", until=datetime(2022, 11, 21, tzinfo=UTC))
    followed(store)
    found = await page(client, "/network", key="21299", span="30d", to="2022-11-25T00:00:00Z")
    table = found.text.partition("Known events of this time")[2]
    assert "20 Nov 2022 20 Nov 2022 election Presidential election the whole country (KZ)" in table
    assert "currenttime.tv" not in table


async def test_where_nothing_is_known_there_is_no_table(client: httpx.AsyncClient, store: Store) -> None:
    past(store, BEELINE, AZATTYQ, "oo")
    followed(store)
    assert "Known events" not in (await page(client, "/site", url=site(AZATTYQ))).text


# Outlets


async def test_a_site_shows_the_other_addresses_of_its_outlet_and_how_they_are(
    client: httpx.AsyncClient, store: Store
) -> None:
    past(store, HOME, "fergana.media", "b" * 10)
    past(store, HOME, "fergana.agency", "o" * 10)
    followed(store)
    found = await page(client, "/site", url="https://fergana.media/")
    table = found.text.partition("Other addresses of Fergana")[2].partition("Episodes")[0]
    assert re.search(r"fergana\.agency mirror A accessible Kazakhtelecom", table), table
    assert "fergana.news mirror no data: not measured here" in table
    assert "www.fergananews.com given up; it may be in other hands now no data: not measured here" in table
    assert "the outlet has since moved to fergana.agency" in table
    assert "fergana.media" not in table


async def test_an_address_that_was_given_up_leads_to_its_successors(client: httpx.AsyncClient, store: Store) -> None:
    past(store, HOME, "fergana.agency", "b" * 10)
    followed(store)
    found = await page(client, "/site", url="https://www.fergananews.com/")
    table = found.text.partition("Other addresses of Fergana")[2]
    assert "fergana.agency successor: in use since this one was given up T blocked likely" in table
    assert "ferghana.ru given up" in table


# How fast


async def test_speed_has_its_own_chart_with_numbers(client: httpx.AsyncClient, store: Store) -> None:
    record = throttled()
    store.add(record, judgement("s"))
    followed(store)
    assert "Speed on" not in (await page(client, "/site", url="https://ratel.kz/")).text
    with store.transaction() as connection:
        connection.exec_driver_sql("update verdict set kbps = 128.0")
        connection.exec_driver_sql("delete from counted")
        connection.exec_driver_sql("delete from rollup")
    followed(store)
    found = await page(client, "/site", url="https://ratel.kz/")
    assert "Speed on Kazakhtelecom" in found.text
    assert "references bring none, so it stands alone" in found.text


# An episode


def tally(at: datetime, verdict: Verdict, count: int, *mechanisms: str) -> Tally:
    return Tally(
        url="u", cell=0, network=None, verdict=verdict, mechanisms=mechanisms, confidence=None, count=count,
        first_at=at, last_at=at,
    )  # fmt: skip


def test_failures_that_change_in_the_middle_are_seen_to() -> None:
    hours = [MONDAY + timedelta(hours=number) for number in range(10)]
    tallies = [tally(at, Verdict.BLOCKED, 2, "tls.reset" if at < hours[4] else "tls.timeout") for at in hours]
    tallies.append(tally(hours[5], Verdict.ACCESSIBLE, 9))
    found = alike(tallies)
    assert found is not None
    assert (found.mechanism, found.count, found.total) == ("tls.timeout", 12, 20)
    shares = [part.counts.get("tls.timeout", 0) / part.total for part in found.parts]
    assert shares == [0, 0, 1, 1, 1]
    assert sum(part.total for part in found.parts) == 20


def test_without_a_bad_check_nothing_is_alike() -> None:
    assert alike([tally(MONDAY, Verdict.ACCESSIBLE, 3)]) is None


def test_one_bad_check_is_alike_with_itself() -> None:
    found = alike([tally(MONDAY, Verdict.BLOCKED, 1, "tls.reset")])
    assert found is not None
    assert (found.share, len(found.parts)) == (1.0, 1)


def test_the_week_is_in_the_readers_hours_and_leaves_out_what_could_not_tell() -> None:
    late = MONDAY + timedelta(hours=21)  # Tuesday, 02:00 in Almaty
    counted = week(
        [tally(late, Verdict.BLOCKED, 2), tally(late, Verdict.DOWN, 1), tally(late, Verdict.INCONCLUSIVE, 5)], LOCAL
    )
    assert counted[1][2] == (2, 3)
    assert sum(total for day in counted for _, total in day) == 3
    assert by_hour(counted)[2] == (2, 2, 3)


def test_an_hour_without_a_check_is_dotted_and_one_bad_check_is_seen() -> None:
    counts = [[(0, 0)] * 24 for _ in range(7)]
    counts[0][1], counts[0][2], counts[0][3] = (1, 400), (4, 4), (0, 4)
    drawn = hours_of_week(
        "w",
        counts,
        BLOCKINGS[0],
        title="t",
        desc="d",
        days=list("abcdefg"),
        words=lambda *told: "/".join(map(str, told)),
    )
    assert drawn.count("url(#p-none)") == 7 * 24 - 3
    assert drawn.count(f"url(#p-{BLOCKINGS[0].key}-2)") == 2
    assert drawn.count("url(#p-ok)") == 2
    assert 'height="2" fill="url(#p-' in drawn


def looked(
    *steps: TlsStep | HttpStep, control: Control | None = None, references: tuple[Reference, ...] | None = None
) -> Measurement:
    return Measurement(
        uid="u", url="https://a.kz/", started_at=NOW, runtime_ms=1, vantage=HOME, steps=steps, control=control,
        references=references,
    )  # fmt: skip


def test_what_got_through_at_the_same_minute_is_counted() -> None:
    found = {one.what: (one.tried, one.through) for one in comparisons([rich(), rich(), looked()])}
    assert found["another name at the same address"] == (2, 2)  # a certificate for another name is an answer
    assert found["the control, from elsewhere"] == (2, 2)
    assert found["references of the same round"] == (2, 2)
    assert "this name at another address" not in found


def test_a_control_without_an_answer_was_not_tried() -> None:
    silent = Control(name="c", failure=next(step.failure for step in rich().steps if step.failure))
    assert comparisons([looked(control=silent)]) == []


def test_the_same_name_that_fails_elsewhere_did_not_get_through() -> None:
    failure = next(step.failure for step in rich().steps if step.failure)
    step = TlsStep(endpoint="192.0.2.1:443", t0=0, t=1, name="a.kz", aim=Aim.NEUTRAL_ADDRESS, failure=failure)
    [found] = comparisons([looked(step)])
    assert (found.what, found.tried, found.through) == ("this name at another address", 1, 0)


async def test_an_episode_tells_how_alike_its_failures_are_and_what_got_through(
    client: httpx.AsyncClient, store: Store
) -> None:
    for number in range(12):
        at = NOW - timedelta(minutes=30) * (12 - number)
        store.add(rich(f"r{number}", started_at=at), judgement("o" if number < 4 else "b"))
    followed(store)
    first = await page(client, "/site", url="https://ratel.kz/")
    found = await page(client, links(first, "/episode?")[0])
    assert "100 % of the bad checks fail the same way: silence once the site's name is sent tls.timeout" in (
        found.text.replace("\N{NO-BREAK SPACE}", " ").replace(" :", ":")
    )
    beside = found.text.partition("What got through at the same minute")[2]
    assert "Tried beside the site in its 8 newest bad checks" in beside
    assert "another name at the same address 8 8" in beside
    assert "the control, from elsewhere 8 8" in beside


async def test_an_episode_without_evidence_says_so(client: httpx.AsyncClient, store: Store) -> None:
    past(store, HOME, "ratel.kz", "o" * 10 + "b" * 10)
    followed(store)
    first = await page(client, "/site", url=site("ratel.kz"))
    found = await page(client, links(first, "/episode?")[0])
    assert "No data: nothing was tried beside it, or the evidence is no longer here." in found.text


# The method


async def test_the_method_is_made_from_the_rules(client: httpx.AsyncClient) -> None:
    found = await page(client, "/method")
    assert f"Version {RULES_VERSION}, {len({rule.id for rule in RULES})} rules." in found.text
    assert [rule.id for rule in RULES if rule.id not in found.text] == []
    assert "{c." not in found.text
    assert "No reference site could be reached" in found.text or "no reference site could be reached" in found.text
    assert "Redirects that are followed 10" in found.text


# uPlot


@pytest.fixture(scope="module")
def vendored() -> Path:
    return Path(str(files("server.pages").joinpath("static", "vendor", "uplot-1.6.32")))


def test_uplot_is_byte_for_byte_what_its_package_ships(vendored: Path) -> None:
    said = dict(re.findall(r"\| `([\w.]+)` \| `[^`]*` \| `([0-9a-f]{64})` \|", (vendored / "README.md").read_text()))
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in vendored.iterdir()}
    del found["README.md"]
    assert found == said
    assert "MIT" in (vendored / "LICENSE").read_text()


@pytest.mark.parametrize("name", ["uplot-1.6.32.js", "uplot-1.6.32.css"])
async def test_uplot_is_kept_by_the_browser(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/", "/networks", "/method"])
async def test_a_page_without_charts_of_numbers_loads_nothing_for_them(
    client: httpx.AsyncClient, simulated: Simulated, path: str
) -> None:
    simulated.past("a.kz", "oo")
    followed(simulated.store)
    assert not [one for one in (await page(client, path)).all("script") if "zoom" in (one.get("src") or "")]
