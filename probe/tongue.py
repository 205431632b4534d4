"""In which language a person is spoken to, and what is said to volunteers in it. English is what stands in the code.

Verdicts, reasons and whatever programs read stay English. The text of consent is in probe/consent.py, the words of
alerts in server/i18n.
"""

import gettext
import locale
import os
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "i18n"
DOMAIN = "kedergi"
LANGUAGES = ("en", "ru", "kk")
_NAMES = {"ru": "ru", "kk": "kk", "russian": "ru", "kazakh": "kk"}  # the long ones are Windows'
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set holds, as everywhere

_spoken: ContextVar[str] = ContextVar("spoken", default=LANGUAGES[0])


def speak(language: str) -> None:
    """From now on, in this context and those that come out of it."""
    _spoken.set(language)


def spoken() -> str:
    return _spoken.get()


def of_system(environment: Mapping[str, str] | None = None) -> str:
    """The language that this machine is set to; English where that is none of ours."""
    environment = os.environ if environment is None else environment
    named = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    if not named:
        named = locale.getlocale()[0] or ""
    word = named.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return _NAMES.get(word, LANGUAGES[0])


def say(words: str, /, **parts: object) -> str:
    """The words in the language that is spoken."""
    return _catalog(spoken()).gettext(words).format(**parts)


def N_(words: str) -> str:  # noqa: N802 - gettext's habit
    """Words to be said later."""
    return words


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    own = language != LANGUAGES[0]
    return gettext.translation(DOMAIN, FOLDER, [language]) if own else gettext.NullTranslations()
