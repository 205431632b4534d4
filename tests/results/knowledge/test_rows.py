"""Files of knowledge: whatever bytes they hold, no line vanishes and nothing crashes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.knowledge.blockpages import COLUMNS
from results.knowledge.blockpages import read as read_fingerprints
from results.knowledge.rows import MAX_ROW_LINES, Problem, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def given_back(path: Path, raw: bytes) -> tuple[list[tuple[int, dict[str, str]]], list[tuple[int, str]]]:
    path.write_bytes(raw)
    rows, problems = read(path, ("a", "b", "c"), ("a",))
    return [(row.line, dict(row.cells)) for row in rows], [(problem.line, problem.says) for problem in problems]


@pytest.mark.parametrize(
    "raw",
    [
        b"a,b\n1,2\n",
        b"\xef\xbb\xbfA, b \r\n1,2\r\n",
        b"a,b\r1,2",
        b'"a","b"\n"1","2"\n',
        b"b,a\n2,1\n",
    ],
)
def test_a_row_is_read_however_the_file_is_written(path: Path, raw: bytes) -> None:
    assert given_back(path, raw) == ([(2, {"a": "1", "b": "2"})], [])


def test_a_cell_keeps_its_spaces_and_lines(path: Path) -> None:
    rows, problems = given_back(path, b'a,b\n 1 ,"x\ny, z"\n\n3,4\n')
    assert (rows, problems) == ([(2, {"a": " 1 ", "b": "x\ny, z"}), (5, {"a": "3", "b": "4"})], [])


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", (0, "The file has no header; allowed are a, b, c.")),
        (b"\n", (1, "The file has no header; allowed are a, b, c.")),
        (b"b,c\n1,2\n", (1, "The header lacks a; needed are a.")),
        ("a,b\n".encode("utf-16"), (0, "The file is UTF-16; save it as UTF-8.")),
        (b"a\n\xff\n", (2, "The line is left out: the byte 0xFF is not UTF-8; save the file as UTF-8.")),
        (b"a\n\x1b[2J\n", (2, "The line is left out: the control character U+001B is not allowed.")),
        (b"a,b\n1\n", (2, "The line is left out: 1 cells where the header names 2 columns.")),
        (b"a,colour\n1,\n", (1, 'The column "colour" is not read; known are a, b, c.')),
        (b"a,a\n1,2\n", (1, 'The column "a" stands twice; the first is read.')),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(path: Path, raw: bytes, problem: tuple[int, str]) -> None:
    assert given_back(path, raw)[1] == [problem]


def test_of_two_columns_alike_the_first_is_read(path: Path) -> None:
    assert given_back(path, b"a,a\n1,2\n")[0] == [(2, {"a": "1"})]


def test_a_quotation_mark_in_the_wrong_place_is_told(path: Path) -> None:
    assert given_back(path, b'a\n"1" 2\n3\n') == (
        [(3, {"a": "3"})],
        [(2, "The line is left out: not readable as CSV (',' expected after '\"'); look at the quotation marks.")],
    )


def test_a_stray_quotation_mark_costs_one_line(path: Path) -> None:
    rows, problems = given_back(path, b'a\n"1\n' + b"2\n" * (MAX_ROW_LINES + 1))
    assert [line for line, _ in problems] == [2]
    assert [row["a"] for _, row in rows] == ["2"] * (MAX_ROW_LINES + 1)


@pytest.mark.parametrize("name", ["absent.csv", "a\x00b"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, name: str) -> None:
    rows, problems = read(tmp_path / name, ("a",), ("a",))
    assert rows == []
    assert [problem.line for problem in problems] == [0]
    assert problems[0].says.startswith("The file cannot be read: ")


def test_a_problem_is_written_as_compilers_do() -> None:
    assert str(Problem("f.csv", 3, "It is bad.")) == "f.csv:3: It is bad."


FRAGMENTS = st.sampled_from(
    [b"a", b",", b'"', b"\n", b"\r\n", b"\r", b" ", b"regexp", b"body", b"fp", b".*", b"(", b"KZ", b"\xff", b"\x00"]
)
ANYTHING = st.binary() | st.lists(FRAGMENTS | st.binary(max_size=3), max_size=60).map(b"".join)


@settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=ANYTHING, header=st.booleans())
def test_no_bytes_are_a_crash_and_no_line_vanishes(path: Path, raw: bytes, *, header: bool) -> None:
    raw = raw.replace(b'"', b"'").replace(b"\r", b"\n")  # each record is then one line
    path.write_bytes((",".join(COLUMNS).encode() + b"\n" if header else b"") + raw)
    _, problems = read_fingerprints([path])
    assert all(problem.says.isprintable() for problem in problems)
    if header:
        told = {problem.line for problem in problems}
        lines = enumerate(raw.decode("utf-8", "replace").split("\n"), 2)
        speaking = {number for number, line in lines if line.replace(",", "").strip()}
        assert speaking <= told  # none of these lines is a good row: the patterns and scopes never come together
