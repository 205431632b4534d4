"""`kedergi fingerprints`: what a user brings in is used, and what is wrong with it is told."""

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from results.knowledge import bundled, users, with_users
from results.knowledge.blockpages import COLUMNS, block_page, read
from results.knowledge.cli import app
from results.knowledge.users import to_csv
from results.records import HttpStep

HEADER = ",".join(COLUMNS)
THEIRS = f"""{HEADER}
xx.one,isp,"cl.a,cl.b",body,contains,"<p class=""a"">Blocked, here</p>",5,"AE,SA",them,,
xx.two,nat,,header.location,prefix,http://block.example/,10,KZ,them,https://explorer.example/?a=b,a note
xx.bad,isp,,body,regexp,(a+)+$,5,KZ,them,,
xx.fp,fp,,body,contains,Welcome to nginx!,5,,them,,
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a user who has none yet."""
    if sys.platform not in {"linux", "freebsd"}:
        pytest.skip("the data folder is moved by XDG_DATA_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "kedergi" / "fingerprints"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "fingerprints_http.csv"
    path.write_text(THEIRS, encoding="utf-8")
    return path


def run(*args: str | Path) -> tuple[int, str, str]:
    """Exit status, stdout, stderr."""
    result = CliRunner().invoke(app, [str(arg) for arg in args], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_import_copies_good_rows_and_tells_bad_ones(theirs: Path, home: Path) -> None:
    status, out, err = run("import", theirs)
    assert status == 0
    assert out == f"3 fingerprints imported (nat 1, isp 1, fp 1) to {home}.\n"
    assert err.startswith(f'{theirs}:4: The regular expression "(a+)+$" has "("; allowed are ')
    assert err.endswith("\n1 remark.\n")
    assert [path.name for path in home.iterdir()] == ["fingerprints_http.csv"]


def test_what_was_imported_is_read_back_as_it_was(theirs: Path, home: Path) -> None:
    run("import", theirs)
    known, problems = with_users(home)
    assert problems == []
    assert known.fingerprints == (*bundled().fingerprints, *read([theirs])[0])
    assert known.authorities == bundled().authorities


def test_what_was_imported_is_recognised(theirs: Path) -> None:
    step = HttpStep(endpoint="", t0=0, t=0, url="http://ratel.kz/", location="http://block.example/")
    assert block_page(step, with_users(users.folder())[0].fingerprints) is None
    run("import", theirs)
    hit = block_page(step, with_users(users.folder())[0].fingerprints)
    assert hit is not None
    assert hit.name == "xx.two"


def test_a_file_imported_again_replaces_the_old_one_in_one_step(theirs: Path, home: Path) -> None:
    """Who is reading the old one reads it to its end."""
    run("import", theirs)
    with (home / theirs.name).open(encoding="utf-8") as reader:
        theirs.write_text("\n".join(THEIRS.splitlines()[:2]))
        assert run("import", theirs)[0] == 0
        assert "xx.two" in reader.read()
    assert [one.name for one in read([home / theirs.name])[0]] == ["xx.one"]
    assert [path.name for path in home.iterdir()] == [theirs.name]


def test_several_files_are_imported_side_by_side(theirs: Path, tmp_path: Path, home: Path) -> None:
    dns = tmp_path / ".weird name;.csv"
    dns.write_text(f"{HEADER}\nxx.dns,nat,,dns,full,10.10.34.35,5,IR,them,,\n")
    status, out, _ = run("import", theirs, dns)
    assert status == 0
    assert out.startswith("4 fingerprints imported (nat 2, isp 1, fp 1)")
    assert sorted(path.name for path in home.iterdir()) == ["fingerprints_http.csv", "weird_name_.csv"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("https://a.kz/\n", ":1: The header lacks name, scope, location_found, pattern_type, pattern; needed are "),
        (f"{HEADER}\n", ":0: The file holds no fingerprint."),
        (f"{HEADER}\na,state,,body,contains,x,5,,,,\n", ':2: The scope "state" is not known;'),
        (None, ":0: The file cannot be read: "),
    ],
)
def test_a_file_without_a_good_row_stops_the_import(
    theirs: Path, tmp_path: Path, home: Path, raw: str | None, says: str
) -> None:
    other = tmp_path / "other.csv"
    if raw is not None:
        other.write_text(raw)
    status, out, err = run("import", theirs, other)
    assert (status, out) == (2, "")
    assert err.startswith(f"{other}{says}")
    assert not home.exists()


def test_two_files_of_one_name_are_refused(theirs: Path, tmp_path: Path, home: Path) -> None:
    twin = tmp_path / "twin" / theirs.name
    twin.parent.mkdir()
    twin.write_text(THEIRS)
    status, _, err = run("import", theirs, twin)
    assert status == 2
    assert err == f"{twin}:0: Another file is called {theirs.name} too; import one after the other, renamed.\n"
    assert not home.exists()


def test_import_says_where_it_cannot_write(theirs: Path, home: Path) -> None:
    home.parent.mkdir(parents=True)
    home.write_text("a file where the folder should be")
    status, out, err = run("import", theirs)
    assert (status, out) == (2, "")
    assert err == f"{home}:0: The folder cannot be written: File exists.\n"


def test_a_write_that_fails_leaves_the_old_file(theirs: Path, home: Path) -> None:
    """A part of a file stands in the way, as after a crash of a program that had our number."""
    run("import", theirs)
    old = (home / theirs.name).read_bytes()
    (home / f".{theirs.name}.{os.getpid()}.part").write_text("")
    theirs.write_text("\n".join(THEIRS.splitlines()[:2]))
    assert run("import", theirs)[0] == 2
    assert (home / theirs.name).read_bytes() == old


def test_list_shows_ours_and_the_users(theirs: Path) -> None:
    run("import", theirs)
    status, out, err = run("list")
    assert (status, err) == (0, "")
    names = [line.split()[0] for line in out.splitlines()]
    assert names == ["name", *(one.name for one in bundled().fingerprints), "xx.one", "xx.two", "xx.fp"]


def test_list_as_json_is_one_object_a_line_in_the_columns_of_the_file(theirs: Path) -> None:
    run("import", theirs)
    _, out, _ = run("list", "--format", "json")
    objects = [json.loads(line) for line in out.splitlines()]
    assert {tuple(one) for one in objects} == {COLUMNS}
    assert objects[-2]["pattern"] == "http://block.example/"


def test_list_tells_what_is_wrong_with_a_file_that_was_edited(theirs: Path, home: Path) -> None:
    run("import", theirs)
    (home / "own.csv").write_text(f"{HEADER}\na,state,,body,contains,x,5,,,,\n")
    status, _, err = run("list")
    assert status == 0
    assert err.startswith(f'{home / "own.csv"}:2: The scope "state" is not known;')


def test_a_file_that_was_written_is_written_the_same_again(theirs: Path, tmp_path: Path) -> None:
    text = to_csv(read([theirs])[0])
    (tmp_path / "again.csv").write_text(text, encoding="utf-8")
    assert to_csv(read([tmp_path / "again.csv"])[0]) == text


@pytest.mark.parametrize("command", ["list", "import"])
def test_help_has_an_example(command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"Example: kedergi fingerprints {command} " in out
