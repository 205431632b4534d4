"""Whatever kind of answer it is: what reads it is told that it is simulated, and can still read it."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest

from server.demo.marks import KEY, Said, marked

SAID = Said(word="Simulated", banner='<aside class="simulated">Nothing was measured.</aside>', first="<p>known</p>")
PAGE = (
    '<html><head><title>Now</title></head><body><header class="top"></header>'
    '<main id="main">\n<h1 class="lead">7 sites</h1>\n<p class="sub">today</p><p>more</p></main></body></html>'
)


def test_a_page_says_it_in_its_title_above_everything_and_under_its_headline() -> None:
    found = marked("text/html", PAGE, SAID)
    assert "<title>Simulated: Now</title>" in found
    assert found.index(SAID.banner) < found.index("<header") < found.index("7 sites")
    assert found.index("today") < found.index("<p>known</p>") < found.index("more")


def test_a_page_of_another_look_says_it_too() -> None:
    assert SAID.banner in marked("text/html", "<html><body class='x'>away</body></html>", SAID)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"a": 1}, {KEY: True, "a": 1}),
        ([{"a": 1}, 2], [{KEY: True, "a": 1}, 2]),
        ({KEY: "by whom"}, {KEY: True}),
        ({"openapi": "3.1.0"}, {f"x-{KEY}": True, "openapi": "3.1.0"}),
    ],
)
def test_json_says_it_in_a_key(body: object, found: object) -> None:
    def told(value: object) -> object:
        if isinstance(value, list):
            return [told(one) for one in value]
        return (
            {key: bool(one) if KEY in key else one for key, one in value.items()} if isinstance(value, dict) else value
        )

    assert told(json.loads(marked("application/json", json.dumps(body), SAID))) == found


def test_json_lines_say_it_in_each_line() -> None:
    found = marked("application/x-ndjson", '{"a":1}\n{"a":2}\n', SAID)
    assert [KEY in json.loads(line) for line in found.splitlines()] == [True, True]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_says_it_in_a_column_whatever_stands_in_its_cells(end: str) -> None:
    body = f'url,says{end}https://a.kz/,"two, and{end}a ""line"""{end}'
    found = marked("text/csv", body, SAID)
    rows = list(csv.reader(io.StringIO(found, newline="")))
    assert rows == [["url", "says", KEY], ["https://a.kz/", f'two, and{end}a "line"', "yes"]]
    assert found.endswith(f"yes{end}")


def test_a_feed_says_it_in_every_title() -> None:
    entry = '<entry><title type="text">x</title></entry>'
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{entry}</feed>'
    read = ET.fromstring(marked("application/atom+xml", feed, SAID))
    assert [one.text for one in read.iter("{http://www.w3.org/2005/Atom}title")] == ["Simulated: News", "Simulated: x"]


BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="20" viewBox="0 0 200 20" role="img">'
    "<title>accessible: 3 of 4</title><text>3 of 4</text></svg>"
)


def test_a_badge_gets_a_field_of_its_own_that_says_it() -> None:
    read = ET.fromstring(marked("image/svg+xml", BADGE, SAID))
    texts = [one.text for one in read.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["3 of 4", "Simulated"]
    width = float(read.attrib["width"])
    assert width > 250
    assert read.attrib["viewBox"] == f"0 0 {width:g} 20"
    assert read.attrib["height"] == "20"


def test_a_chart_by_itself_says_it() -> None:
    chart = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200"><title>Strip</title></svg>'
    found = marked("image/svg+xml", chart, SAID)
    assert ">Simulated</text>" in found
    assert "<title>Simulated: Strip</title>" in found


def test_what_is_of_no_kind_that_can_be_marked_stays_as_it_is() -> None:
    assert marked("text/css", "a {}", SAID) == "a {}"
