"""`kedergi judge`: files are read as far as they can be, each trouble is said where it is, and nothing is measured."""

import gzip
import json
import random
import re
import socket
import tracemalloc
from pathlib import Path
from typing import Any, NoReturn

import pytest
import zstandard

from results.formats import files, jsonl
from results.formats.documents import documents, parsed
from results.formats.files import Unreadable
from results.verdict import judge
from tests.results.build import dns, page, seen, tcp, tls, twice
from tests.results.judged import judged, lines, run
from tests.results.ooni_cases import CASES
from tests.results.scenarios import ROWS

FINE = next(case.seen for case in CASES if case.name == "successWithHTTPS")
RESET = next(case.seen for case in CASES if case.name == "tlsBlockingConnectionResetWithConsistentDNS")
OURS = jsonl.record(seen(dns(), tcp(), tls(), page()), judge(seen(dns(), tcp(), tls(), page())))
RANDOM = random.Random(7)
# Too odd to be packed into one block.
MANY = b"".join(json.dumps({**FINE, "report_id": RANDOM.randbytes(3000).hex()}).encode() + b"\n" for _ in range(100))
TWO = (json.dumps(FINE) + "\n" + json.dumps(RESET) + "\n").encode()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("judging needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# What is printed


def test_a_line_of_oonis_has_our_keys_with_its_place_and_its_own_verdict(tmp_path: Path) -> None:
    file = lines(tmp_path, {**RESET, "test_keys": {**RESET["test_keys"], "blocking": "http-failure"}})
    (row,) = judged(file).rows
    assert list(row) == ["file", "line", *OURS, "ooni"]
    assert (row["file"], row["line"]) == (str(file), 1)
    assert (row["verdict"], row["mechanisms"]) == ("blocked", ["tls.reset"])
    assert row["ooni"] == {"blocking": "http-failure", "accessible": None}
    assert row["evidence"]["control"]["steps"]


def test_a_line_of_ours_is_judged_again_and_says_nothing_of_ooni(tmp_path: Path) -> None:
    (row,) = judged(lines(tmp_path, OURS)).rows
    assert {**row, "file": 0, "line": 0} == {"file": 0, "line": 0, **OURS, "ooni": None}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what.replace(" ", "_"))
def test_what_check_wrote_gets_the_same_judgement_from_its_line(row: Any) -> None:
    judgement = judge(row.seen)
    again = jsonl.read(parsed(jsonl.line(row.seen, judgement).encode()))
    assert judge(again) == judgement
    assert again.steps == row.seen.steps


def test_the_table_names_site_verdict_and_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would be folded
    ended = run(lines(tmp_path, FINE, RESET, "no JSON", OURS).name)
    assert ended.status == 0
    shown = re.sub(r"\s+", " ", ended.out)
    assert "site verdict how sure ms why" in shown
    assert "https://www.example.com/ accessible" in shown
    assert "blocked tls.reset" in shown
    assert "The TLS handshake with 93.184.216.34:443 fails here" in shown
    assert "measurements.jsonl:3 inconclusive" in shown


def test_a_table_of_any_length_is_printed_as_it_grows(tmp_path: Path) -> None:
    out = run(lines(tmp_path, *[OURS] * 250)).out
    assert out.count("accessible") == 250
    assert out.count("verdict") == 1


def test_without_a_file_the_call_is_wrong() -> None:
    assert run().status == 2
    assert run("--from", "nobody", "x").status == 2


def test_files_are_judged_in_their_order_and_named_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines(tmp_path, FINE, name="b.json")
    lines(tmp_path, RESET, name="a.json")
    rows = judged("./b.json", "a.json").rows
    assert [(row["file"], row["verdict"]) for row in rows] == [("./b.json", "accessible"), ("a.json", "blocked")]


# What can't be read


def test_a_bad_line_is_said_with_its_place_and_the_rest_is_judged(tmp_path: Path) -> None:
    file = lines(tmp_path, FINE, '{"test_keys": ', "", RESET)
    ended = judged(file)
    assert ended.verdicts == ["accessible", "inconclusive", "blocked"]
    bad = ended.rows[1]
    assert list(bad) == list(ended.rows[0])
    assert (bad["line"], bad["uid"], bad["evidence"]) == (2, None, None)
    (reason,) = bad["reasons"]
    assert reason["rule"] == "unreadable"
    assert ended.err == f"{file}:2: {reason['says']}\n"
    assert ended.rows[2]["line"] == 4


def test_a_missing_file_is_a_bad_file(tmp_path: Path) -> None:
    gone, file = tmp_path / "gone.json", lines(tmp_path, FINE)
    ended = judged(gone, tmp_path, file)
    assert ended.verdicts == ["inconclusive", "inconclusive", "accessible"]
    assert [row["line"] for row in ended.rows[:2]] == [None, None]
    assert f"{gone}:0: The file can't be read: No such file or directory." in ended.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no JSON", "It is no JSON: Expecting value at character 1."),
        ("[]", "It is a list; one object a line is read, or one object in a file."),
        ("17", "It is no JSON object."),
        ("null", "It is no JSON object."),
        ("{}", "It is neither a line of Kedergi's (it has no evidence) nor of OONI's (it has no test_keys)."),
        ('{"a": ' * 3000 + "1" + "}" * 3000, "It is nested too deeply."),
        ('{"a": ' + "9" * 5000 + "}", "It is no JSON: Exceeds the limit"),
        ('{"a": [' + "0," * 1_000_001 + "0]}", "It has more pieces than any measurement."),
        (json.dumps({**OURS, "schema": 2}), "Its schema is 2; this program reads 1."),
        (json.dumps({**OURS, "evidence": None}), "It has no evidence to judge."),
        (json.dumps({**OURS, "started_at": "0001-01-01T00:00:00+14:00"}), "Its started_at is no time"),
        (json.dumps({**OURS, "runtime_ms": "long"}), "Its field 'runtime_ms' is not as written here"),
        (json.dumps({**OURS, "runtime_ms": 0}).replace('"runtime_ms": 0', '"runtime_ms": 1e999'), "It has a number"),
        (json.dumps({**FINE, "test_name": "telegram"}), "It is a measurement of OONI's test 'telegram'; only web_conn"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_is_wrong(tmp_path: Path, line: str, says: str) -> None:
    ended = judged(lines(tmp_path, line, FINE))
    assert ended.verdicts == ["inconclusive", "accessible"]
    assert ended.rows[0]["reasons"][0]["says"].startswith(says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\n\n  \n", "The file is empty."),
        (json.dumps(FINE).encode("utf-16"), "The file is no text in UTF-8; allowed are text, gzip and Zstandard."),
        (b'{"test_keys": {}, "input": "\xc4\xe0"}', "It is no text in UTF-8: byte 29 fits in none."),
        (b"PK\x03\x04....", "The file is a ZIP archive; allowed are text, gzip and Zstandard."),
        (b"\x04\x22\x4d\x18....", "The file is packed with LZ4; allowed are text, gzip and Zstandard."),
        (b"\x1f\x8b\x08\x00", "The file is damaged or cut off: "),
        (b"\x28\xb5\x2f\xfd", "The file is damaged or cut off: "),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "The file is damaged"),
        (b'[\n{"test_keys": {}},\n{}\n]\n', "It is a list; one object a line is read, or one object in a file."),
        (json.dumps(FINE, indent=1).encode()[:-500], "It is no JSON: "),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "bad"
    file.write_bytes(content)
    ended = judged(file, lines(tmp_path, FINE))
    assert ended.verdicts == ["inconclusive", "accessible"]
    assert ended.rows[0]["reasons"][0]["says"].startswith(says)


# Forms


def as_gzip(content: bytes) -> bytes:
    return gzip.compress(content)


def as_zstandard(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)  # as the zstd program does


@pytest.mark.parametrize("packed", [bytes, as_gzip, as_zstandard])
def test_a_file_is_known_by_what_it_holds_not_by_its_name(tmp_path: Path, packed: Any) -> None:
    halves = TWO.splitlines(keepends=True)
    file = tmp_path / "measurements"
    file.write_bytes(packed(halves[0]) + packed(halves[1]))  # two frames are one file
    assert judged(file).verdicts == ["accessible", "blocked"]


@pytest.mark.parametrize("packed", [as_gzip, as_zstandard])
def test_of_a_file_that_is_cut_off_what_came_is_judged(tmp_path: Path, packed: Any) -> None:
    whole = packed(MANY)
    file = tmp_path / "measurements"
    file.write_bytes(whole[: len(whole) * 2 // 3])
    ended = judged(file)
    assert ended.verdicts.count("accessible") >= 1
    assert ended.verdicts[-1] == "inconclusive"
    assert ended.rows[-1]["line"] == len(ended.rows)
    assert "The file is damaged or cut off: " in ended.err


@pytest.mark.parametrize("packed", [as_gzip, as_zstandard])
def test_damage_in_the_middle_is_said(tmp_path: Path, packed: Any) -> None:
    whole = bytearray(packed(MANY))
    whole[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    (tmp_path / "measurements").write_bytes(whole)
    assert judged(tmp_path / "measurements").rows[-1]["reasons"][0]["rule"] == "unreadable"


def test_a_mark_of_byte_order_is_no_letter(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(FINE, indent=1).encode())
    assert judged(tmp_path / "b.json").verdicts == ["accessible"]
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + TWO.replace(b"\n", b"\r\n"))
    assert judged(tmp_path / "a.json").verdicts == ["accessible", "blocked"]


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
def test_one_object_may_stand_in_many_lines(tmp_path: Path, indent: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps(RESET, indent=indent), encoding="utf-8")
    (row,) = judged(tmp_path / "a.json").rows
    assert (row["verdict"], row["line"]) == ("blocked", 1)


def test_a_first_line_that_is_cut_off_harms_no_other(tmp_path: Path) -> None:
    cut = json.dumps(FINE)[:300]
    ended = judged(lines(tmp_path, cut, RESET, FINE))
    assert ended.verdicts == ["inconclusive", "blocked", "accessible"]
    assert [row["line"] for row in ended.rows] == [1, 2, 3]


def test_constants_that_are_no_json_count_as_nothing(tmp_path: Path) -> None:
    text = json.dumps(FINE).replace('"test_runtime": 1.25', '"test_runtime": NaN').replace("0.02", "-Infinity")
    assert judged(lines(tmp_path, text)).verdicts == ["accessible"]
    ours = json.dumps(OURS).replace('"t0": 0.0', '"t0": NaN')
    assert judged(lines(tmp_path, ours)).verdicts == ["inconclusive"]


def test_half_of_a_surrogate_pair_is_no_letter(tmp_path: Path) -> None:
    text = json.dumps(FINE).replace("Kazakhtelecom", "Kazakh\\ud83dtelecom")
    (row,) = judged(lines(tmp_path, text)).rows
    assert row["vantage"]["network"] == "Kazakh?telecom"


@pytest.mark.parametrize(("origin", "verdicts"), [("ooni", ["accessible", "inconclusive"]),
                                                  ("kedergi", ["inconclusive", "accessible"])])  # fmt: skip
def test_whose_it_is_can_be_said(tmp_path: Path, origin: str, verdicts: list[str]) -> None:
    assert judged(lines(tmp_path, FINE, OURS), "--from", origin).verdicts == verdicts


def test_missing_zstandard_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    (tmp_path / "a").write_bytes(as_zstandard(TWO))
    assert "for which Python's zstandard is missing." in judged(tmp_path / "a").err


# Memory


@pytest.mark.parametrize("packed", [as_gzip, as_zstandard])
def test_what_unpacks_to_far_more_than_it_weighs_is_passed_over(
    tmp_path: Path, packed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LINE_MAX_BYTES", 1 << 20)
    file = tmp_path / "bomb"
    file.write_bytes(packed(b"x" * (1 << 26) + b"\n" + TWO))
    tracemalloc.start()
    try:
        found = list(documents(file))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [document.found is None for document in found] == [True, False, False]
    assert [document.line for document in found] == [1, 2, 3]
    assert "it is longer than" in found[0].trouble
    assert peak < 40 << 20


def test_an_endless_line_ends_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINE_MAX_BYTES", 1000)
    monkeypatch.setattr(files, "_PASSED_OVER_MAX_BYTES", 3000)
    monkeypatch.setattr(files, "_MEBIBYTE", 500)
    (tmp_path / "a").write_bytes(TWO[:100] + b"\n" + b"x" * 9000 + b"\n" + TWO)
    assert [document.trouble[:16] for document in documents(tmp_path / "a")][-1] == "a line is longer"


def test_a_huge_object_in_many_lines_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (files, __import__("results.formats.documents", fromlist=["documents"])):
        monkeypatch.setattr(module, "LINE_MAX_BYTES", 20_000)
    (tmp_path / "a").write_text("{\n" + '"a": 1,\n' * 9000 + "}", encoding="utf-8")
    assert [document.line for document in documents(tmp_path / "a")] == [1]


def test_a_measurement_within_another_is_bounded_alike() -> None:
    with pytest.raises(Unreadable, match="more pieces"):
        parsed(b'{"a": [' + b"[]," * 600_000 + b"[]]}")


def test_a_fine_site_reads_as_fine_twice() -> None:
    measurement = seen(dns(), *twice(tcp(), tls()), page())
    assert jsonl.read(jsonl.record(measurement, judge(measurement))).steps == measurement.steps
