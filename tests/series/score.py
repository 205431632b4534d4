"""Scores detectors of episodes on series with a known truth, as a program of its own.

    python -m tests.series.score                                  # all detectors, all habits of the noise, minutes
    python -m tests.series.score --detector episodes --habit chains --scale 0.1
    python -m tests.series.score --habit lone --show blocking-17  # one case: what was true, and what was found

A column for each habit; the number after `/` is how many the figure stands on, and `!` marks what is out of its bound.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from results.episodes import Episode, Row, episodes
from tests.series.baselines import BASELINES
from tests.series.chance import HABITS
from tests.series.figures import Figure, Scored, figures, score
from tests.series.generator import GROUPS, Case, case, cases

Detector = Callable[[list[Row]], list[Episode]]
DETECTORS: dict[str, Detector] = {"episodes": episodes, **BASELINES}


def measured(detectors: dict[str, Detector], made: Iterable[Case]) -> dict[str, list[Figure]]:
    """The figures of each detector over the same cases, with its speed as the last."""
    scored: dict[str, list[Scored]] = {name: [] for name in detectors}
    took_s = dict.fromkeys(detectors, 0.0)
    for one in made:
        for name, detector in detectors.items():
            before = time.perf_counter()
            found = detector(one.rows)
            took_s[name] += time.perf_counter() - before
            scored[name].append(score(one, found))
    return {name: [*figures(all_of), _speed(all_of, took_s[name])] for name, all_of in scored.items()}


def _speed(scored: list[Scored], took_s: float) -> Figure:
    rows = sum(one.rows for one in scored)
    return Figure(name="thousand rows a second", value=rows / took_s / 1_000 if took_s else None, of=rows)


# Printing


def table(detector: str, by_habit: dict[str, list[Figure]]) -> str:
    """One line a figure: its name, its bound, and what it is under each habit."""
    lines = [[detector, "bound", *by_habit]]
    lines += [[row[0].name, _bound(row[0]), *map(_cell, row)] for row in zip(*by_habit.values(), strict=True)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{line[0]:<{widths[0]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def _bound(figure: Figure) -> str:
    if figure.bound is None:
        return ""
    return f"{'<=' if figure.at_most else '>='} {figure.bound:g}"


def _cell(figure: Figure) -> str:
    value = "-" if figure.value is None else f"{figure.value:.3f}"
    return f"{value} / {figure.of} {' ' if figure.good else '!'}"


def shown(one: Case, detectors: dict[str, Detector]) -> Iterator[str]:
    """One case as a person reads it."""
    yield f"{one.name}: {len(one.rows)} rows, every {one.interval_s / 60:g} min, {one.months:.2f} months"
    yield f"  noise {one.noise:.3f} {one.nuisance}".rstrip()
    for truth in one.truths:
        fold = f", {truth.factor:g}-fold" if truth.factor else ""
        yield f"  true: {truth.kind} {_stamp(truth.start)} .. {_stamp(truth.end)}, share {truth.share:g}{fold}"
    for name, detector in detectors.items():
        for found in detector(one.rows):
            yield f"  {name}: {found.kind} {' '.join(found.mechanisms)}".rstrip()
            began = f"({_time(found.last_good_at)}, {_time(found.first_bad_at)}]"
            ended = f"({_time(found.last_bad_at)}, {_time(found.first_good_at)}]"
            yield f"    began {began}, opened {_time(found.opened_at)}"
            yield f"    ended {ended}, closed {_time(found.closed_at)}"
            yield f"    {found.bad} of {found.measurements} bad"


def _stamp(seconds: float) -> str:
    return _time(datetime.fromtimestamp(seconds, UTC))


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


def _name(text: str) -> str:
    group, _, number = text.partition("-")
    if group not in GROUPS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"no case is called {text}; they are {', '.join(GROUPS)}, each with a number")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    option = parser.add_argument
    option("--seed", type=int, default=1)
    option("--habit", choices=[*HABITS, "all"], default="all", help="of the failures that nobody makes")
    option("--detector", choices=[*DETECTORS], action="append", help="again for more; all if none is named")
    option("--scale", type=float, default=1.0, help="0.1: a tenth of the cases")
    option("--show", metavar="CASE", type=_name, help="print this case only, such as blocking-17")
    args = parser.parse_args()
    detectors = {name: DETECTORS[name] for name in args.detector or DETECTORS}
    habits = HABITS if args.habit == "all" else (args.habit,)
    if args.show:
        for habit in habits:
            print("\n".join([f"{habit}:", *shown(case(args.seed, habit, args.show), detectors)]))
        return
    by_habit = {habit: measured(detectors, cases(args.seed, habit, args.scale)) for habit in habits}
    for name in detectors:
        print(table(name, {habit: found[name] for habit, found in by_habit.items()}), end="\n\n")


if __name__ == "__main__":
    main()
