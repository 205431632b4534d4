"""Slow on purpose, and merely slow: what is slowed is called throttled, with its mechanism; nothing else is.

    .venv/bin/pytest -m lab tests/whole/test_slow_cases.py                # some of each
    .venv/bin/python -m tests.whole.test_slow_cases 200                   # that many sites of each kind, with a table
    .venv/bin/python -m tests.whole.test_slow_cases --only 17 --show      # one line of each kind again
    .venv/bin/python -m tests.whole.test_slow_cases 100 --thorough        # halved and undisturbed, in ten pairs each

Asked for is what is at least four times as slow as the line and the server allow: each site is first fetched by curl
with and without the censor, and what is less slowed is counted apart.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.slow_cases import Case, Line, halved, merely_slow, slowed, undisturbed
from tests.whole.conftest import checked, control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

FOLD = 4.0
HALF = 1.7
"""A rate that was to halve it may miss by so much."""
CEILING_WITHIN = 0.2
SIDE_BY_SIDE = 3
SITES = 12
PATIENCE_S = 400.0


@dataclass(frozen=True)
class Outcome:
    """One site: what is true, how many times slower it is, and what was said of it."""

    line: Line
    case: Case
    times: float
    """Infinite where it never came."""
    record: dict[str, Any]

    @property
    def asked_for(self) -> bool:
        return bool(self.case.mechanism) and self.times >= (
            HALF if self.record["evidence"]["throughput"] == "thorough" else FOLD
        )

    @property
    def right(self) -> bool:
        first = self.record["mechanisms"][:1]
        return bool(self.record["verdict"] == "throttled" and first == [self.case.mechanism])

    @property
    def false(self) -> bool:
        accused = self.record["verdict"] in {"blocked", "throttled"}
        return bool(self.record["verdict"] == "blocked") if self.case.mechanism else accused

    @property
    def ceiling_error(self) -> float | None:
        """How far the told ceiling is from the true one, relative; None where there is none to tell."""
        if self.case.kbit_s is None or not self.right:
            return None
        return float(self.record["kbps"] or 0.0) / self.case.kbit_s - 1

    def __str__(self) -> str:
        line, record = self.line, self.record
        says = "; ".join(f"{reason['rule']}: {reason['says']}" for reason in record["reasons"][:3])
        where = f"seed {line.seed}, {line.what}, one way {line.delay_ms:.0f} ms, {line.at_once} at once"
        said = (
            f"{record['verdict']} {record['mechanisms']} {record['kbps']} kbit/s in {record['runtime_ms'] / 1000:.1f} s"
        )
        return f"{where}, {self.case.what}, {self.times:.1f} times as slow\n  said: {said} ({says})"


def fetched_s(lab: Lab, case: Case, *, most_s: float) -> float:
    """How long curl takes for the page after the name is known; infinite where it doesn't come in time."""
    command = ["curl", "--silent", "--output", "/dev/null", "--max-time", f"{most_s:.1f}"]
    done = lab.run([*command, "--write-out", "%{time_namelookup} %{time_total}", case.url], timeout_s=most_s + 20)
    named_s, total_s = map(float, done.stdout.split())
    return total_s - named_s if done.returncode == 0 else float("inf")


def slower(lab: Lab, line: Line) -> list[float]:
    """How many times as long each page takes with the censor's rules as without."""
    lab.set_rules([])
    free = [fetched_s(lab, case, most_s=60) for case in line.cases]
    lab.set_rules([rule for case in line.cases for rule in case.rules])
    most = [max(1.0, FOLD * one) + 0.5 for one in free]
    held = [fetched_s(lab, case, most_s=limit) for case, limit in zip(line.cases, most, strict=True)]
    return [after / before for after, before in zip(held, free, strict=True)]


def measured(line: Line, *arguments: str) -> list[Outcome]:
    """Each site of a line, checked by the program, with a control in the world."""
    with line.lab() as lab:
        asked = any(case.mechanism for case in line.cases)
        times = slower(lab, line) if asked else [1.0] * len(line.cases)
        start_control(lab)
        config = lab.config(control=control(lab))
        urls = [case.url for case in line.cases]
        _, records = checked(lab, config, "--concurrency", str(line.at_once), *arguments, *urls, timeout_s=PATIENCE_S)
    found = {record["url"]: record for record in records}
    return [Outcome(line, case, many, found[case.url]) for case, many in zip(line.cases, times, strict=True)]


def all_measured(lines: Iterable[Line], *, beside: int, arguments: tuple[str, ...] = ()) -> Iterator[list[Outcome]]:
    """In their order, several labs side by side: they mostly wait."""
    with ThreadPoolExecutor(beside) as pool:
        yield from pool.map(lambda line: measured(line, *arguments), lines)


def some(kind: Callable[[int], Line], sites: int, first: int = 1) -> list[Line]:
    """As many lines as it takes to have so many sites."""
    lines: list[Line] = []
    numbers = count(first)
    while sum(len(line.cases) for line in lines) < sites:
        lines.append(kind(next(numbers)))
    return lines


@pytest.fixture(scope="module")
def held(lab_rights: None) -> list[Outcome]:  # noqa: ARG001
    """Sites that are slowed at least four-fold, of some that are slowed."""
    found = [one for some_ in all_measured(some(slowed, SITES), beside=SIDE_BY_SIDE) for one in some_]
    return [one for one in found if one.asked_for]


@pytest.fixture(scope="module")
def free(lab_rights: None) -> list[Outcome]:  # noqa: ARG001
    """Sites that nobody slows, of each kind."""
    return [one for some_ in all_measured(map(merely_slow, range(7)), beside=SIDE_BY_SIDE) for one in some_]


def words(outcomes: Iterable[Outcome]) -> str:
    return "\n".join(map(str, outcomes))


def test_what_is_slowed_is_called_throttled_with_its_mechanism(held: list[Outcome]) -> None:
    """95 % is promised of 200. Of a few, one may be unlucky."""
    missed = [one for one in held if not one.right]
    assert len(held) >= SITES // 2
    assert len(missed) <= 1, words(missed)


def test_whether_the_name_or_the_address_is_slowed_is_told(held: list[Outcome]) -> None:
    told = [(one.case.by, one.record["throttling"]["by"]) for one in held if one.right]
    # A freeze that only the control tells from a dead server is nobody's by name.
    assert {pair for pair in told if pair[1] is not None} <= {("name", "name"), ("address", "address")}, told
    assert ("name", "name") in told


def test_the_ceiling_is_told_within_a_fifth(held: list[Outcome]) -> None:
    off = [error for one in held if (error := one.ceiling_error) is not None]
    assert off
    assert sum(abs(error) > CEILING_WITHIN for error in off) <= 1, off


def test_what_is_merely_slow_is_called_neither_throttled_nor_blocked(free: list[Outcome]) -> None:
    false = [one for one in free if one.false]
    assert not false, words(false)


@pytest.mark.parametrize(
    ("line", "verdict"), [(halved(4), "throttled"), (undisturbed(8), "accessible")], ids=["half", "free"]
)
def test_ten_pairs_tell_a_half_from_nothing(lab_rights: None, line: Line, verdict: str) -> None:  # noqa: ARG001
    (one,) = measured(line, "--throughput", "thorough")
    throttling = one.record["throttling"]
    assert one.record["verdict"] == verdict, words([one])
    assert (
        len([step for step in one.record["evidence"]["steps"] if step["aim"] == "sample" and step["layer"] == "http"])
        == 10
    )
    if throttling:
        assert throttling["p_value"] < 0.005
        low, high = throttling["interval"]
        assert low <= throttling["times"] <= high


def table(outcomes: list[Outcome]) -> str:
    """By what was done, how many were found."""
    rows: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        rows[_kind(one)].append(one)
    lines = [f"{'':44}{'sites':>7}{'4-fold':>8}{'right':>7}{'false':>7}{'ceiling off by':>24}"]
    lines += [_row(kind, some) for kind, some in sorted(rows.items())]
    return "\n".join([*lines, _row("all", outcomes)])


def _kind(one: Outcome) -> str:
    return " ".join(one.case.what.split(",")[0].split()) if one.case.mechanism else one.line.what.split(" of ")[0]


def _row(kind: str, some: list[Outcome]) -> str:
    asked = [one for one in some if one.asked_for]
    errors = sorted(abs(error) for one in some if (error := one.ceiling_error) is not None)
    near = sum(error <= CEILING_WITHIN for error in errors)
    off = f"{errors[len(errors) // 2]:.0%}, {near} of {len(errors)} near" if errors else ""
    right, false = sum(one.right for one in asked), sum(one.false for one in some)
    return f"{kind:44}{len(some):>7}{len(asked):>8}{right:>7}{false:>7}{off:>24}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("sites", nargs="?", type=int, default=200)
    arguments.add_argument("--kind", choices=("slowed", "merely-slow", "halved", "undisturbed"), action="append")
    arguments.add_argument("--beside", type=int, default=SIDE_BY_SIDE)
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--only", type=int)
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("--thorough", action="store_true")
    chosen = arguments.parse_args()
    kinds = {"slowed": slowed, "merely-slow": merely_slow, "halved": halved, "undisturbed": undisturbed}
    usual = ("halved", "undisturbed") if chosen.thorough else ("slowed", "merely-slow")
    how = ("--throughput", "thorough") if chosen.thorough else ()
    outcomes: list[Outcome] = []
    for kind in (kinds[name] for name in chosen.kind or usual):
        lines = [kind(chosen.only)] if chosen.only is not None else some(kind, chosen.sites, chosen.first)
        for found in all_measured(lines, beside=chosen.beside, arguments=how):
            for one in found:
                outcomes.append(one)
                if (one.asked_for and not one.right) or one.false or abs(one.ceiling_error or 0) > CEILING_WITHIN:
                    print(one, file=sys.stderr, flush=True)
                if chosen.show:
                    print(json.dumps(one.record, ensure_ascii=False), flush=True)
    print(table(outcomes))


if __name__ == "__main__":
    main()
