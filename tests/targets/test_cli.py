"""`kedergi targets`: what stands on stdout, what on stderr, and the exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from targets.bundled import bundled
from targets.cli import app
from targets.load import load
from targets.target import Use

CITIZEN_LAB = """\
url,category_code,category_description,date_added,source,notes
https://new.kz/,NEWS,News Media,2014-04-15,someone,a note
https://opposition.kz/,POLR,Political Criticism,2014-04-15,someone,
https://bets.kz/,GMB,Gambling,2014-04-15,someone,
https://odd.kz/,XYZ,Odd,2014-04-15,someone,
http://kavkazcenter.com/,NEWS,News Media,2014-04-15,someone,
https://RATEL.kz,NEWS,News Media,2014-04-15,someone,
ftp://b.kz/,NEWS,News Media,2014-04-15,someone,
"""


def run(*args: str | Path) -> tuple[int, str, str]:
    """Exit status, stdout, stderr."""
    result = CliRunner().invoke(app, [str(arg) for arg in args], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("url,outlet,use\nhttps://a.kz/,[red]Қаз,\nbad,,\nhttps://b.kz/,,optional\n", encoding="utf-8")
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text(CITIZEN_LAB)
    return path


def test_list_shows_what_is_measured_by_default() -> None:
    status, out, err = run("list")
    expected = [target.url for target in bundled("kz") if target.use is Use.DEFAULT]
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == expected
    assert err == f"{len(expected)} of {len(bundled('kz'))} targets are measured by default; --all shows the rest.\n"


def test_list_all_as_json_is_one_object_a_line() -> None:
    status, out, err = run("list", "kz", "--all", "--format", "json")
    objects = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [target["url"] for target in objects] == [target.url for target in bundled("kz")]
    assert objects[0] | {"note": "", "source": ""} == {
        "url": "https://ratel.kz/",
        "outlet": "Ratel.kz",
        "role": "main",
        "category": "NEWS",
        "language": "ru",
        "tier": 1,
        "use": "default",
        "expected_title": "",
        "note": "",
        "source": "",
        "list_name": "kz",
    }


def test_list_shows_the_references() -> None:
    status, out, _ = run("list", "reference", "--format", "json")
    assert (status, len(out.splitlines())) == (0, len(bundled("reference")))


def test_list_of_a_file_uses_what_is_good_and_says_the_rest(mine: Path) -> None:
    status, out, err = run("list", mine)
    assert status == 0
    assert "[red]Қаз" in out
    assert "b.kz" not in out
    assert err.startswith(f'{mine}:3: "bad" has no http:// or https:// before it;')
    assert err.endswith("1 of 2 targets are measured by default; --all shows the rest.\n")


def test_list_of_nothing_is_an_error(tmp_path: Path) -> None:
    status, out, err = run("list", tmp_path / "absent.csv")
    assert (status, out) == (2, "")
    assert "absent.csv:0: The file cannot be read" in err


def test_check_counts_a_good_list(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("https://a.kz/\n")
    (tmp_path / "b.csv").write_text("url\nhttps://a.kz/\nhttps://b.kz/\n")
    assert run("check", tmp_path / "a.txt") == (0, "1 target in 1 file, no problems.\n", "")
    assert run("check", tmp_path / "a.txt", tmp_path / "b.csv") == (0, "3 targets in 2 files, no problems.\n", "")


def test_check_names_every_problem_by_file_and_line(mine: Path, tmp_path: Path) -> None:
    absent = tmp_path / "absent.csv"
    status, out, err = run("check", mine, absent)
    assert (status, out) == (2, "")
    assert [line.rpartition(": ")[0].partition(": ")[0] for line in err.splitlines()] == [f"{mine}:3", f"{absent}:0"]


def test_check_fails_for_one_bad_list_among_good_ones(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("https://a.kz/\n")
    assert run("check", mine, tmp_path / "a.txt")[:2] == (2, "")


def test_import_gives_our_columns_and_says_what_it_left_out(theirs: Path, tmp_path: Path) -> None:
    status, out, err = run("import", theirs)
    (tmp_path / "ours.csv").write_text(out, encoding="utf-8")
    targets, _ = load(tmp_path / "ours.csv")
    assert status == 0
    assert [(target.url, target.category, target.tier, target.use) for target in targets] == [
        ("https://new.kz/", "NEWS", 1, Use.OPTIONAL),
        ("https://opposition.kz/", "POLR", 2, Use.OPTIONAL),
        ("https://bets.kz/", "GMB", 3, Use.OPTIONAL),
        ("https://odd.kz/", "XYZ", 3, Use.OPTIONAL),
        ("http://kavkazcenter.com/", "NEWS", 3, Use.NEVER),
    ]
    assert (targets[0].note, targets[0].source) == ("a note", "someone")
    lines = [line.removeprefix(f"{theirs}:") for line in err.splitlines()]
    assert lines == [
        '5: The category "XYZ" is not known; the target has tier 3.',
        '6: "http://kavkazcenter.com/" gets tier 3 and use never, because the bundled list kz has its host.',
        '7: "https://RATEL.kz" stands in the bundled list kz already; left out here.',
        '8: "ftp://b.kz/" has the scheme "ftp"; allowed are http and https.',
        "5 targets imported, 4 remarks.",
    ]


def test_a_country_list_measures_its_harmless_rows_by_default(theirs: Path) -> None:
    _, out, _ = run("import", theirs, "--country-list")
    uses = [line.split(",")[6] for line in out.splitlines()[1:]]
    assert uses == ["default", "optional", "optional", "optional", "never"]


def test_a_use_that_the_list_gives_itself_stays(theirs: Path) -> None:
    theirs.write_text("url,category_code,use\nhttps://a.kz/,NEWS,never\n")
    _, out, _ = run("import", theirs, "--country-list")
    assert out.splitlines()[1].split(",")[6] == "never"


def test_import_writes_a_file_whole(theirs: Path, tmp_path: Path) -> None:
    output = tmp_path / "ours.csv"
    status, out, _ = run("import", theirs, "--output", output)
    assert (status, out) == (0, "")
    assert output.read_text(encoding="utf-8") == run("import", theirs)[1]


def test_import_says_where_it_cannot_write(theirs: Path, tmp_path: Path) -> None:
    status, out, err = run("import", theirs, "--output", tmp_path / "absent" / "ours.csv")
    assert (status, out) == (2, "")
    assert err.endswith("ours.csv:0: The file cannot be written: No such file or directory.\n")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"url,outlet\nhttps://a.kz/,x\n", ':1: The header has no columns "url" and "category_code"'),
        (b"https://a.kz/\n", ':1: The header has no columns "url" and "category_code"'),
        (b"", ":0: The list holds no target."),
        (None, ":0: The file cannot be read: "),
    ],
)
def test_import_of_another_kind_of_file_is_an_error(tmp_path: Path, raw: bytes | None, says: str) -> None:
    path = tmp_path / "other.csv"
    if raw is not None:
        path.write_bytes(raw)
    status, out, err = run("import", path)
    assert (status, out) == (2, "")
    assert err.startswith(f"{path}{says}")


@pytest.mark.parametrize("command", ["list", "check", "import"])
def test_help_has_an_example(command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"Example: kedergi targets {command} " in out
