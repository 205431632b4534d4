"""Consent before the first packet: the risks in plain words, then two questions that show whether they were read.

What is kept of it is which text was agreed to and when, never who. Nothing is measured here.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from results.records import iso
from targets.write import write_whole

TEXT_VERSION = 1  # to be raised with every change of meaning: everyone is asked again then
FILE = "consent.json"  # in the data folder
_TRIES = 3  # a question

TEXT = """\
Please read this before anything is sent.

Kedergi opens the websites of its lists from your connection, again and again, and notes whether they come, how fast,
and what stands in the way. What you should know:

- It can be seen. Your provider, and through it the state, can see which sites are opened from your line and when, and
  can recognise that a measuring program opens them. Kedergi hides nothing.
- It opens sites that are blocked or unwelcome where you are. You choose the list; nobody else chooses for you.
- It may be risky. Nobody can tell you that it is safe, or that the law allows it where you live: laws change, and so
  does their use. If you are unsure, ask a lawyer, or do not run it.
- Use only a connection that is yours to use like this: not your employer's and not your school's.

What is kept: the sites, the answers, the times, and what the configuration says of your network and country.
What Kedergi never writes down or sends: your own address on the internet, your name, the names of your computer and
your Wi-Fi, or anything that you do with them. But a page that came without encryption is kept as proof, and such a
page may itself mention your address.
Who hears of it: everything stays on this machine until you set up a server. While measuring, the encrypted resolver
and the control of your configuration learn which sites you look at, and from which address, as any website does.

To stop, press Ctrl+C or end the program, at any time. To delete everything here: kedergi vantage purge
To refuse now, press Ctrl+C: nothing has been sent.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement that is true or false, and what to say to those who got it wrong."""

    statement: str
    true: bool
    correction: str


QUESTIONS = (
    Question(
        "My internet provider cannot notice that I run Kedergi.",
        true=False,
        correction="That is false: whoever watches your line can see it. Kedergi hides nothing.",
    ),
    Question(
        "Running Kedergi may be risky for me, and nobody can promise me that it is not.",
        true=True,
        correction="That is true: it opens blocked sites from your line, and nobody can promise you that it is safe.",
    ),
)
_PROMPT = "True or false? "
_UNREADABLE = "Please answer with the word true or the word false."
_REFUSED = "Without your consent nothing is measured. Run this again when you have decided."
_NEEDED = "Nothing is measured without consent: answer both questions in a terminal, or run it with --accept-risks."
_ANSWERS = {"true": True, "t": True, "false": False, "f": False}


class ConsentMissing(Exception):
    """Nobody has agreed to the risks here. The message is one sentence for a person."""


def require(
    folder: Path,
    accept_risks: bool,
    now: datetime,
    *,
    read: Callable[[str], str] | None = None,
    write: Callable[[str], None] | None = None,
) -> None:
    """Returns where consent was given, now or before. Raises ConsentMissing.

    Asks on the terminal unless `read` and `write` are given; only stderr is written to, since stdout is for results.
    """
    if given(folder):
        return
    try:
        if not accept_risks and not ask(read or _read_line, write or _write_line):
            raise ConsentMissing(_NEEDED)
    except EOFError as exc:
        (write or _write_line)("")  # the question stands without an end of line
        raise ConsentMissing(_NEEDED) from exc
    try:
        give(folder, now)
    except OSError as exc:
        raise ConsentMissing(f"Can't keep the consent in {folder}: {exc.strerror or exc}.") from exc


def given(folder: Path) -> bool:
    """Whether the text as it stands today was agreed to."""
    try:
        kept = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(kept, dict) and kept.get("text_version") == TEXT_VERSION


def given_at(folder: Path) -> str | None:
    """When the text as it stands today was agreed to, ISO 8601 in UTC; None where it was not."""
    if not given(folder):
        return None
    kept: dict[str, object] = json.loads((folder / FILE).read_text("utf-8"))
    return str(kept.get("given_at"))


def give(folder: Path, now: datetime) -> None:
    """Keeps that the text was agreed to, and when. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FILE, json.dumps({"text_version": TEXT_VERSION, "given_at": iso(now)}) + "\n")


def ask(read: Callable[[str], str], write: Callable[[str], None]) -> bool:
    """Whether someone has read the text and agrees. `read` shows a prompt and raises EOFError where no answer comes."""
    write(TEXT)
    for number, question in enumerate(QUESTIONS, start=1):
        write(f"{number} of {len(QUESTIONS)}: {question.statement}")
        if not _understood(question, read, write):
            write(_REFUSED)
            return False
    return True


def _understood(question: Question, read: Callable[[str], str], write: Callable[[str], None]) -> bool:
    for _ in range(_TRIES):
        answer = _ANSWERS.get(read(_PROMPT).strip().strip(".'\"").lower())
        if answer is question.true:
            return True
        write(_UNREADABLE if answer is None else question.correction)
    return False


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
