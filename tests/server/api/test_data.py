"""The data behind the charts: it says what the page says, in both forms, and nothing else.

Pages are asked in UTC, and read as a reader without JavaScript has them.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import httpx
import pytest

from results.records import Vantage
from results.store import Store
from server.api.exports import EXPORTS
from server.api.tables import as_csv
from tests.server.api.conftest import asking
from tests.server.many import TOWN, followed, hostile, past
from tests.server.simulated import NOW, site

pytestmark = pytest.mark.anyio

RATEL = {"url": site("ratel.kz")}


class Tables(HTMLParser):
    """The tables of a page, each as rows of the words in its cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.tables[-1][-1][-1] += data


def body(html: str, start: str) -> list[list[str]]:
    """The rows of the table that begins after some words, without its head; the words of a cell with single spaces."""
    [*_, html] = html.partition(start)
    rows = Tables("<table>" + html.partition("<thead>")[2].partition("</table>")[0]).tables[0]
    return [[" ".join(cell.split()) for cell in row] for row in rows[1:]]


async def rows(client: httpx.AsyncClient, name: str, **query: str) -> list[dict[str, str]]:
    answer = await client.get(f"/data/{name}.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="kedergi-{name}.csv"'
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


async def links(client: httpx.AsyncClient) -> list[str]:
    """Every address of data that stands on the pages."""
    first = (await client.get("/site", params=RATEL)).text
    episode = next(one for one in re.findall(r'href="(/episode[^"]+)"', first) if "21299" in one).replace("&amp;", "&")
    event = re.findall(r'href="(/event/[^"]+)"', (await client.get("/")).text)[0].replace("&amp;", "&")
    paths = ["/", "/networks", "/network?key=29355", f"/site?url={site('ratel.kz')}", "/vantage?name=home-1", event,
             episode, "/measurement/rich"]  # fmt: skip
    texts = [(await client.get(path)).text for path in paths]
    return sorted(
        {found.replace("&amp;", "&") for text in texts for found in re.findall(r'href="(/data/[^"]+)"', text)}
    )


async def test_every_chart_leads_to_its_data_in_both_forms(client: httpx.AsyncClient) -> None:
    templates = (files("server.pages") / "templates").iterdir()
    named = {
        name for one in templates for name in re.findall(r'many\.data\(choice, "([\w-]+)"', one.read_text("utf-8"))
    }
    assert named == set(EXPORTS)
    found = await links(client)
    assert len(found) > 2 * 15  # the rest is there where there is something to show
    answers = [await client.get(link) for link in found]
    assert {answer.status_code for answer in answers} == {200}
    for link, answer in zip(found, answers, strict=True):
        assert answer.content.count(b"\n") > 1 or answer.json()["rows"], link


async def test_both_forms_say_the_same(client: httpx.AsyncClient) -> None:
    for link in await links(client):
        if ".json" not in link:
            continue
        whole = (await client.get(link)).json()
        plain = await rows_of(client, link.replace(".json", ".csv"))
        assert list(plain[0]) == list(whole["columns"]), link
        assert [list(row.values()) for row in plain] == [
            [as_text(value) for value in row.values()] for row in whole["rows"]
        ], link


async def rows_of(client: httpx.AsyncClient, link: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await client.get(link)).text, newline="")))


def as_text(value: Any) -> str:
    """A value of JSON as it stands in CSV, by a second way."""
    if isinstance(value, dict):
        return " ".join(f"{name}={count}" for name, count in value.items())
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    "query", [{}, {"q": "rat"}, {"kind": "throttled"}, {"class": "mobile"}, {"network": "9198"}, {"category": "HUMR"}],
    ids=str,
)  # fmt: skip
async def test_the_matrix_is_that_of_the_page_with_its_filters(
    client: httpx.AsyncClient, query: dict[str, str]
) -> None:
    page = body((await client.get("/", params=query)).text, 'class="matrix"')
    said: dict[str, list[str]] = {}
    for row in await rows(client, "now-matrix", **query):
        words = [row["verdict"] or "no data"]
        words += [row["confidence"]] if row["confidence"] and row["verdict"] in {"blocked", "throttled"} else []
        said.setdefault(row["url"].removeprefix("https://").rstrip("/"), []).append(", ".join(words))
        assert (row["checks"] == "0") == (row["empty"] != "")
    assert [[name, *cells] for name, cells in said.items()] == [
        [row[0], *(re.sub(r"^\W*[A-Z]?\b(?=[a-z])|^[A-Z] ?", "", cell) for cell in row[1:])] for row in page
    ]


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "365d"])
async def test_the_strips_have_the_checks_that_the_page_counts(client: httpx.AsyncClient, span: str) -> None:
    text = (await client.get("/site", params=RATEL | {"span": span, "tz": "UTC"})).text
    counted = {name: int(count) for name, count in re.findall(r">([^<>:]+): (\d+) checks?: ", text)}
    found: dict[str, int] = {}
    cells: dict[str, int] = {}
    for row in await rows(client, "site-strips", **RATEL, span=span, tz="UTC"):
        found[row["network_name"]] = found.get(row["network_name"], 0) + int(row["checks"])
        cells[row["network_name"]] = cells.get(row["network_name"], 0) + 1
    told = {"JSC Kazakhtelecom": "Kazakhtelecom", "Kcell JSC": "Kcell", "Kar-Tel LLC (Beeline)": "Beeline"}
    assert {told.get(name, name): count for name, count in found.items()} == counted
    assert len(set(cells.values())) == 1


async def test_a_cell_has_what_the_strip_says_of_it(client: httpx.AsyncClient) -> None:
    query = RATEL | {"span": "24h", "tz": "UTC"}
    text = (await client.get("/site", params=query)).text
    for row in await rows(client, "site-strips", **query):
        start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
        if row["blocked"] != "0":
            assert f"{start:%H:%M} to {end:%H:%M}: blocked {row['blocked']} of {row['checks']}" in text
            assert row["mechanisms"] in {"tls.timeout=2", "tls.interception=2", "tls.timeout=3"}
    assert any(row["empty"] == "no data" for row in await rows(client, "site-strips", **RATEL))


async def test_the_handshakes_are_those_of_the_table_below_the_chart(client: httpx.AsyncClient) -> None:
    query = RATEL | {"tz": "UTC"}
    page = body((await client.get("/site", params=query)).text, "The numbers of Beeline")
    told = [row for row in await rows(client, "site-speed", **query) if row["network"] == "21299"]
    assert len(told) > 5
    assert [row[1:3] for row in page][::-1] == [
        [f"{float(row['handshake_ms']):.0f}" if row["handshake_ms"] else "–", row["reference_handshake_ms"] or "–"]
        for row in told
    ]


async def test_the_episodes_are_those_of_the_table(client: httpx.AsyncClient) -> None:
    query = RATEL | {"tz": "UTC"}
    page = body((await client.get("/site", params=query)).text, 'id="episodes"')
    told = await rows(client, "site-episodes", **query)
    assert [row[-1] for row in page] == [f"{row['bad']} of {row['measurements']}" for row in told]
    assert [row[0] for row in page] == [between(row["last_good_at"], row["first_bad_at"]) for row in told]
    assert [row["state"] == "open" for row in told] == ["goes on" in row[1] for row in page]


def between(earlier: str, later: str) -> str:
    first, last = (datetime.fromisoformat(one) for one in (earlier, later))
    day = "" if first.date() == NOW.date() else f"{first.day} {first:%b}, "
    again = "" if first.date() == last.date() or last.date() == NOW.date() else f"{last.day} {last:%b}, "
    return f"between {day}{first:%H:%M} and {again}{last:%H:%M}"


async def test_the_checks_are_those_of_the_table_and_of_the_cell_that_was_chosen(client: httpx.AsyncClient) -> None:
    [*_, busy] = [row for row in await rows(client, "site-strips", **RATEL, span="24h") if row["checks"] == "2"]
    for query in ({}, {"span": "24h", "at": busy["start"]}):
        page = body((await client.get("/site", params=RATEL | query | {"tz": "UTC"})).text, 'id="checks"')
        told = await rows(client, "site-checks", **RATEL, **query)
        assert [row[0][-5:] for row in page] == [f"{datetime.fromisoformat(row['at']):%H:%M}" for row in told]
        assert len(told) >= 2
    assert len(told) < 10


async def test_the_networks_strips_name_the_sites_that_nobody_looked_at(client: httpx.AsyncClient) -> None:
    told = await rows(client, "network-strips", key="29355")
    page = body((await client.get("/network", params={"key": "29355"})).text, "Trouble first")
    assert list(dict.fromkeys(site(row[0]) for row in page)) == list(dict.fromkeys(row["url"] for row in told))
    assert [row["empty"] for row in told if row["url"] == site("never.kz")] == ["no data"]


async def test_mechanisms_and_hours_have_their_counts(store: Store) -> None:
    past(store, TOWN, "vlast.kz", "o" * 40 + "bbbo" * 20)
    followed(store)
    client = asking(store)
    [path] = re.findall(r'href="(/episode[^"]+)"', (await client.get("/site", params={"url": site("vlast.kz")})).text)
    query = dict(httpx.URL(path.replace("&amp;", "&")).params)
    page = body((await client.get(path.replace("&amp;", "&"))).text, 'id="hours"')
    hours = await rows(client, "episode-hours", **query)
    told = {(row["weekday"], row["hour"]): f"{row['bad']}/{row['checks']}".replace("0/0", "no data") for row in hours}
    assert len(told) == 7 * 24
    assert [row[1:8] for row in page] == [[told[str(day), str(hour)] for day in range(1, 8)] for hour in range(24)]
    assert sum(int(row["bad"]) for row in hours) == 60
    assert await rows(client, "episode-mechanisms", **query) == [
        {"mechanism": "tls.timeout", "checks": "60", "share": "1.0"}
    ]


async def test_known_events_are_those_of_the_table(client: httpx.AsyncClient) -> None:
    query = RATEL | {"span": "365d", "to": "2016-06-01T00:00:00Z"}
    page = body((await client.get("/site", params=query)).text, 'id="known"')
    told = await rows(client, "site-known", **query)
    assert [row[0] for row in page] == [row["number"] for row in told]
    assert all(row["says"] in cells[3] for row, cells in zip(told, page, strict=True))
    assert told


async def test_the_other_addresses_of_an_outlet_are_those_of_the_table(client: httpx.AsyncClient) -> None:
    query = {"url": site("never.kz")}
    page = body((await client.get("/site", params=query)).text, 'id="outlet"')
    told = await rows(client, "site-addresses", **query)
    assert [(row["url"], row["verdict"], row["network"]) for row in told] == [(site("rights.kz"), "accessible", "9198")]
    assert [row[:2] for row in page] == [["rights.kz", told[0]["relation"]]]


async def test_a_name_that_a_member_chose_is_no_formula_in_a_spreadsheet(store: Store) -> None:
    names = ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tx"]
    for place, words in enumerate(names):
        vantage = Vantage(name=f"v{place}", country="KZ", network=words)
        past(store, vantage, "ratel.kz", "oo")
    past(store, hostile('","\r\nx'), "ratel.kz", "oo")
    followed(store)
    answer = await asking(store).get("/data/networks.csv")
    told = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert {len(row) for row in told} == {5}
    assert {f"'{name}" for name in names} <= {row[0] for row in told}
    assert 'net","\r\nx' in {row[0] for row in told}


def test_values_are_written_so_that_they_can_be_read_back() -> None:
    written = as_csv(["a", "b"], [(None, True), (["x", "y"], {"n": 2}), (1.23456, NOW)])
    assert written == b"a,b\r\n,true\r\nx y,n=2\r\n1.2346,2026-11-22T09:45:00.000Z\r\n"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/data/none.csv", 404, "Nothing is here."),
        ("/data/now-matrix.xlsx", 404, "Nothing is here."),
        ("/data/site-strips.csv", 400, "The address lacks or misspells: url."),
        ("/data/episode-strip.json?url=a&key=b&of=c&began=d", 400, "The address lacks or misspells: began."),
        ("/data/site-strips.json?url=https://none.kz/", 404, "Nothing is here."),
        ("/data/event-strips.csv?uid=%00", 404, "Nothing is here."),
    ],
)
async def test_what_is_not_there_is_said_in_json(client: httpx.AsyncClient, path: str, status: int, says: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()) == (status, {"error": says})


def columns() -> Iterator[tuple[str, str, str]]:
    for name, export in EXPORTS.items():
        yield from ((name, column, means) for column, means in export.columns.items())


@pytest.mark.parametrize(("name", "column", "means"), list(columns()))
def test_every_column_has_a_name_for_programs_and_a_meaning(name: str, column: str, means: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", column), name
    assert means
    assert json.dumps(means)
