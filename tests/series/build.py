"""What the tests of the series share: cases by group, and where the clock of the hand-made ones begins."""

from functools import cache
from statistics import mean

from results.episodes import Kind, Row
from tests.series.generator import SPEAKING, Case, Medians, case

BLOCKING, THROTTLING = Kind.BLOCKING, Kind.THROTTLING
START = 1_750_003_200.0  # a full hour
USUAL = Medians(handshake_ms=346, kbps=5_000, reference_handshake_ms=90, reference_kbps=20_000)


@cache
def some(group: str, count: int, habit: str = "chains") -> list[Case]:
    return [case(1, habit, f"{group}-{number}") for number in range(count)]


def blocked_share(seen: list[Row]) -> float:
    speaking = [row for row in seen if row.verdict in SPEAKING]
    return mean(row.verdict == "blocked" for row in speaking)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * len(values))]
