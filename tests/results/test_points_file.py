"""Points from a CSV file, and the command that tells their episodes."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from results.episodes import Row
from results.formats.points import read

HEAD = "series,at,verdict,mechanism,handshake_ms,kbps,reference_handshake_ms,reference_kbps\n"
START = datetime(2026, 3, 1, tzinfo=UTC)


def file(tmp_path: Path, text: str, name: str = "points.csv") -> str:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


def test_a_row_holds_what_stands_in_it(tmp_path: Path) -> None:
    text = HEAD + "ratel.kz AS9198,2026-03-01T00:00:00Z,blocked,tls.timeout;tcp.reset,,,,\n"
    text += "ratel.kz AS9198,2026-03-01T05:30:00+05:00,accessible,,101.5,900,99,1200\n"
    series, troubles = read(file(tmp_path, text))
    at = START.timestamp()
    assert troubles == []
    assert series == {
        "ratel.kz AS9198": [
            Row(at, "blocked", ("tls.timeout", "tcp.reset")),
            Row(at + 1800, "accessible", (), 101.5, 900.0, 99.0, 1200.0),
        ]
    }


def test_columns_may_stand_in_any_order_and_be_few(tmp_path: Path) -> None:
    series, troubles = read(file(tmp_path, "\N{BYTE ORDER MARK}verdict,more,series,at\ndown,x,a,2026-03-01\n"))
    assert (series, troubles) == ({"a": [Row(START.timestamp(), "down")]}, [])


def test_packed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "points.csv.gz"
    path.write_bytes(gzip.compress(b"series,at,verdict\na,2026-03-01,down\n"))
    assert read(str(path))[0] == {"a": [Row(START.timestamp(), "down")]}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",2026-03-01,down", "series is empty."),
        ("a,yesterday,down", "at is 'yesterday'; allowed is ISO 8601 in UTC, as in 2026-11-22T09:00:00Z."),
        ("a,2026-03-01,broken", "verdict is 'broken'; allowed are accessible, blocked, throttled, down, inconclusive."),
        ("a,2026-03-01,down,,fast", "handshake_ms is 'fast'; allowed is a number that is not negative, or nothing."),
        ("a,2026-03-01,down,,-1", "handshake_ms is '-1'; allowed is a number that is not negative, or nothing."),
        ("a,2026-03-01,down,,,nan", "kbps is 'nan'; allowed is a number that is not negative, or nothing."),
        ("a", "verdict is ''; allowed are accessible, blocked, throttled, down, inconclusive."),
    ],
)
def test_a_bad_row_is_said_with_its_line_and_the_rest_is_used(tmp_path: Path, row: str, says: str) -> None:
    name = file(tmp_path, HEAD + f"a,2026-03-01,down\n{row}\na,2026-03-02,down\n")
    series, troubles = read(name)
    assert [str(trouble) for trouble in troubles] == [f"{name}:3: {says}"]
    assert len(series["a"]) == 2


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "The file is empty; needed is a first line with series, at, verdict."),
        ("series,when\na,b\n", 1, "The first line must name the columns; missing: at, verdict."),
    ],
)
def test_a_file_without_its_columns_is_said(tmp_path: Path, text: str, line: int, says: str) -> None:
    name = file(tmp_path, text)
    assert [str(trouble) for trouble in read(name)[1]] == [f"{name}:{line}: {says}"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    [trouble] = read(str(tmp_path / "none.csv"))[1]
    assert "can't be read: No such file" in trouble.says


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "kedergi", "episodes", *arguments]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)


def block(series: str, begins: int) -> str:
    rows = []
    for number in range(120):
        verdict = "blocked,tls.timeout" if begins <= number < begins + 20 else "accessible,"
        rows.append(f"{series},{(START + number * timedelta(minutes=30)).isoformat()},{verdict}\n")
    return "".join(reversed(rows))


def test_the_command_tells_episodes_in_order_of_series(tmp_path: Path) -> None:
    text = "series,at,verdict,mechanism\n" + block("z", 60) + block("a", 70) + "a,never,down,\n"
    done = command("--points", file(tmp_path, text), "--format", "json")
    assert done.returncode == 0
    assert done.stderr.startswith(f"{tmp_path}/points.csv:242: at is 'never'")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["series"], second["series"]) == ("a", "z")
    assert second == {
        "series": "z",
        "kind": "blocking",
        "mechanisms": ["tls.timeout"],
        "state": "closed",
        "last_good_at": "2026-03-02T05:30:00.000Z",
        "first_bad_at": "2026-03-02T06:00:00.000Z",
        "opened_at": second["opened_at"],
        "last_bad_at": "2026-03-02T15:30:00.000Z",
        "first_good_at": "2026-03-02T16:00:00.000Z",
        "closed_at": second["closed_at"],
        "measurements": 20,
        "bad": 20,
        "intermittent": False,
    }


def test_people_get_a_table_with_brackets(tmp_path: Path) -> None:
    done = command("--points", file(tmp_path, "series,at,verdict,mechanism\n" + block("z", 60)))
    assert "2026-03-02 05:30 to 2026-03-02 06:00 UTC" in done.stdout
    assert "20 of 20" in done.stdout
