"""The strip: what a reader must be able to see, and what must never look fine."""

from collections.abc import Sequence
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from results.judgement import MECHANISMS, Verdict
from results.store import Store
from results.tables import GapRow
from server.pages.cells import Cell, Empty, Piece, cells
from server.pages.charts import patterns, strip
from server.pages.charts.palette import BLOCKINGS, DARK, DOWN, KINDS, LIGHT, OK, SLOW, UNSURE, Kind, kind_of
from server.pages.charts.strip import LEAST, Bracket, Size
from server.pages.times import Window
from server.pages.tongue import ENGLISH
from server.pages.views import cell_words, strip_words
from tests.server.simulated import HOME, NOW, Simulated
from tests.server.test_sentences import LOCAL

HOUR = timedelta(hours=1)
DAY_OF_HOURS = Window(NOW - 24 * HOUR, HOUR, 24)
SIZE = Size(width=288, height=30)
SVG = "{http://www.w3.org/2000/svg}"


def draw(row: Sequence[Cell], brackets: Sequence[Bracket] = (), size: Size = SIZE) -> ET.Element:
    words = "said <b>&\x00"
    return ET.fromstring(
        strip.strip("s", row, DAY_OF_HOURS, title=words, words=lambda _: words, size=size, brackets=brackets)
    )


def cell(*pieces: tuple[Kind, int], empty: Empty = Empty.NO_DATA) -> Cell:
    return Cell(NOW - HOUR, NOW, tuple(Piece(kind, "likely", "", count) for kind, count in pieces), empty)


BLOCKED = BLOCKINGS[2]


@pytest.mark.parametrize(
    "pieces",
    [[(OK, 287), (BLOCKED, 1)], [(OK, 1), (BLOCKED, 1)], [(OK, 900), (BLOCKED, 1), (SLOW, 1), (DOWN, 1)], [(OK, 3)]],
)
def test_one_blocked_check_of_hundreds_is_seen_and_the_stack_stays_whole(pieces: list[tuple[Kind, int]]) -> None:
    heights = strip.heights(cell(*pieces).pieces, 22)
    assert min(heights) >= LEAST
    assert sum(heights) == pytest.approx(22)


def test_shares_are_drawn_in_proportion() -> None:
    rects = draw([cell((OK, 1), (BLOCKED, 3))]).findall(f".//{SVG}rect")
    assert [float(rect.get("height", "0")) for rect in rects] == pytest.approx([5.5, 16.5])


@pytest.mark.parametrize("empty", Empty)
def test_an_empty_cell_never_has_the_paint_of_a_fine_one(empty: Empty) -> None:
    drawn = ET.tostring(draw([cell(empty=empty)]), encoding="unicode")
    assert "p-ok" not in drawn
    assert ("p-none" in drawn) == (empty is Empty.NO_DATA)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("confidence", ["confirmed", "likely", "weak", None])
def test_every_paint_is_defined(kind: Kind, confidence: str | None) -> None:
    drawn = ET.fromstring(patterns.box(kind, confidence, 0, 0, 10, 10))
    fill = drawn.get("fill")
    if kind == UNSURE:
        assert drawn.get("class") == "c-unsure"
    else:
        assert fill
        assert f'id="{fill[5:-1]}"' in patterns.definitions()


def test_sureness_is_told_by_the_texture() -> None:
    paints = {patterns.box(BLOCKED, sure, 0, 0, 9, 9) for sure in ("confirmed", "likely", "weak")}
    assert len(paints) == 3


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_trouble_has_a_texture_and_fine_has_none(palette: dict[str, str]) -> None:
    assert set(palette) >= {kind.key for kind in BLOCKINGS} | {"ok", "slow", "down", "hatch"}
    tiles = {tile.get("id", ""): len(tile) for tile in ET.fromstring(patterns.definitions())}
    assert tiles["p-ok"] == 1
    assert all(tiles[f"p-{kind.key}-{sure}"] == 2 for kind in BLOCKINGS for sure in (1, 2, 3))
    assert tiles["p-slow"] == 2


def test_letters_and_keys_are_one_to_a_kind() -> None:
    assert len({kind.letter for kind in KINDS}) == len(KINDS) == len({kind.key for kind in KINDS})


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_of_blocking_has_a_kind(name: str) -> None:
    kind = kind_of(Verdict.BLOCKED, (name,))
    assert kind.verdict is Verdict.BLOCKED
    assert kind.key != "blocked" or name.startswith(("latency", "throughput.low"))


def test_a_wide_cell_has_its_letter_and_a_narrow_one_does_not() -> None:
    wide = draw([cell((BLOCKED, 2))], size=Size(width=20, height=40)).find(f".//{SVG}text")
    assert wide is not None
    assert wide.text == "T"
    assert draw([cell((BLOCKED, 2))], size=Size(width=10, height=40)).find(f".//{SVG}text") is None


@pytest.mark.parametrize(
    ("hours", "drawn"), [((3, 2), "M252 .5"), ((30, 2), "M"), ((40, 30), "")], ids=["both", "end only", "outside"]
)
def test_brackets_stand_where_the_change_lies(hours: tuple[int, int], drawn: str) -> None:
    bracket = Bracket(NOW - hours[0] * HOUR, NOW - hours[1] * HOUR)
    found = draw([], [bracket]).find(f"{SVG}path")
    assert (found is not None) == bool(drawn)
    if found is not None:
        d = found.get("d", "")
        assert d.count("M") == (2 if hours[0] <= 24 else 1)
        assert "h3" in d


def test_words_from_outside_stay_words() -> None:
    drawn = draw([cell((OK, 1))])
    assert [title.text for title in drawn.iter(f"{SVG}title")] == ["said <b>&\N{REPLACEMENT CHARACTER}"] * 2


def test_a_strip_alone_needs_no_page() -> None:
    alone = strip.standalone(
        strip.strip("s", [cell((BLOCKED, 1))], DAY_OF_HOURS, title="t", words=lambda _: "w", size=SIZE)
    )
    root = ET.fromstring(alone)
    assert (root.get("width"), root.get("height")) == ("288", "30")
    assert root.find(f"{SVG}defs") is not None
    assert LIGHT["tls"] in (root.findtext(f"{SVG}style") or "")


def test_a_past_becomes_cells(simulated: Simulated, store: Store) -> None:
    simulated.past("a.kz", "oobb", until=NOW - 3 * HOUR - HOUR / 4, every=HOUR / 2)
    gap = GapRow(vantage=HOME.name, began_at=NOW - 2.5 * HOUR, ended_at=NOW - 1.5 * HOUR, why="asleep")
    found = store.tallies(vantage=HOME.name, since=DAY_OF_HOURS.start, cell=HOUR)
    row = cells(found, [gap], DAY_OF_HOURS, now=NOW - HOUR / 2, began=NOW - 5.2 * HOUR)
    said = [one.worst.kind.key if one.worst else ("fine" if one.pieces else one.empty.name) for one in row]
    assert said[:18] == ["BEFORE"] * 18
    assert said[18:] == ["NO_DATA", "fine", "tls", "GAP", "GAP", "NO_DATA"]


def test_a_cell_is_told_with_its_denominator() -> None:
    said = cell_words(cell((OK, 1), (BLOCKED, 3)), LOCAL)
    assert said == "13:45 to 14:45: accessible 1 of 4 (likely); blocked 3 of 4 (likely)"
    assert cell_words(cell(empty=Empty.GAP), LOCAL) == "13:45 to 14:45: not measuring"
    several = [cell((OK, 1), (BLOCKED, 3)), cell(), cell((OK, 1))]
    assert strip_words(several, ENGLISH) == "5 checks: blocked 3, accessible 2"
    assert strip_words([cell()], ENGLISH) == "no checks"
