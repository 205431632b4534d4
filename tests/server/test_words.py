"""Every word that a measurement may hold has words for people on the pages."""

from enum import StrEnum

import pytest

from results.judgement import MECHANISMS
from results.records import Aim, Source, Via
from server.pages import words


@pytest.mark.parametrize(
    ("vocabulary", "explained"), [(Aim, words.AIMS), (Via, words.VIAS), (Source, words.SOURCES)], ids=str
)
def test_every_word_is_explained(vocabulary: type[StrEnum], explained: dict[str, str]) -> None:
    assert [word for word in vocabulary if word not in explained] == []


@pytest.mark.parametrize("why", ["asleep", "stopped", "budget"])
def test_every_reason_for_a_gap_is_explained(why: str) -> None:
    assert words.GAPS[why]


def test_every_mechanism_is_explained() -> None:
    assert [name for name in MECHANISMS if name not in words.MECHANISMS] == []
