"""Bytes over time: which curves are drawn together, and what a reader must be able to see in them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from results.failure import Failure
from results.judgement import Throttling
from results.records import Aim, AnyStep, Control, HttpStep, Measurement
from server.pages.assets import asset
from server.pages.charts import flow, labels
from server.pages.charts.flow import CONTROL, LINE, NAME, OTHER, Curve, End, Series, Style
from server.pages.charts.labels import Label, Room
from server.pages.flows import flows, told
from server.pages.tongue import ENGLISH
from server.pages.units import speed
from tests.server.simulated import fetched, throttled

SVG = "{http://www.w3.org/2000/svg}"
BOTTOM = flow.HEIGHT - flow.BOTTOM
ORDER = [NAME, OTHER, LINE, CONTROL]
Numbers = list[tuple[float, float]]


def curve(seconds: float = 4.0, *, end: End = End.CAME, wait_s: float = 0.5, visit: bool = False, end_s: float = 4.0,
          amount: int = 60_000, says: str = "") -> Curve:  # fmt: skip
    """An even one."""
    points = [(wait_s + (seconds - wait_s) * n / 10, amount * n // 10) for n in range(1, 11)]
    return Curve(points, end, end_s, says, visit)


def one(style: Style, *curves: Curve, note: str = "128 kbit/s") -> Series:
    return Series(style, note, curves or (curve(),))


def draw(*series: Series, ceiling_kbps: float | None = None, words: str = "said") -> ET.Element:
    return ET.fromstring(flow.flow("f", series, ENGLISH, title=words, desc=words, ceiling_kbps=ceiling_kbps))


def drawn(picture: ET.Element, css: str) -> list[Numbers]:
    """The points of the paths of a class."""
    paths = [path for path in picture.iter(f"{SVG}path") if css in (path.get("class") or "").split()]
    return [[(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d", ""))] for path in paths]


def texts(picture: ET.Element, css: str) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text") if css in (text.get("class") or "").split()]


def rectangles(picture: ET.Element) -> list[Room]:
    """Where each label's two rows stand, as wide as their letters are."""
    ends = [text for text in picture.iter(f"{SVG}text") if "end" in (text.get("class") or "").split()]
    found = []
    for word, note in zip(ends[::2], ends[1::2], strict=True):
        x, y, low = (float(value or "") for value in (word.get("x"), word.get("y"), note.get("y")))
        found.append(Room(x, y - 10, x + 6.5 * max(len(word.text or ""), len(note.text or "")), low + 2))
    return found


# The picture


def test_what_a_hostile_name_says_stays_text() -> None:
    words = "</title><b>&\x00"
    picture = draw(one(NAME, curve(says=words), note=words), words=words)
    assert len(list(picture.iter(f"{SVG}title"))) == 2
    assert not list(picture.iter(f"{SVG}b"))
    assert texts(picture, "note") == ["</title><b>&\N{REPLACEMENT CHARACTER}"]


def test_those_who_do_not_see_it_are_told() -> None:
    picture = draw(one(NAME))
    names = {found.get("id") for tag in ("title", "desc") for found in picture.iter(SVG + tag)}
    assert picture.get("role") == "img"
    assert set((picture.get("aria-labelledby") or "").split()) <= names


def test_each_kind_is_named_once_however_many_curves_it_has() -> None:
    picture = draw(*(one(style, curve(), curve(3.0), note=f"note {n}") for n, style in enumerate(ORDER)))
    assert sorted(texts(picture, "end")) == sorted([*(style.word for style in ORDER), *(f"note {n}" for n in range(4))])


def test_kinds_differ_by_more_than_colour() -> None:
    assert len({style.mark for style in ORDER}) == len(ORDER)
    answer = asset("kedergi.css")
    assert answer is not None
    css = bytes(answer.body).decode()
    dashes = [re.findall(rf"\.curve\.{style.css} {{[^}}]*dasharray: ([^;}}]+)", css) for style in ORDER]
    assert len({str(dash) for dash in dashes}) == len(ORDER)


@pytest.mark.parametrize(
    ("end", "css"), [(End.CAME, ["mark"]), (End.CUT, []), (End.STOPPED, ["stop"])], ids=["came", "cut", "stopped"]
)
def test_the_end_of_a_line_tells_why_it_ends(end: End, css: list[str]) -> None:
    picture = draw(one(NAME, curve(end=end)))
    assert [kind for kind in ("mark", "stop", "more") if drawn(picture, kind)] == css


def test_a_line_begins_with_the_wait_and_what_stopped_ends_with_its_silence() -> None:
    picture = draw(one(NAME, curve(2.0, wait_s=1.0, end=End.STOPPED, end_s=4.0)))
    (line,) = drawn(picture, "curve")
    width = line[-1][0] - flow.LEFT
    assert line[0] == (flow.LEFT, BOTTOM)
    assert line[1] == pytest.approx((flow.LEFT + width * 1.1 / 4, BOTTOM), abs=0.2)
    assert line[-2] == pytest.approx((flow.LEFT + width / 2, line[-1][1]), abs=0.2)
    assert drawn(picture, "stop")[0][0][0] == line[-1][0]


def test_the_visit_is_told_from_the_samples() -> None:
    picture = draw(one(NAME, curve(visit=True), curve(1.0)))
    assert len(drawn(picture, "visit")) == 1
    assert len(drawn(picture, "curve")) == 2


def test_the_guide_has_the_slope_of_the_ceiling() -> None:
    picture = draw(one(NAME, curve(4.0, amount=64_000)), ceiling_kbps=96.0)
    (line,), (guide,) = drawn(picture, "curve"), drawn(picture, "guide")
    assert guide[0] == (flow.LEFT, BOTTOM)
    # 64 000 bytes in 4 s from the request would be 128 kbit/s.
    rise = [(BOTTOM - y) / (x - flow.LEFT) for x, y in (guide[-1], line[-1])]
    assert rise[0] / rise[1] == pytest.approx(96 / 128, abs=0.01)
    assert texts(picture, "ceiling") == ["96 kbit/s"]


def test_a_guide_ends_where_the_picture_does() -> None:
    (guide,) = drawn(draw(one(NAME), ceiling_kbps=9000.0), "guide")
    assert guide[-1][1] == flow.TOP


def test_without_a_ceiling_there_is_no_guide() -> None:
    picture = draw(one(NAME))
    assert not drawn(picture, "guide")
    assert not texts(picture, "ceiling")


def test_what_lasts_long_runs_out_of_the_picture_and_says_how_long() -> None:
    picture = draw(one(NAME, curve(30.0)), one(OTHER, curve(0.4, wait_s=0.1), note="4.0 Mbit/s"))
    slow, fast = max(drawn(picture, "curve")), min(drawn(picture, "curve"))
    assert fast[-1][0] - flow.LEFT == pytest.approx((slow[-1][0] - flow.LEFT) * 0.4 / 10, abs=0.2)
    assert slow[-1][1] > flow.TOP + 100
    assert len(drawn(picture, "more")) == 1
    assert texts(picture, "note") == ["128 kbit/s, for 30 s", "4.0 Mbit/s"]


def test_a_picture_is_longer_than_ten_seconds_where_all_is_slow() -> None:
    picture = draw(one(NAME, curve(30.0)), one(OTHER, curve(12.0)))
    assert not drawn(picture, "more")
    assert "30 s" in texts(picture, "tick")


SHAPES = {
    "fast and slow": [(4.0, 60_000), (0.16, 60_000), (0.13, 41_000), (0.28, 60_000)],
    "all alike": [(0.2, 60_000), (0.2, 60_000), (0.2, 60_000), (0.2, 60_000)],
    "near": [(0.30, 60_000), (0.16, 60_000), (0.13, 41_000), (0.29, 60_000)],
    "tiny": [(4.0, 5_000), (0.1, 5_000), (0.1, 512_000), (0.1, 5_000)],
    "at the bottom": [(4.0, 5_000), (3.9, 5_000), (0.1, 512_000), (4.0, 5_100)],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("ceiling_kbps", [None, 128.0, 2500.0])
def test_no_label_lies_on_another_or_outside(shape: Sequence[tuple[float, int]], ceiling_kbps: float | None) -> None:
    series = [
        one(style, curve(seconds, wait_s=seconds / 5, amount=amount))
        for style, (seconds, amount) in zip(ORDER, shape, strict=True)
    ]
    rooms = rectangles(draw(*series, ceiling_kbps=ceiling_kbps))
    assert len(rooms) == 4
    assert not [pair for pair in combinations(rooms, 2) if pair[0].meets(pair[1])]
    assert all(Room(0, 0, flow.WIDTH, flow.HEIGHT).holds(room) for room in rooms)


FRAME = Room(0, 0, 1000, 300)


def placed(*points: tuple[float, float], lines: Sequence[tuple[float, float]] = ()) -> list[ET.Element]:
    wanted = [Label(at, "a word", "a note", f"n{number}", "m0 0h1") for number, at in enumerate(points)]
    return [ET.fromstring(one) for one in labels.placed(wanted, lines, [], FRAME)]


def test_a_free_word_stands_beside_its_point_and_needs_no_line_to_it() -> None:
    (label,) = placed((500, 150))
    assert [tag.tag for tag in label] == ["text", "text"]
    assert float(label[0].get("x", "")) == 500 + labels.NEAR


def test_a_word_gives_way_to_a_line_and_is_led_to_from_its_point() -> None:
    upright = [(530.0, float(y)) for y in range(0, 300, 8)]
    (label,) = placed((500, 150), lines=upright)
    assert float(label[-1].get("x", "")) > 530
    lead, mark, *_ = label
    assert (lead.get("d") or "").startswith("M500 150L")
    assert mark.get("class") == "mark n0"


def test_the_point_to_the_right_has_the_place_beside_it() -> None:
    """Else the left one's word would stand beside the right one's mark."""
    first, second = placed((500, 20), (520, 20))
    assert [tag.get("class") for tag in first] == ["end n1", "end note"]
    assert [tag.get("class") for tag in second][1] == "mark n0"


@pytest.mark.parametrize(("kbps", "words"), [(127.6, "128 kbit/s"), (4210, "4.2 Mbit/s"), (25_400, "25 Mbit/s")])
def test_a_speed_is_said_as_people_say_it(kbps: float, words: str) -> None:
    assert speed(kbps, ENGLISH) == words


# The curves


def shown(record: Measurement) -> list[tuple[str, int | None]]:
    return [(fetch.which, fetch.pair) for fetch in flows(record, ENGLISH).fetches]


def with_steps(*steps: AnyStep, control: Control | None = None) -> Measurement:
    return replace(throttled(), steps=steps, control=control)


def test_the_visit_its_samples_and_all_that_they_are_compared_with_are_drawn() -> None:
    name, other = NAME.word, OTHER.word
    assert shown(throttled()) == [
        ("the visit", None), (name, 1), (name, 2), (name, 3), (other, 1), (other, 2), (other, 3),
        (LINE.word, None), (CONTROL.word, None),
    ]  # fmt: skip


def test_each_kind_has_the_middle_speed_of_its_curves() -> None:
    notes = [(one.style, one.note) for one in flows(throttled(kbps=100, fast=8000), ENGLISH).series]
    assert notes == [(NAME, "98 kbit/s"), (OTHER, "8.3 Mbit/s"), (LINE, "10 Mbit/s"), (CONTROL, "4.0 Mbit/s")]
    assert (
        flows(throttled(), ENGLISH)
        .says(ENGLISH)
        .startswith("with the site’s name: 126 kbit/s; with another name, same address: 8.3")
    )


def test_a_curve_begins_with_its_own_request() -> None:
    points = flows(throttled(kbps=100), ENGLISH).fetches[1].curve.points
    assert points[0][0] == pytest.approx(0.1 + 14_000 * 8 / 99_000 / 20)
    assert points[-1] == pytest.approx((0.1 + 14_000 * 8 / 99_000, 14_000))


def test_a_speed_is_that_of_the_second_half_of_the_bytes() -> None:
    early = ((0.1, 2_000), (0.2, 32_000), (1.2, 42_000), (2.2, 52_000), (3.2, 62_000))
    (fetch,) = flows(with_steps(replace(fetched(t0=0.0, kbps=100), curve=early)), ENGLISH).fetches
    assert fetch.kbps == pytest.approx(80, rel=0.01)


def test_of_several_hops_the_one_that_was_compared_is_drawn() -> None:
    steps = [replace(step, hop=1) for step in throttled().steps if isinstance(step, HttpStep)]
    visits = [fetched(t0=9.0, kbps=50, hop=hop) for hop in (0, 2)]
    assert len(shown(with_steps(*steps, *visits))) == 8
    assert len(shown(with_steps(*visits))) == 1
    assert flows(with_steps(*visits), ENGLISH).fetches[0].step.hop == 2


def test_samples_too_small_for_a_curve_still_tell_which_hop() -> None:
    sample = replace(fetched(Aim.SAMPLE, t0=5.0, kbps=100), curve=())
    assert [
        fetch.step.hop
        for fetch in flows(with_steps(fetched(t0=0, kbps=9), sample, fetched(t0=9, kbps=9, hop=1)), ENGLISH).fetches
    ] == [0]


def test_another_page_of_the_control_is_no_comparison() -> None:
    record = throttled()
    assert record.control
    elsewhere = replace(record.control, steps=(fetched(t0=0.2, kbps=4000, url="https://ratel.kz/other"),))
    silent = replace(record.control, failure=Failure.RESET)
    for control in (elsewhere, silent, None):
        assert (CONTROL.word, None) not in shown(replace(record, control=control))
    assert (CONTROL.word, None) in shown(replace(record, control=elsewhere, more_controls=(record.control,)))


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({}, End.CAME),
        ({"capped": True}, End.CUT),
        ({"failure": Failure.INTERRUPTED}, End.CUT),
        ({"failure": Failure.TIMEOUT}, End.STOPPED),
        ({"failure": Failure.RESET, "capped": True}, End.STOPPED),
    ],
)
def test_only_what_others_ended_has_stopped(more: dict[str, Any], end: End) -> None:
    (fetch,) = flows(with_steps(fetched(t0=0, kbps=100, **more)), ENGLISH).fetches
    assert fetch.curve.end is end


def test_what_stopped_says_where() -> None:
    visit = fetched(t0=0, kbps=4000, amount=16_000, t=10.0, failure=Failure.TIMEOUT)
    sample = replace(visit, aim=Aim.SAMPLE, t=1.2)
    (series,) = flows(with_steps(visit, sample), ENGLISH).series
    assert (series.note, series.bad) == ("stopped at 16 kB", True)
    assert series.longest.seconds == 10.0
    (series,) = flows(with_steps(visit, replace(sample, failure=None)), ENGLISH).series
    assert series.note == "1 of 2 stopped"
    more = replace(sample, curve=((0.1, 4_000), (0.2, 21_000)))
    (series,) = flows(with_steps(visit, more), ENGLISH).series
    assert series.note == "stopped at 16 to 21 kB"


def test_what_came_in_two_reads_at_once_has_no_speed() -> None:
    (series,) = flows(with_steps(replace(fetched(t0=0, kbps=100), curve=((0.3, 2_000), (0.3, 40_000)))), ENGLISH).series
    assert series.note == "40 kB in 0.3 s"
    assert draw(series) is not None


def test_a_curve_of_nothing_in_no_time_is_drawn_too() -> None:
    """What a control tells may be odd."""
    (series,) = flows(with_steps(replace(fetched(t0=0, kbps=100), curve=((0.0, 0), (0.0, 0)))), ENGLISH).series
    assert texts(draw(series), "end") == [NAME.word, "0 kB in 0 s"]


def test_nothing_is_drawn_of_what_has_no_curve() -> None:
    found = flows(with_steps(), ENGLISH)
    assert (found.fetches, found.series) == ([], [])


# What the comparison came to


@pytest.mark.parametrize(
    ("throttling", "rows"),
    [
        (
            Throttling(by="name", ceiling_kbps=127.6, ceiling_spread=0.034, times=14.24, interval=(11.0, 18.1),
                       p_value=0.00049, pairs=12),
            {"Slowed by": "the site’s name: another name at the same address is fast",
             "Times as slow": "14.2 (11.0 to 18.1 at 95 %, p = 0.00049)",
             "Ceiling": "128 kbit/s, all transfers within 3 %", "Pairs": "12"},
        ),
        (
            Throttling(by="address", ceiling_kbps=127.6, pairs=1),
            {"Slowed by": "the address, whatever the name", "Ceiling": "128 kbit/s", "Pairs": "1"},
        ),
        (Throttling(by="name", times=3.0, pairs=2),
         {"Slowed by": "the site’s name: another name at the same address is fast", "Times as slow": "3.0",
          "Pairs": "2"}),
        (Throttling(by=None),
         {"Slowed by": "its name or its address: no other name was served there, so the two can’t be told apart",
          "Pairs": "0"}),
    ],
)  # fmt: skip
def test_what_was_found_is_told_and_nothing_else(throttling: Throttling, rows: dict[str, str]) -> None:
    assert dict(told(throttling, ENGLISH)) == rows
