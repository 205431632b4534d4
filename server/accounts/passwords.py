"""Passwords: which are refused, and how they are kept. Whose they are, and how often one may be tried, is elsewhere.

One check takes 32 MiB and some hundredths of a second on purpose; how many run at once is bounded elsewhere.
"""

import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.pages.tongue import Later, later

LEAST, MOST = 12, 256
_DIFFERENT = 6
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю",
)
# fmt: off
_WORDS = {
    "admin", "administrator", "changeme", "iloveyou", "kazakhstan", "kedergi", "letmein", "password", "passwort",
    "qwerty", "secret", "welcome", "йцукен", "казахстан", "пароль", "қазақстан", "құпиясөз",
}
# fmt: on


class BadPassword(Exception):
    """The message is a sentence that says what is allowed."""

    def __init__(self, says: Later) -> None:
        super().__init__(says)
        self.says = says


class Passwords:
    """Checks and makes what is kept of passwords. Blocks; call it on a thread."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
        self._nobodys = self._hasher.hash(secrets.token_hex())

    def hashed(self, password: str) -> str:
        return self._hasher.hash(_normal(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Where nothing is kept, the same work is done, so that the time does not tell who has an account."""
        try:
            return self._hasher.verify(kept or self._nobodys, _normal(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)


def allowed(password: str, *, name: str) -> None:
    """Raises BadPassword."""
    plain = _normal(password).casefold()
    if len(plain) < LEAST:
        raise BadPassword(
            later("A password has at least {least} characters; several words are easy to remember.", least=LEAST)
        )
    if len(password) > MOST:
        raise BadPassword(later("A password has at most {most} characters.", most=MOST))
    letters = re.sub(r"[\W\d_]+", "", plain)
    guessed = len(set(plain)) < _DIFFERENT or letters in _WORDS | {name, name * 2} or (name and plain == name)
    if guessed or any(plain in row * 2 or plain in row[::-1] * 2 for row in _ROWS):
        raise BadPassword(
            later("This password is among the first that are guessed; several unrelated words are better.")
        )


def _normal(password: str) -> str:
    """The same letters are the same password, however a keyboard puts them together."""
    return unicodedata.normalize("NFKC", password)
