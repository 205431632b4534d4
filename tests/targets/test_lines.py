"""Whatever bytes a file holds, no line is lost and nothing crashes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from targets.lines import csv_records, decoded, plain_records
from targets.load import read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.csv"


FRAGMENTS = st.sampled_from(
    [b"url", b"note", b"category_code", b",", b";", b'"', b"\n", b"\r\n", b"\r", b"#", b" ", b"https://a.kz/", b"NEWS"]
)
ANYTHING = st.binary() | st.lists(FRAGMENTS | st.binary(max_size=3), max_size=60).map(b"".join)


@given(raw=ANYTHING)
@example(raw=b'url,note\nhttps://a.kz/,"\n\n\nhttps://b.kz/,\n')
@example(raw=b'url\n"\n' * 3)
def test_every_line_is_of_one_record(raw: bytes) -> None:
    lines = decoded(raw)
    for records in (list(plain_records(lines)), list(csv_records(lines, 0, ",", 2))):
        spans = [number for record in records for number in range(record.line, record.last_line + 1)]
        assert spans == list(range(1, len(lines) + 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=ANYTHING)
@example(raw=b"url,note\nhttps://a.kz/,\nhttps://a.kz/,\nbad,\n,\n\n")
def test_every_line_is_a_target_a_problem_blank_or_the_header(path: Path, raw: bytes) -> None:
    raw = raw.replace(b'"', b"'")  # each record is then one line
    path.write_bytes(raw)
    listing = read(path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert [problem.line for problem in listing.problems] == [0]
        return
    lines = decoded(raw)
    told = {entry.line for entry in listing.entries} | {problem.line for problem in listing.problems}
    untold = [line.strip() for number, line in enumerate(lines, 1) if number not in told]
    speaking = [line for line in untold if line.strip(" ,;\t") and not line.startswith("#")]
    assert len(speaking) <= 1
    assert all("url" in line.lower() for line in speaking)
