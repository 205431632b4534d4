"""Consent: nothing is sent before someone has read the risks, and nobody is named in what is kept of it."""

import io
import json
import re
import sys
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe import consent, tongue
from probe.config import Settings
from probe.consent import ConsentMissing, Item, ask, changes, give, given, going_to, items, missing, require, sheet
from targets.target import Target

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ENGLISH = sheet("en")
QUESTIONS = ENGLISH.questions
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
    assert sheet[0] == ENGLISH.text


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
    assert promise in ENGLISH.text


@pytest.mark.parametrize("language", tongue.LANGUAGES)
def test_the_text_fits_a_terminal(language: str) -> None:
    assert max(map(len, sheet(language).text.splitlines())) <= 100


def test_the_text_claims_no_safety() -> None:
    assert "Nobody can tell you that it is safe" in ENGLISH.text
    assert ENGLISH.text.count("safe") == 1


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
        "to": [item.digest for item in consent.ANYTHING],
    }


def test_a_new_text_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(tmp_path, NOW)
    monkeypatch.setattr(consent, "ANYTHING", (Item("text", str(consent.TEXT_VERSION + 1)),))
    assert not given(tmp_path)
    assert consent.given_at(tmp_path) is None


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"null", b'{"text_version": 2}', b'{"to": "all"}', b"\xff\xfe"])
def test_a_broken_file_is_no_consent(tmp_path: Path, broken: bytes) -> None:
    give(tmp_path, NOW)
    (file,) = tmp_path.iterdir()
    file.write_bytes(broken)
    assert not given(tmp_path)


# What was agreed to

KZ = items(["kz"], [1], ["https://dns.quad9.net/dns-query"])
GROWN = {
    "another list": items(["kz", "mine.csv"], [1], ["https://dns.quad9.net/dns-query"]),
    "sensitive sites": items(["kz"], [1, 2], ["https://dns.quad9.net/dns-query"]),
    "someone who hears of it": items(["kz"], [1], ["https://dns.quad9.net/dns-query", "https://control.example.org/"]),
}


@pytest.mark.parametrize("grown", GROWN)
def test_what_is_new_in_kind_is_asked_about_and_nothing_else(tmp_path: Path, grown: str) -> None:
    give(tmp_path, NOW, KZ)
    assert missing(tmp_path, KZ) == []
    (new,) = missing(tmp_path, GROWN[grown])
    read, sheet_ = person(*RIGHT)
    require(tmp_path, accept_risks=False, now=NOW, to=GROWN[grown], read=read, write=sheet_.append)
    assert ENGLISH.changed in sheet_[1]
    assert ENGLISH.news([new])[0] in sheet_[1]
    assert missing(tmp_path, GROWN[grown]) == []


def test_less_than_was_agreed_to_is_not_asked_about(tmp_path: Path) -> None:
    give(tmp_path, NOW, GROWN["sensitive sites"])
    assert missing(tmp_path, KZ) == []


def test_another_address_of_who_hears_and_more_sites_of_the_same_tier_change_nothing(tmp_path: Path) -> None:
    give(tmp_path, NOW, KZ)
    assert missing(tmp_path, items(["kz"], [1, 1, 1], ["https://dns.quad9.net/other"])) == []


def test_who_has_never_agreed_is_not_told_of_changes(tmp_path: Path) -> None:
    assert changes(tmp_path, KZ) == []


def test_what_was_agreed_to_under_the_first_text_is_asked_about_anew(tmp_path: Path) -> None:
    """As the program kept it before the text spoke of tiers."""
    (tmp_path / consent.FILE).write_text('{"text_version": 1, "given_at": "2026-11-20T09:00:00.000Z"}\n', "utf-8")
    assert missing(tmp_path, KZ) == list(KZ)
    assert ENGLISH.new["text"] in ENGLISH.news(changes(tmp_path, KZ))


def test_a_lists_name_stands_in_nothing_that_is_kept(tmp_path: Path) -> None:
    """It may be the path of a file in somebody's home folder."""
    give(tmp_path, NOW, items(["/home/aigerim/newspapers.csv"], [1], []))
    (file,) = tmp_path.iterdir()
    assert "aigerim" not in file.read_text("utf-8")


def test_what_the_settings_would_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = Settings.model_validate({"control": {"url": "https://control.example.org/"}})
    targets = [Target(url="https://a.kz/", tier=2), Target(url="https://b.kz/")]
    assert {(item.kind, item.name) for item in going_to(settings, targets)} == {
        ("text", str(consent.TEXT_VERSION)),
        ("list", "kz"),
        ("tier", "2"),
        ("hears", "dns.quad9.net"),
        ("hears", "control.example.org"),
    }


# In other languages


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_another_language_says_as_much_and_asks_the_same(language: str) -> None:
    other = sheet(language)
    assert (len(other.points), len(other.closing)) == (len(ENGLISH.points), len(ENGLISH.closing))
    assert [question.true for question in other.questions] == [question.true for question in QUESTIONS]
    assert (set(other.new), set(other.page)) == (set(ENGLISH.new), set(ENGLISH.page))
    assert sum("purge" in part and "Ctrl+C" in part for part in other.closing) == 1
    assert all(re.search("[а-яәғқңөұүһі]", part) for part in (*other.points, *other.closing, *other.page.values()))
    for ours, theirs in ((ENGLISH.new, other.new), ({"": ENGLISH.count}, {"": other.count})):
        assert {name: holes(text) for name, text in ours.items()} == {
            name: holes(text) for name, text in theirs.items()
        }


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize(("language", "answers"), [("ru", ("неверно", "Верно.")), ("kk", ("бұрыс", "ДҰРЫС"))])
def test_it_is_asked_and_answered_in_the_language_that_is_spoken(language: str, answers: tuple[str, str]) -> None:
    def both() -> tuple[bool, list[str]]:
        tongue.speak(language)
        return asked(*answers)

    agreed, said = copy_context().run(both)
    assert agreed
    assert said[0] == sheet(language).text
    assert sheet(language).prompt in said


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
    assert ENGLISH.text in shown.err
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
