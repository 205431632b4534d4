"""Whatever an OONI measurement, or a file, may hold: no crash, and always a verdict in strict JSON."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import judging
from results.formats import jsonl
from results.formats.documents import documents, parsed
from results.formats.files import Unreadable
from results.judgement import Verdict
from results.verdict import judge
from tests.results.ooni_build import old
from tests.results.ooni_cases import CASES
from tests.results.scenarios import ROWS

NEW = [case.seen for case in CASES]
ALL = [*NEW, *(old(found, version) for version in ("0.4.3", "0.0.1") for found in NEW)]
OURS = [json.loads(jsonl.line(row.seen, judge(row.seen))) for row in ROWS[::9]]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**40, -1, 0, 443, 65536, 1e308, -0.0, float("nan"), float("inf")]),
    st.text(max_size=20),
    st.sampled_from(["\ud800", "\x00", "[::1", "http://[", "https://", "10.0.0.1", "::", "AS1", "depth=1", "a" * 9000]),
    st.sampled_from(["connection_reset", "unknown_failure: x", "interrupted", "2026-11-22 09:00:00", "base64"]),
    st.sampled_from([[], {}, [[]], {"format": "base64", "data": "!"}, {"format": "base64", "data": 7}, [None, 1, "x"]]),
)
thorough = settings(derandomize=True, max_examples=400, deadline=None)


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every spot of an object."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


PLACES = {id(found): places(found)[1:] for found in [*ALL, *OURS]}


def changed(draw: st.DrawFn, found: Any) -> Any:
    """The object with some of its values replaced, dropped or doubled."""
    made = copy.deepcopy(found)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(PLACES[id(found)]))
        spot = made
        try:
            for key in path[:-1]:
                spot = spot[key]
            match draw(st.sampled_from(["replace", "drop", "double"])):
                case "replace":
                    spot[path[-1]] = copy.deepcopy(draw(ODD))
                case "drop":
                    del spot[path[-1]]
                case _:
                    spot[path[-1]] = [spot[path[-1]]] * 3
        except (KeyError, IndexError, TypeError):
            continue  # gone with a change before
    return made


@st.composite
def oonis(draw: st.DrawFn) -> Any:
    return changed(draw, draw(st.sampled_from(ALL)))


@st.composite
def ours(draw: st.DrawFn) -> Any:
    return changed(draw, draw(st.sampled_from(OURS)))


def told(found: Any) -> dict[str, Any]:
    """The public line of an object, or of why it isn't read; strict JSON either way."""
    try:
        measurement, said = judging._read(parsed(json.dumps(found).encode()), None)
    except Unreadable as exc:
        one: Any = judging.NotRead(file="x", line=1, why=str(exc))
    else:
        one = judging.Judged(file="x", line=1, measurement=measurement, judgement=judge(measurement), said=said)
    text = jsonl.written(judging.record(one)).encode()  # half of a surrogate pair would not be UTF-8
    row: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    return row


@thorough
@given(oonis())
def test_any_change_of_an_ooni_measurement_gets_a_verdict(found: Any) -> None:
    row = told(found)
    assert row["verdict"] in {*Verdict}
    assert row["reasons"][0]["says"]


@thorough
@given(ours())
def test_any_change_of_a_line_of_ours_gets_a_verdict(found: Any) -> None:
    assert told(found)["verdict"] in {*Verdict}


@settings(thorough, max_examples=150)
@given(data=st.data())
def test_any_change_of_a_files_bytes_is_read_or_said(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    content = bytearray(
        json.dumps(data.draw(st.sampled_from(NEW)))[:5000].encode() + b"\n" + json.dumps(OURS[0]).encode()
    )
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    file: Path = tmp_path_factory.getbasetemp() / "fuzzed"
    file.write_bytes(content)
    found = list(documents(file))
    assert found
    assert all((document.found is None) == bool(document.trouble) for document in found)
