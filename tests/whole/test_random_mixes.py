"""Random countries on lossy lines: nobody is accused falsely, and almost every verdict is the truth.

    .venv/bin/pytest -m lab tests/whole/test_random_mixes.py               # six mixes
    .venv/bin/python -m tests.whole.test_random_mixes 200                  # all of them, with a table
    .venv/bin/python -m tests.whole.test_random_mixes 200 --beside 8       # eight labs side by side
    .venv/bin/python -m tests.whole.test_random_mixes --only 17 --show     # one mix again, with its evidence

`inconclusive` is not right, nor is it false. Right is the true verdict with a first mechanism that is true.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.mixes import Mix, Mixed, mix
from tests.whole.conftest import checked, control, start_control

pytestmark = [pytest.mark.lab, pytest.mark.whole]

MIXES = 6
SIDE_BY_SIDE = 3
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """One site of one mix: what is true, and what was said of it."""

    mix: Mix
    mixed: Mixed
    record: dict[str, Any]
    lost: float
    """Of all packets of the mix; the line's own count."""

    @property
    def said(self) -> str:
        return " ".join([self.record["verdict"], *self.record["mechanisms"]])

    @property
    def right(self) -> bool:
        first = self.record["mechanisms"][:1]
        return self.record["verdict"] == self.mixed.verdict and set(first) <= self.mixed.mechanisms

    @property
    def false(self) -> bool:
        """An accusation of a site that the ISP lets pass, up or down."""
        return self.mixed.verdict != "blocked" and self.record["verdict"] in {"blocked", "throttled"}

    def __str__(self) -> str:
        says = "; ".join(f"{reason['rule']}: {reason['says']}" for reason in self.record["reasons"][:3])
        line = f"seed {self.mix.seed}, loss {self.mix.loss:.1%}, delay {self.mix.delay_ms} ms, {self.mixed.url}"
        return f"{line}\n  true: {self.mixed.verdict}, {self.mixed.what}\n  said: {self.said} ({says})"


def measured(one: Mix) -> list[Outcome]:
    """Each site of a mix, checked by the program, with a control in the world."""
    with one.lab() as lab:
        start_control(lab)
        config = lab.config(control=control(lab))
        urls = [mixed.url for mixed in one.mixed]
        _, records = checked(lab, config, "--concurrency", "16", *urls, timeout_s=PATIENCE_S)
        count = lab.counters
    found = {record["url"]: record for record in records}
    lost = count.lost / (count.lost + count.up + count.down)
    return [Outcome(one, mixed, found[mixed.url], lost) for mixed in one.mixed]


def all_measured(seeds: Iterable[int], *, beside: int) -> Iterator[list[Outcome]]:
    """In the order of the seeds, several labs side by side: they mostly wait."""
    with ThreadPoolExecutor(beside) as pool:
        yield from pool.map(lambda seed: measured(mix(seed)), seeds)


@pytest.fixture(scope="module")
def outcomes(lab_rights: None) -> list[Outcome]:  # noqa: ARG001
    return [one for some in all_measured(range(1, MIXES + 1), beside=SIDE_BY_SIDE) for one in some]


def words(outcomes: Iterable[Outcome]) -> str:
    return "\n".join(map(str, outcomes))


def test_no_site_is_accused_that_the_isp_lets_pass(outcomes: list[Outcome]) -> None:
    false = [one for one in outcomes if one.false]
    assert not false, words(false)


def test_hardly_a_verdict_is_not_the_truth(outcomes: list[Outcome]) -> None:
    """99 % is promised of 200 mixes. Of six, two sites may be the unlucky ones."""
    wrong = [one for one in outcomes if not one.right]
    assert len(wrong) <= 2, words(wrong)


def test_the_mixes_hold_all_that_they_promise(outcomes: list[Outcome]) -> None:
    verdicts = Counter(one.mixed.verdict for one in outcomes)
    assert min(verdicts[verdict] for verdict in ("accessible", "blocked", "down")) >= 3
    assert len({name.partition(".")[0] for one in outcomes for name in one.mixed.mechanisms}) == 4
    assert any("behind a redirect" in one.mixed.what for one in outcomes)
    assert [one.lost for one in outcomes] == pytest.approx([one.mix.loss for one in outcomes], abs=0.02)


def table(outcomes: list[Outcome]) -> str:
    """How many were right and wrong, by what is true."""
    lines = [f"{'what is true':14}{'sites':>7}{'right':>7}{'inconcl.':>10}{'otherwise':>11}{'accused':>9}"]
    for verdict in ("accessible", "down", "blocked", "all"):
        of = [one for one in outcomes if verdict in {one.mixed.verdict, "all"}]
        right = sum(one.right for one in of)
        unknown = sum(not one.right and one.record["verdict"] == "inconclusive" for one in of)
        numbers = f"{len(of):7}{right:7}{unknown:10}{len(of) - right - unknown:11}{sum(one.false for one in of):9}"
        lines.append(f"{verdict:14}{numbers}{right / max(1, len(of)):9.2%}")
    return "\n".join(lines)


def main() -> int:
    asked = argparse.ArgumentParser(description="Measures random mixes and counts what was right.")
    asked.add_argument("mixes", nargs="?", type=int, default=200)
    asked.add_argument("--first", type=int, default=1, help="the first seed")
    asked.add_argument("--beside", type=int, default=4, help="labs side by side")
    asked.add_argument("--only", type=int, nargs="*", help="these seeds")
    asked.add_argument("--show", action="store_true", help="the records of what was not right")
    given = asked.parse_args()
    seeds = given.only or range(given.first, given.first + given.mixes)
    outcomes: list[Outcome] = []
    for some in all_measured(seeds, beside=given.beside):
        outcomes += some
        for one in some:
            if not one.right:
                print(one, flush=True)
                if given.show:
                    print(json.dumps(one.record, indent=1, ensure_ascii=False), flush=True)
    lost = sum(one.lost for one in outcomes) / max(1, len(outcomes))
    print(f"\n{len({one.mix.seed for one in outcomes})} mixes, {lost:.1%} of all packets lost\n{table(outcomes)}")
    return int(any(one.false for one in outcomes) or sum(one.right for one in outcomes) < 0.99 * len(outcomes))


if __name__ == "__main__":
    sys.exit(main())
