"""Hundreds of hosts at once: nothing is left open, and the time and the memory stay bounded."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Lab, Site, refused, silent
from tests.lab.rules import Drop, Query, Rule
from tests.whole.conftest import control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

HOSTS = 200
MakeLab = Callable[..., Lab]
ListFile = Callable[[list[str]], Path]


def measured(lab: Lab, list_file: ListFile, *, controlled: bool) -> dict[str, Any]:
    sections = {"control": control(lab)} if controlled else {}
    path = list_file([f"https://h{number}.far-away.org/" for number in range(HOSTS)])
    command: list[str | Path] = [sys.executable, "-m", "tests.whole.many", lab.config(**sections), path, "50"]
    done = lab.run(command, timeout_s=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("controlled", [False, True])
@pytest.mark.parametrize("kind", ["silent", "refused", "nameless"])
def test_unreachable_hosts_leave_nothing_behind(
    make_lab: MakeLab, list_file: ListFile, kind: str, *, controlled: bool
) -> None:
    """30 s is the promise to whoever waits for a round; 150 MB to whoever measures on a small machine."""
    makers: dict[str, Callable[[str], Site]] = {"silent": silent, "refused": refused, "nameless": Site}
    rules = [Rule(Query("*.far-away.org"), Drop())] if kind == "nameless" else []
    lab = make_lab(sites=[makers[kind](f"h{number}.far-away.org") for number in range(HOSTS)], rules=rules, delay_ms=20)
    if controlled:
        start_control(lab)
    figures = measured(lab, list_file, controlled=controlled)
    expected = "blocked" if kind == "nameless" else "down" if controlled else "inconclusive"
    assert figures["verdicts"] == {expected: HOSTS}
    assert figures["left"] == {"files": 0, "tasks": 0}
    assert figures["seconds"] <= 30
    assert figures["peak_mb"] <= 150
