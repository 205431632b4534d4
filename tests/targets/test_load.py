"""What a file of targets may look like, and what is said of each line that is wrong."""

from pathlib import Path

import pytest

from targets.lines import MAX_RECORD_LINES
from targets.load import load
from targets.target import Problem, Role, Target, Use

HEADER = "url,outlet,tier,use,note\n"
A, B, C = "https://a.kz/", "https://b.kz/", "https://c.kz/"


def urls(path: Path) -> list[str]:
    return [target.url for target in load(path)[0]]


def said(path: Path) -> list[tuple[int, str]]:
    return [(problem.line, problem.says) for problem in load(path)[1]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.csv"


def test_every_column_reaches_the_target(path: Path) -> None:
    path.write_text(
        "url,outlet,role,category,language,tier,use,expected_title,note,source\n"
        'https://ҚАЗ.kz,"A, B",mirror,NEWS,kk,2,opt-in,Жаңалық,"two\nlines",https://s.kz/\n',
        encoding="utf-8",
    )
    targets, problems = load(path)
    assert problems == []
    assert targets == [
        Target(
            url="https://ҚАЗ.kz",
            outlet="A, B",
            role=Role.MIRROR,
            category="NEWS",
            language="kk",
            tier=2,
            use=Use.OPT_IN,
            expected_title="Жаңалық",
            note="two\nlines",
            source="https://s.kz/",
            list_name="mine",
        )
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"https://a.kz/\nhttps://b.kz/\n",
        b"\xef\xbb\xbfhttps://a.kz/\r\nhttps://b.kz/",
        b"# mine\n\n  https://a.kz/  \n   # not this\nhttps://b.kz/\n\n",
        b"url\nhttps://a.kz/\nhttps://b.kz/\n",
        b"\xef\xbb\xbfurl,note\r\nhttps://a.kz/,x\r\n\r\nhttps://b.kz/,\r\n",
        b"url,note\rhttps://a.kz/,x\rhttps://b.kz/,\r",
        b'\n# a list\n"URL" , "note"\n "https://a.kz/", "x, y"\nhttps://b.kz/ ,\n,\n',
        b"note;url\nx;https://a.kz/\n;https://b.kz/\n",
        b"note\turl\nx\thttps://a.kz/\n\thttps://b.kz/\n",
        b"url,category_code,date_added,source,notes\nhttps://a.kz/,NEWS,2014-04-15,x,\nhttps://b.kz/,NEWS,2014-04-15,x,y\n",
    ],
    ids=[
        "plain",
        "bom-crlf",
        "comments",
        "one-column",
        "csv",
        "old-mac",
        "quoted",
        "semicolons",
        "tabs",
        "citizen-lab",
    ],
)
def test_lists_are_read_however_they_were_saved(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    assert urls(path) == [A, B]
    assert said(path) == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("ratel.kz,,1,,", '"ratel.kz" has no http:// or https:// before it; write "https://ratel.kz/".'),
        (",Ratel,1,,", "The address is empty;"),
        ("https://x.kz/,,4,,", 'The tier "4" is not known; allowed are 1, 2 and 3.'),
        ("https://x.kz/,,T1,,", 'The tier "T1" is not known; allowed are 1, 2 and 3.'),
        (
            "https://x.kz/,,1,often,",
            'The use "often" is not known; allowed are default, opt-in, optional, history, never, reference.',
        ),
        ("https://x.kz/,,1", "The line is left out: 3 cells where the header names 5 columns."),
        ("https://x.kz/,,1,,,", "The line is left out: 6 cells where the header names 5 columns."),
        ('https://x.kz/,"a"b,1,,', "The line is left out: not readable as CSV"),
        ('https://x.kz/,"never closed,1,,', "The line is left out: not readable as CSV"),
        ("https://x.kz/,\x1b[2J,1,,", "The line is left out: the control character U+001B is not allowed."),
        ("https://x.kz/,\x9b2J,1,,", "The line is left out: the control character U+009B is not allowed."),
        ("https://x.kz/,\udcef,1,,", "The line is left out: the byte 0xEF is not UTF-8; save the file as UTF-8."),
        ("https://A.kz:443#x,,1,,", '"https://A.kz:443#x" stands on line 2 already; the first is used.'),
    ],
)
def test_a_bad_line_is_reported_and_the_rest_is_used(path: Path, row: str, says: str) -> None:
    text = f"{HEADER}{A},,1,,\n{row}\n{B},,1,,\n"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    targets, problems = load(path)
    assert [target.url for target in targets] == [A, B]
    assert [(problem.file, problem.line) for problem in problems] == [(str(path), 3)]
    assert problems[0].says.startswith(says)
    assert problems[0].says.endswith(".")


@pytest.mark.parametrize(("column", "cell"), [("role", "friend"), ("language", "Kazakh"), ("use", "x"), ("tier", "0")])
def test_a_word_that_is_not_allowed_is_named(path: Path, column: str, cell: str) -> None:
    path.write_text(f"url,{column}\n{A},{cell}\n")
    (problem,) = load(path)[1]
    assert f'The {column} "{cell}" is not known; allowed are ' in problem.says


def test_lines_are_counted_as_an_editor_counts_them(path: Path) -> None:
    path.write_text(f'{HEADER}{A},,1,,"a\n\nb"\n\nbad,,1,,\n{B},,1,,"c\nd"\nworse,,1,,\n')
    assert urls(path) == [A, B]
    assert [line for line, _ in said(path)] == [6, 9]


def test_a_stray_quotation_mark_costs_one_row(path: Path) -> None:
    rows = [f"https://{number}.kz.example/,,1,,\n" for number in range(3 * MAX_RECORD_LINES)]
    rows[10] = 'https://stray.kz/,"x,1,,\n'
    rows[20] = 'https://stray-too.kz/,"x,1,,\n'
    path.write_text(HEADER + "".join(rows))
    assert len(urls(path)) == len(rows) - 2
    assert [line for line, _ in said(path)] == [12, 22]


def test_quotation_marks_that_pair_up_by_chance_cost_only_their_own_rows(path: Path) -> None:
    path.write_text(f'{HEADER}{A},,1,,\nhttps://x.kz/,"x\n{B},,1,,\nhttps://y.kz/,y"\n{C},,1,,\n')
    assert urls(path) == [A, B, C]
    assert [line for line, _ in said(path)] == [3, 5]


def test_a_line_break_within_a_cell_is_one_character(path: Path) -> None:
    path.write_bytes(b'url,note\r\nhttps://a.kz/,"two\r\nlines"\r\n')
    assert [target.note for target in load(path)[0]] == ["two\nlines"]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("url,tietr", 'The column "tietr" is not read; known are url, outlet, role,'),
        ("url,URL", 'The column "url" stands twice; the first is read.'),
    ],
)
def test_a_column_that_is_not_read_is_named(path: Path, header: str, says: str) -> None:
    path.write_text(f"{header}\n{A},{B}\n")
    assert urls(path) == [A]
    ((line, sentence),) = said(path)
    assert line == 1
    assert sentence.startswith(says)


@pytest.mark.parametrize(
    ("raw", "line", "says"),
    [
        (b"", 0, "The list holds no target."),
        (b"url,tier\n", 0, "The list holds no target."),
        (b"# nothing\n", 0, "The list holds no target."),
        ("https://a.kz/".encode("utf-16"), 0, "The file is UTF-16; save it as UTF-8."),
        (b"https://a.kz/,Outlet\n", 1, 'The line is left out: a comma; a CSV needs a header with the column "url"'),
        (b"link,name\n", 1, "The line is left out: a comma;"),
        (b"# x\n\xcf\xf0\n", 2, "The line is left out: the byte 0xCF is not UTF-8;"),
    ],
)
def test_a_file_of_another_kind_says_so(path: Path, raw: bytes, line: int, says: str) -> None:
    path.write_bytes(raw)
    targets, (problem,) = load(path)
    assert targets == []
    assert (problem.file, problem.line) == (str(path), line)
    assert problem.says.startswith(says)


@pytest.mark.parametrize("name", ["absent.csv", ".", "nul\0.csv"])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, name: str) -> None:
    targets, (problem,) = load(tmp_path / name)
    assert targets == []
    assert str(problem).startswith(f"{tmp_path / name}:0: The file cannot be read: ")


@pytest.mark.parametrize(
    ("header", "row", "tier", "use"),
    [
        ("url", A, 1, Use.DEFAULT),
        ("url,category", f"{A},news", 1, Use.DEFAULT),
        ("url,category", f"{A},POLR", 2, Use.DEFAULT),
        ("url,category", f"{A},PORN", 3, Use.DEFAULT),
        ("url,category,tier", f"{A},PORN,1", 1, Use.DEFAULT),
        ("url,category,tier", f"{A},PORN,", 3, Use.DEFAULT),
        ("url,use", f"{A},", 1, Use.DEFAULT),
        ("url,use", f"{A},Never", 1, Use.NEVER),
        ("url,category_code", f"{A},NEWS", 1, Use.OPTIONAL),
        ("url,category_code,use", f"{A},PORN,default", 3, Use.DEFAULT),
    ],
)
def test_what_a_row_leaves_open_is_filled_carefully(path: Path, header: str, row: str, tier: int, use: Use) -> None:
    path.write_text(f"{header}\n{row}\n")
    (target,), problems = load(path)
    assert (target.tier, target.use) == (tier, use)
    assert problems == []


def test_an_unknown_category_is_reported_and_tier_3(path: Path) -> None:
    path.write_text(f"url,category_code\n{A},XYZ\n")
    (target,), (problem,) = load(path)
    assert (target.category, target.tier) == ("XYZ", 3)
    assert (problem.line, problem.says) == (2, 'The category "XYZ" is not known; the target has tier 3.')


def test_a_problem_reads_as_an_editor_expects() -> None:
    assert str(Problem("a.csv", 3, "It is bad.")) == "a.csv:3: It is bad."
