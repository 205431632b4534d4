"""The picture of an alert: its size, what fills its cells, and that no two things look alike."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from results.events import Change
from results.judgement import Verdict
from results.store import Store, Tally
from results.tables import GapRow
from server.alerts.picture import HEAD, LABEL, MARGIN, MOST_ROWS, ROW, STEP, Row, _font, draw, size
from server.alerts.pictured import picture_of
from server.alerts.texts import News
from server.pages.cells import Cell, cells
from server.pages.charts.palette import KINDS
from server.pages.charts.strip import Bracket
from server.pages.times import HOUR, Window
from tests.server.alerts.build import BEGAN, KAZAKHTELECOM, KCELL, event
from tests.server.simulated import VERDICTS, Simulated

START = datetime(2026, 11, 24, 14, tzinfo=UTC)
VIEW = Window(START, HOUR, 48)
LATER = VIEW.end + HOUR


def tallies(letters: str) -> list[Tally]:
    """One check an hour; a space is none."""
    return [
        Tally(url="https://ratel.kz/", cell=place, network=None, verdict=VERDICTS[letter][0],
              mechanisms=VERDICTS[letter][1], confidence=VERDICTS[letter][2], count=1,
              first_at=START + HOUR * place, last_at=START + HOUR * place)
        for place, letter in enumerate(letters) if letter != " "
    ]  # fmt: skip


def row(letters: str, gaps: Sequence[GapRow] = (), *, now: datetime = LATER, brackets: Sequence[Bracket] = ()) -> Row:
    filled = cells(tallies(letters), gaps, VIEW, now=now)
    return Row(site="ratel.kz", network="Kazakhtelecom AS9198", cells=filled, brackets=brackets)


def opened(picture: bytes) -> Image.Image:
    image = Image.open(BytesIO(picture))
    assert image.format == "PNG"
    return image.convert("RGB")


def cell(image: Image.Image, place: int, line: int = 0) -> Image.Image:
    left, top = MARGIN + LABEL + STEP * place, HEAD + ROW * line
    return image.crop((left, top, left + STEP, top + ROW))


def is_empty(image: Image.Image) -> bool:
    return image.getcolors() == [(image.width * image.height, (255, 255, 255))]


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_it_has_a_row_for_each_series(rows: int) -> None:
    image = opened(draw([row("ob")] * rows, VIEW))
    assert image.size == size(rows, VIEW)
    assert [is_empty(cell(image, 1, line)) for line in range(rows)] == [False] * rows


def test_more_than_eight_rows_are_not_drawn() -> None:
    assert opened(draw([row("o")] * 20, VIEW)).size == size(MOST_ROWS, VIEW)


def test_every_kind_looks_different_and_so_does_no_data() -> None:
    letters = "obcnphsdu "
    image = opened(draw([row(letters)], VIEW))
    looks = {cell(image, place).tobytes() for place in range(len(letters))}
    assert len(looks) == len(letters)
    assert not is_empty(cell(image, letters.index(" ")))


def test_they_look_different_without_colour() -> None:
    """Printed, or to who sees no red: blocked, throttled and accessible are told apart by their textures."""
    image = opened(draw([row("ocs")], VIEW)).convert("L").convert("1", dither=Image.Dither.NONE)
    assert len({cell(image, place).tobytes() for place in range(3)}) == 3


def test_the_surer_the_more_ink() -> None:
    sure = [
        Tally(url="u", cell=place, network=None, verdict=Verdict.BLOCKED, mechanisms=("dns.bogus",), confidence=word,
              count=1, first_at=START, last_at=START)
        for place, word in enumerate(("weak", "likely", "confirmed"))
    ]  # fmt: skip
    image = opened(draw([Row(site="s", network="n", cells=cells(sure, [], VIEW, now=LATER))], VIEW)).convert("L")
    ink = [sum(255 - value for value in cell(image, place).tobytes()) for place in range(3)]
    assert ink == sorted(ink)
    assert len(set(ink)) == 3


def test_our_own_gap_is_neither_data_nor_its_lack() -> None:
    gap = GapRow(vantage="v", began_at=START + HOUR, ended_at=START + 2 * HOUR, why="asleep")
    image = opened(draw([row("o o ", [gap])], VIEW))
    assert len({cell(image, place).tobytes() for place in (0, 1, 3)}) == 3


def test_what_has_not_been_yet_is_empty_paper() -> None:
    image = opened(draw([row("o" * 24, now=START + 23 * HOUR)], VIEW))
    assert is_empty(cell(image, 30))
    assert not is_empty(cell(image, 10))


def test_the_bracket_is_marked_where_it_began() -> None:
    bracket = Bracket(START + 23.5 * HOUR, START + 24.2 * HOUR)
    plain, marked = (opened(draw([row("o" * 24 + "b" * 24, brackets=ends)], VIEW)) for ends in ((), (bracket,)))
    differ = [place for place in range(48) if cell(plain, place).tobytes() != cell(marked, place).tobytes()]
    assert differ == [23, 24]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.key not in {"ok", "unsure"}])
def test_trouble_has_its_letter_on_it(kind: object) -> None:
    """The letter's ink is in the middle of the cell, darker than any texture."""
    from server.pages.cells import Piece

    one = Cell(START, START + HOUR, (Piece(kind, "likely", "", 1),))  # type: ignore[arg-type]
    image = opened(draw([Row(site="s", network="n", cells=[one])], VIEW)).convert("L")
    middle = cell(image, 0).crop((3, 12, 18, 32))
    assert sum(value < 70 for value in middle.tobytes()) > 8


def test_names_that_are_too_long_stay_off_the_cells() -> None:
    long = Row(site="a" * 200, network="n" * 200, cells=cells([], [], VIEW, now=START - 50 * HOUR))
    assert is_empty(cell(opened(draw([long], VIEW)), 0))


# From the store

NEWS = News(event=event(), change=Change.OPENED)


def test_an_event_s_picture_has_its_sites_on_its_networks(store: Store) -> None:
    simulated = Simulated(store, now=BEGAN)
    simulated.past("ratel.kz", "o" * 40 + "b" * 4, until=BEGAN + timedelta(hours=2))
    simulated.past("zona.kz", "b" * 4)
    picture = picture_of(store, NEWS, BEGAN + timedelta(hours=3))
    assert picture is not None
    image = opened(picture)
    assert image.size == size(1, VIEW)
    before, after, ahead = (cell(image, place) for place in (20, 25, 40))
    assert not is_empty(before)
    assert not is_empty(after)
    assert before.tobytes() != after.tobytes()
    assert is_empty(ahead)


def test_another_network_is_not_in_it(store: Store) -> None:
    Simulated(store, now=BEGAN).past("ratel.kz", "o" * 40)
    assert picture_of(store, News(event=event(networks=(KAZAKHTELECOM,)), change=Change.OPENED), BEGAN) is not None
    assert picture_of(store, News(event=event(networks=(KCELL,)), change=Change.OPENED), BEGAN) is None


@pytest.mark.parametrize("now", [BEGAN + timedelta(days=30), BEGAN + timedelta(hours=1)])
def test_what_lies_far_back_or_was_never_measured_has_none(store: Store, now: datetime) -> None:
    assert picture_of(store, NEWS, now) is None


# Letters and languages

KAZAKH = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
@pytest.mark.parametrize("letter", KAZAKH + "жщыяЖЩЫЯ")
def test_the_font_has_every_letter_of_the_languages(letter: str, weight: str) -> None:
    """What it lacks is drawn as the sign for what is lacking."""
    font = _font(20, weight)
    assert bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
    assert font.getlength(letter) > 0


def test_a_name_in_kazakh_is_drawn_with_its_own_letters() -> None:
    named = [Row(site=name, network=name, cells=[]) for name in ("қазақ-үні.қаз", "казак-уни.каз", "???????????.???")]
    assert len({draw([row], VIEW) for row in named}) == 3


def test_the_legend_is_in_the_subscriber_s_language(store: Store) -> None:
    Simulated(store, now=BEGAN).past("ratel.kz", "o" * 40 + "b" * 4)
    drawn = {code: picture_of(store, NEWS, BEGAN + timedelta(hours=3), code) for code in ("en", "ru", "kk")}
    assert None not in drawn.values()
    assert len(set(drawn.values())) == 3
