"""What is known from elsewhere: the table that comes with the program, and what its loader says of a bad one."""

from datetime import date
from pathlib import Path

import pytest

from targets.known_events import EVENTS_FILE, KINDS, concerning, known_events, loaded, when

HEAD = "id,country,kind,hosts,began,ended,where,says,source\n"
GOOD = "X1,KZ,block,ratel.kz,2015-09-09,2016-02,,Reported blocked,https://example.org/a ; https://example.org/b\n"


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


def test_the_bundled_table_has_no_problem_and_a_source_for_each() -> None:
    found, problems = loaded()
    assert problems == []
    assert len(found) > 80
    assert {event.kind for event in found} == set(KINDS)
    assert all(event.sources for event in found)
    assert list(known_events()) == found


def test_a_row_is_an_event(tmp_path: Path) -> None:
    [event], problems = loaded(written(tmp_path, GOOD))
    assert problems == []
    assert event.hosts == ("ratel.kz",)
    assert (event.began.first, event.began.after, event.began.exact) == (date(2015, 9, 9), date(2015, 9, 10), True)
    assert event.ended is not None
    assert (event.ended.first, event.ended.after, event.ended.exact) == (date(2016, 2, 1), date(2016, 3, 1), False)
    assert event.sources == ("https://example.org/a", "https://example.org/b")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("X1,KZ,blocked,a.kz,2015,,,Says,https://a.org\n", "kind is 'blocked'; allowed are block, throttling"),
        ("X1,KZ,block,a.kz,2015-13,,,Says,https://a.org\n", "began is '2015-13'; allowed are dates as in 2015"),
        ("X1,KZ,block,a.kz,soon,,,Says,https://a.org\n", "began is 'soon'"),
        ("X1,KZ,block,a.kz,2015,later,,Says,https://a.org\n", "ended is 'later'"),
        ("X1,KZ,block,a.kz,2015,2014,,Says,https://a.org\n", "It ended (2014) before it began (2015)."),
        ("X1,KZ,block,,2015,,,Says,https://a.org\n", "hosts is empty"),
        ("X1,KZ,block,a.kz,2015,,,,https://a.org\n", "says is empty"),
        ("X1,KZ,block,a.kz,2015,,,Says,\n", "source is empty"),
        ("X1,KZ,block,a.kz,2015,,,Says,a book\n", "source has 'a book'; allowed are URLs"),
        ("X1,KZ,block\n", "The row has too few cells"),
        (GOOD, "id X1 stands here already."),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_is_used(tmp_path: Path, row: str, says: str) -> None:
    first = GOOD if row == GOOD else GOOD.replace("X1", "X0")
    found, [problem] = loaded(written(tmp_path, first, row))
    assert len(found) == 1
    assert str(problem).startswith(f"{tmp_path}/events.csv:3: {says}")


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("id,country\nX1,KZ\n", encoding="utf-8")
    found, [problem] = loaded(path)
    assert found == []
    assert "The column kind is missing" in problem.says


@pytest.mark.parametrize(
    ("host", "concerned"),
    [("ratel.kz", True), ("www.ratel.kz", True), ("news.ratel.kz", True), ("notratel.kz", False), ("kz", False)],
)
def test_an_event_concerns_its_host_and_those_below(tmp_path: Path, host: str, concerned: bool) -> None:
    [event], _ = loaded(written(tmp_path, GOOD))
    assert event.concerns(host) == concerned


@pytest.mark.parametrize(
    ("first", "last", "country", "found"),
    [
        (date(2015, 9, 9), date(2015, 9, 9), "", ["X1"]),
        (date(2015, 1, 1), date(2015, 9, 8), "", []),
        (date(2016, 2, 29), date(2016, 12, 1), "KZ", ["X1"]),
        (date(2016, 3, 1), date(2016, 12, 1), "KZ", []),
        (date(2015, 1, 1), date(2016, 1, 1), "RU", []),
    ],
)
def test_an_event_is_of_the_days_that_it_touches(
    tmp_path: Path, first: date, last: date, country: str, found: list[str]
) -> None:
    events, _ = loaded(written(tmp_path, GOOD))
    assert [one.id for one in concerning(events, ["ratel.kz"], country=country, first=first, last=last)] == found


def test_what_has_no_known_end_counts_with_its_beginning_alone(tmp_path: Path) -> None:
    events, _ = loaded(written(tmp_path, GOOD.replace("2016-02", "")))
    assert concerning(events, ["ratel.kz"], country="", first=date(2015, 10, 1), last=date(2020, 1, 1)) == []


def test_what_is_of_the_whole_country_concerns_every_site(tmp_path: Path) -> None:
    events, _ = loaded(written(tmp_path, GOOD.replace("ratel.kz", "*")))
    assert concerning(events, [], country="KZ", first=date(2015, 1, 1), last=date(2016, 1, 1)) == events


@pytest.mark.parametrize(("text", "said"), [("2015", "2015"), ("2015-12", "2015-12"), ("2015-02-28", "2015-02-28")])
def test_a_date_is_said_as_precisely_as_it_is_known(text: str, said: str) -> None:
    found = when(text)
    assert found is not None
    assert str(found) == said


@pytest.mark.parametrize("text", ["", "15", "2015-00", "2015-02-30", "2015-1-1", "2015-09-09T10:00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert when(text) is None


def test_the_table_is_where_the_other_knowledge_is() -> None:
    assert EVENTS_FILE.parent.name == "knowledge"
