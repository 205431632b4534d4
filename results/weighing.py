"""Several vantages of one network speak with one voice: by weight, not by who measured last. Pure: no clock, no store.

Each vantage's newest word counts once, for a while. Where most of the weight agrees, that is what the network says;
where it is split evenly, each speaks for itself, with its share.
"""

from typing import Any, NamedTuple

from results.episodes import Row

_SPEAKS_FOR_S = 2 * 3600.0
# A machine in a data centre often has another way out than the homes of the same network.
_CLASSES = {"home": 1.0, "mobile": 1.0, "office": 0.8, "unknown": 0.8, "hosting": 0.5}
_SPEAKING = frozenset(("blocked", "throttled", "accessible"))


class Word(NamedTuple):
    """What a vantage said last."""

    at: float
    row: Row
    weight: float


class Weighing:
    """The vantages of one series. Rows go in, in order of time; each comes out as the network's."""

    def __init__(self) -> None:
        self._words: dict[str, Word] = {}

    def weighed(self, vantage: str, vantage_class: str, row: Row) -> Row:
        """The row as the whole network's: its verdict by most of the weight."""
        if row.verdict not in _SPEAKING:
            return row
        self._words = {name: word for name, word in self._words.items() if row.at - word.at < _SPEAKS_FOR_S}
        self._words[vantage] = Word(row.at, row, _CLASSES.get(vantage_class, _CLASSES["unknown"]))
        if len(self._words) == 1:
            return row
        weights: dict[str, float] = {}
        for word in self._words.values():
            weights[word.row.verdict] = weights.get(word.row.verdict, 0.0) + word.weight
        verdict = max(weights, key=lambda name: weights[name])
        if 2 * weights[verdict] <= sum(weights.values()):
            return row._replace(weight=1 / len(self._words))
        said = row if row.verdict == verdict else self._newest(verdict)
        return said._replace(at=row.at)

    def _newest(self, verdict: str) -> Row:
        return max((word for word in self._words.values() if word.row.verdict == verdict), key=lambda word: word.at).row

    def state(self) -> dict[str, Any]:
        """All that goes on from here, as plain lists: what `from_state` takes."""
        return {name: [word.at, list(word.row), word.weight] for name, word in self._words.items()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Weighing":
        made = cls()
        for name, (at, fields, weight) in state.items():
            row = Row(*fields)
            made._words[name] = Word(at, row._replace(mechanisms=tuple(row.mechanisms)), weight)
        return made
