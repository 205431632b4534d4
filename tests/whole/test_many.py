"""Hundreds of hosts at once: nothing is left open, and the memory stays bounded. How long it takes: tests/bench."""

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
KINDS = ("silent", "refused", "nameless")
MakeLab = Callable[..., Lab]
ListFile = Callable[[list[str]], Path]


def measured(make_lab: MakeLab, list_file: ListFile, kind: str, *, controlled: bool) -> dict[str, Any]:
    """What 200 hosts of one kind that can't be reached cost, fifty at once."""
    makers: dict[str, Callable[[str], Site]] = {"silent": silent, "refused": refused, "nameless": Site}
    rules = [Rule(Query("*.far-away.org"), Drop())] if kind == "nameless" else []
    lab = make_lab(sites=[makers[kind](f"h{number}.far-away.org") for number in range(HOSTS)], rules=rules, delay_ms=20)
    if controlled:
        start_control(lab)
    sections = {"control": control(lab)} if controlled else {}
    path = list_file([f"https://h{number}.far-away.org/" for number in range(HOSTS)])
    command: list[str | Path] = [sys.executable, "-m", "tests.whole.many", lab.config(**sections), path, "50"]
    done = lab.run(command, timeout_s=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("controlled", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_unreachable_hosts_leave_nothing_behind(
    make_lab: MakeLab, list_file: ListFile, kind: str, *, controlled: bool
) -> None:
    """150 MB is the promise to whoever measures on a small machine."""
    figures = measured(make_lab, list_file, kind, controlled=controlled)
    expected = "blocked" if kind == "nameless" else "down" if controlled else "inconclusive"
    assert figures["verdicts"] == {expected: HOSTS}
    assert figures["left"] == {"files": 0, "tasks": 0}
    assert figures["peak_mb"] <= 150
