"""Whatever comes from the network, from a control or out of a file: no crash, no hang, and little memory.

The plain suite meets few cases of each family, `pytest -m whole tests/fuzz` many. `tests.fuzz.run` has the rest.
"""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.fuzz.mutate import mutated, warped
from tests.fuzz.pages import HARM
from tests.fuzz.run import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 300
FEW = 30
MANY = {"control": 300, "harm": 2 * len(HARM)}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the most memory is told by /proc")


def fuzzed(*families: str, cases: int, limit_s: float) -> dict[str, Any]:
    """In a process of its own, whose end is certain and whose memory can be told."""
    command = [sys.executable, "-m", "tests.fuzz.run", *families, "--cases", str(cases)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False)
    assert done.stdout, f"It ended with {done.returncode}:\n{done.stderr[-4000:]}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check_all_went_well(family: str, found: dict[str, Any], cases: int) -> None:
    said = found["families"][family]
    wrong = [f"{family}, case {number}:\n{says}" for number, says in said["wrong"].items()]
    assert not wrong, f"{len(wrong)} of {cases} cases\n" + "\n".join(wrong[:5])
    assert said["cases"] == cases
    assert found["peak_mb"] <= MOST_MB


@pytest.fixture(scope="module")
def few() -> dict[str, Any]:
    """All families in one process: to begin one takes longer than the cases."""
    return fuzzed(cases=FEW, limit_s=240)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_comes_is_survived(few: dict[str, Any], family: str) -> None:
    check_all_went_well(family, few, FEW)


@pytest.mark.whole
@pytest.mark.parametrize("family", FAMILIES)
def test_much_that_comes_is_survived(family: str) -> None:
    cases = MANY.get(family, 600)
    check_all_went_well(family, fuzzed(family, cases=cases, limit_s=560), cases)


def test_the_same_dice_make_the_same_wrong() -> None:
    raw, value = b"HTTP/1.1 200 OK\r\n\r\n" * 9, {"a": [1, {"b": "c"}]}
    assert [mutated(Random(n), raw) for n in range(50)] == [mutated(Random(n), raw) for n in range(50)]
    assert len({mutated(Random(n), raw) for n in range(50)}) > 45
    assert repr(warped(Random(3), value)) == repr(warped(Random(3), value)) != repr(value)
    assert value == {"a": [1, {"b": "c"}]}
