"""Values of OONI's JSON are read in a quick way where they are as usual, and mean what they mean read slowly."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.formats.ooni import _TIMES, UNDATED, read
from results.formats.ooni_values import number, text, whole
from tests.results.ooni_cases import CASES

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.integers().map(str), st.just({})
)
DIGITS = "0123456789"
NEARLY_TIMES = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)).map(lambda at: f"{at:%Y-%m-%d %H:%M:%S}"),  # noqa: DTZ001
    st.from_regex(r"[0-9]{4}-[01]?[0-9W]-?[0-3]?[0-9][ T][0-2]?[0-9]:[0-6]?[0-9]:[0-6]?[0-9]Z?", fullmatch=True),
    st.text(alphabet=f"{DIGITS}-: TZW.٣", min_size=17, max_size=21),
)


def slowly(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


@given(ANYTHING | st.sampled_from([2**53, 2**53 - 1, -(2**53), 10**400, "1e400", "nan"]))
def test_a_number_is_what_float_makes_of_it(value: Any) -> None:
    found = slowly(value)
    assert number(value) == found
    assert whole(value) == (int(found) if found is not None and abs(found) < 2**53 else None)


@given(ANYTHING)
def test_a_text_is_a_string_and_nothing_else(value: Any) -> None:
    assert text(value) == (value if isinstance(value, str) else "")


@given(NEARLY_TIMES)
def test_a_time_is_what_its_forms_say(words: str) -> None:
    seen = {**CASES[0].seen, "measurement_start_time": words, "test_start_time": "", "report_id": ""}
    assert read(seen).measurement.started_at == by_its_forms(words)


def by_its_forms(words: str) -> datetime:
    for form in _TIMES:
        try:
            return datetime.strptime(words, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return UNDATED


@pytest.mark.parametrize(
    "words", ["2026-W01-1 10:00:00", "2026-11-01 24:00:00", "2026-1-1 1:2:3", "2026-02-30 00:00:00"]
)
def test_what_only_looks_like_a_time_is_read_as_before(words: str) -> None:
    seen = {**CASES[0].seen, "measurement_start_time": words, "test_start_time": "", "report_id": ""}
    assert read(seen).measurement.started_at == by_its_forms(words)
