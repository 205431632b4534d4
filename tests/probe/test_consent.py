"""Consent: nothing is sent before someone has read the risks, and nobody is named in what is kept of it."""

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe import consent
from probe.consent import QUESTIONS, ConsentMissing, ask, give, given, require

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RIGHT = ["true" if question.true else "false" for question in QUESTIONS]


def person(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Someone who gives these answers and then goes away, and the sheet on which all is written that they see."""
    waiting = list(answers)
    sheet: list[str] = []

    def read(prompt: str) -> str:
        sheet.append(prompt)
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    return read, sheet


def asked(*answers: str) -> tuple[bool, list[str]]:
    read, sheet = person(*answers)
    return ask(read, sheet.append), sheet


# The questions


def test_who_answers_both_questions_rightly_has_consented() -> None:
    agreed, sheet = asked(*RIGHT)
    assert agreed
    assert sheet[0] == consent.TEXT


@pytest.mark.parametrize("spelled", [str.upper, str.capitalize, lambda word: f"  {word}\n", lambda word: word[0]])
def test_the_words_may_be_spelled_as_people_do(spelled: Callable[[str], str]) -> None:
    assert asked(*map(spelled, RIGHT))[0]


def test_agreeing_to_everything_is_not_enough() -> None:
    """One statement is true and one is false, so that who presses the same key twice has not read."""
    assert sorted(RIGHT) == ["false", "true"]


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_wrong_answer_is_corrected_and_asked_again(number: int) -> None:
    wrong = "false" if QUESTIONS[number].true else "true"
    agreed, sheet = asked(*RIGHT[:number], wrong, *RIGHT[number:])
    assert agreed
    assert sheet.count(QUESTIONS[number].correction) == 1


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_the_third_wrong_answer_ends_it(number: int) -> None:
    wrong = "false" if QUESTIONS[number].true else "true"
    agreed, sheet = asked(*RIGHT[:number], wrong, wrong, wrong, *RIGHT[number:])
    assert not agreed
    assert "nothing is measured" in sheet[-1]


def test_what_is_neither_true_nor_false_counts_as_an_answer_too() -> None:
    agreed, sheet = asked("yes", "", "дұрыс")
    assert not agreed
    assert sum("the word true" in text for text in sheet) == 3


@pytest.mark.parametrize(
    "promise",
    ["provider", "the state", "risky", "employer", "your own address", "your name", "purge", "Ctrl+C", "control"],
)
def test_the_text_says_what_a_volunteer_must_know(promise: str) -> None:
    assert promise in consent.TEXT


def test_the_text_fits_a_terminal_and_claims_no_safety() -> None:
    assert max(map(len, consent.TEXT.splitlines())) <= 120
    assert "Nobody can tell you that it is safe" in consent.TEXT
    assert consent.TEXT.count("safe") == 1


# What is kept


def test_nothing_is_given_at_first(tmp_path: Path) -> None:
    assert not given(tmp_path)


def test_what_is_kept_is_the_text_and_the_time_and_nobody(tmp_path: Path) -> None:
    give(tmp_path / "new" / "folder", NOW)
    assert given(tmp_path / "new" / "folder")
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert json.loads(file.read_text("utf-8")) == {
        "text_version": consent.TEXT_VERSION,
        "given_at": "2026-11-22T09:00:00.000Z",
    }


def test_a_new_text_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(tmp_path, NOW)
    monkeypatch.setattr(consent, "TEXT_VERSION", consent.TEXT_VERSION + 1)
    assert not given(tmp_path)


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"null", b'{"text_version": "1"}', b"\xff\xfe"])
def test_a_broken_file_is_no_consent(tmp_path: Path, broken: bytes) -> None:
    give(tmp_path, NOW)
    (file,) = tmp_path.iterdir()
    file.write_bytes(broken)
    assert not given(tmp_path)


# Before the first packet


def test_who_was_asked_once_is_not_asked_again(tmp_path: Path) -> None:
    read, sheet = person(*RIGHT)
    require(tmp_path, accept_risks=False, now=NOW, read=read, write=sheet.append)
    nobody, blank = person()
    require(tmp_path, accept_risks=False, now=NOW, read=nobody, write=blank.append)
    assert blank == []


def test_a_script_can_accept_the_risks(tmp_path: Path) -> None:
    nobody, blank = person()
    require(tmp_path, accept_risks=True, now=NOW, read=nobody, write=blank.append)
    assert given(tmp_path)
    assert blank == []


@pytest.mark.parametrize("answers", [(), RIGHT[:1], ("?", "?", "?")], ids=["no terminal", "went away", "refused"])
def test_without_consent_one_sentence_says_what_to_do(tmp_path: Path, answers: tuple[str, ...]) -> None:
    read, sheet = person(*answers)
    with pytest.raises(ConsentMissing, match=r"^[^.]*--accept-risks\.$"):
        require(tmp_path, accept_risks=False, now=NOW, read=read, write=sheet.append)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be", "utf-8")
    with pytest.raises(ConsentMissing, match=r"^Can't keep the consent in .*taken: .*\.$"):
        require(tmp_path / "taken", accept_risks=True, now=NOW)


# At a terminal


def test_the_terminal_is_asked_on_stderr_since_stdout_is_for_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(RIGHT) + "\n"))
    require(tmp_path, accept_risks=False, now=NOW)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert consent.TEXT in shown.err
    assert given(tmp_path)


def test_the_end_of_the_input_is_no_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(RIGHT[0] + "\n"))
    with pytest.raises(ConsentMissing):
        require(tmp_path, accept_risks=False, now=NOW)


def test_a_program_started_without_input_has_no_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a desktop icon, or with the input closed."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConsentMissing):
        require(tmp_path, accept_risks=False, now=NOW)


def test_letters_of_another_code_page_are_no_answer_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = b"\xe4\xff\n" + "\n".join(RIGHT).encode() + b"\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), "utf-8"))
    with pytest.raises(ConsentMissing):
        require(tmp_path, accept_risks=False, now=NOW)
