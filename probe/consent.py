"""Consent before the first packet: the risks in plain words, then two questions that show whether they were read.

What is kept of it is which text was agreed to, what was going to be measured as digests, and when; never who. The words
are in probe/i18n, the same in a browser is in server/consent_page.py. Nothing is measured here.
"""

import hashlib
import json
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probe import config, tongue
from probe.tongue import N_, say
from probe.vantage import enrolment
from probe.vantage.private import whole
from results.records import iso
from targets.target import Target

TEXT_VERSION = 2  # to be raised with every change of meaning: everyone is asked again then
FILE = "consent.json"  # in the data folder
_TRIES = 3  # a question
_COLUMNS = 100
_NEEDED = N_("Nothing is measured without consent: answer both questions in a terminal, or run it with --accept-risks.")
_CANT_KEEP = N_("Can't keep the consent in {folder}: {why}.")


@dataclass(frozen=True, slots=True)
class Question:
    """A statement that is true or false, and what to say to those who got it wrong."""

    statement: str
    true: bool
    correction: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is said about consent in one language."""

    heading: str
    opening: str
    points: tuple[str, ...]
    closing: tuple[str, ...]
    refusing: str
    prompt: str
    answers: Mapping[str, bool]
    unreadable: str
    refused: str
    count: str
    changed: str
    new: Mapping[str, str]
    page: Mapping[str, str]
    questions: tuple[Question, ...]

    @property
    def text(self) -> str:
        """For a terminal."""
        points = [textwrap.fill(f"- {point}", _COLUMNS, subsequent_indent="  ") for point in self.points]
        closing = [_filled(part) for part in self.closing]
        return "\n\n".join([self.heading, _filled(self.opening), "\n".join(points), *closing, self.refusing]) + "\n"

    def news(self, new: Iterable["Item"]) -> list[str]:
        """What has come since somebody agreed, in sentences."""
        return [self.new[item.kind].format(name=item.name) for item in new]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that consent is given to: the text, a list, a tier of sites, or who learns which are looked at."""

    kind: str
    name: str

    @property
    def digest(self) -> str:
        """What is kept: a list's name may tell of the person who wrote it."""
        return hashlib.sha256(f"{self.kind}:{self.name}".encode()).hexdigest()[:16]


class ConsentMissing(Exception):
    """Nobody has agreed to the risks here. The message is one sentence for a person."""


@cache
def sheet(language: str) -> Sheet:
    """What is said in a language, one of tongue.LANGUAGES."""
    words: dict[str, Any] = tomllib.loads((tongue.FOLDER / f"consent.{language}.toml").read_text("utf-8"))
    answers = {"true": True, "t": True, "false": False, "f": False}
    answers |= dict.fromkeys(words.pop("true"), True) | dict.fromkeys(words.pop("false"), False)
    questions = tuple(Question(**{**each, "correction": each["correction"].strip()}) for each in words.pop("questions"))
    words |= {name: tuple(words[name]) for name in ("points", "closing")}
    return Sheet(**words, answers=answers, questions=questions)


def items(lists: Iterable[str], tiers: Iterable[int], hearing: Iterable[str]) -> tuple[Item, ...]:
    """What is going to be measured, in kind: an update of a list changes nothing here, a sensitive site in it does.

    `hearing`: addresses of those who are asked about sites: encrypted resolvers, controls.
    """
    hosts = sorted({urlsplit(url).hostname or url for url in hearing})
    return (
        Item("text", str(TEXT_VERSION)),
        *(Item("list", name) for name in dict.fromkeys(lists)),
        *(Item("tier", str(tier)) for tier in sorted(set(tiers) - {1})),  # the first is what the text is about
        *(Item("hears", host) for host in hosts),
    )


def going_to(settings: config.Settings, targets: Iterable[Target]) -> tuple[Item, ...]:
    """What these settings would measure. What a server names was agreed to by joining it. Raises BadEnrolment."""
    joined = enrolment.load(config.data_folder())
    controls = () if joined and settings.control.url == joined.controls else settings.control.url
    lists = [name for name in settings.probe.lists if joined is None or name != config.SERVER_LIST]
    return items(lists, {target.tier for target in targets}, (*settings.dns.trusted, *controls))


ANYTHING = items((), (), ())


def require(
    folder: Path,
    accept_risks: bool,
    now: datetime,
    to: tuple[Item, ...] = ANYTHING,
    *,
    read: Callable[[str], str] | None = None,
    write: Callable[[str], None] | None = None,
) -> None:
    """Returns where consent was given, now or before, to all of it. Raises ConsentMissing.

    Asks on the terminal unless `read` and `write` are given; only stderr is written to, since stdout is for results.
    """
    if not missing(folder, to):
        return
    try:
        if not accept_risks and not ask(read or _read_line, write or _write_line, changes(folder, to)):
            raise ConsentMissing(say(_NEEDED))
    except EOFError as exc:
        (write or _write_line)("")  # the question stands without an end of line
        raise ConsentMissing(say(_NEEDED)) from exc
    try:
        give(folder, now, to)
    except OSError as exc:
        raise ConsentMissing(cant_keep(folder, exc)) from exc


def cant_keep(folder: Path, why: OSError) -> str:
    """For a person, in a sentence."""
    return say(_CANT_KEEP, folder=folder, why=why.strerror or why)


def given(folder: Path) -> bool:
    """Whether the text as it stands today was agreed to."""
    return not missing(folder, ANYTHING)


def missing(folder: Path, to: Iterable[Item]) -> list[Item]:
    """What was not agreed to yet."""
    agreed = _kept(folder).get("to")
    known = {str(digest) for digest in agreed} if isinstance(agreed, list) else set()
    return [item for item in to if item.digest not in known]


def changes(folder: Path, to: Iterable[Item]) -> list[Item]:
    """What has come since somebody agreed; nothing where nobody has yet."""
    return missing(folder, to) if _kept(folder) else []


def given_at(folder: Path) -> str | None:
    """When the text as it stands today was agreed to, ISO 8601 in UTC; None where it was not."""
    return str(_kept(folder).get("given_at")) if given(folder) else None


def give(folder: Path, now: datetime, to: Iterable[Item] = ANYTHING) -> None:
    """Keeps what was agreed to, and when. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {"text_version": TEXT_VERSION, "given_at": iso(now), "to": [item.digest for item in to]}
    with whole(folder / FILE) as file:
        file.write(json.dumps(kept).encode() + b"\n")


def ask(read: Callable[[str], str], write: Callable[[str], None], new: Iterable[Item] = ()) -> bool:
    """Whether someone has read the text and agrees. `read` shows a prompt and raises EOFError where no answer comes."""
    said = sheet(tongue.spoken())
    write(said.text)
    if news := said.news(new):
        write("\n".join([said.changed, *(f"- {line}" for line in news), ""]))
    for number, question in enumerate(said.questions, start=1):
        write(said.count.format(number=number, total=len(said.questions), statement=question.statement))
        if not _understood(said, question, read, write):
            write(said.refused)
            return False
    return True


def _understood(said: Sheet, question: Question, read: Callable[[str], str], write: Callable[[str], None]) -> bool:
    for _ in range(_TRIES):
        answer = said.answers.get(read(said.prompt).strip().strip(".'\"«»").lower())
        if answer is question.true:
            return True
        write(said.unreadable if answer is None else question.correction)
    return False


def _kept(folder: Path) -> dict[str, object]:
    try:
        kept = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _filled(text: str) -> str:
    return textwrap.fill(text, _COLUMNS)


def _write_line(text: str) -> None:
    sys.stderr.write(text + "\n")


def _read_line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    try:
        line = sys.stdin.readline() if sys.stdin else ""  # None where the program was started without one
    except UnicodeDecodeError:
        return ""  # typed on a code page that isn't the terminal's: no answer, and asked again
    if not line:
        raise EOFError
    return line
