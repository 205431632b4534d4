"""Where a list goes on, as one opaque word of an address. Pure; what a place is stands in results/paging.py."""

import base64
import binascii
import json
from datetime import datetime

from results.paging import Mark
from server.pages.many.choice import moment_of, whole

LONGEST = 4000


class BadCursor(ValueError):
    """A word that leads nowhere."""


def word_of(of: str, mark: Mark) -> str:
    """`of`: the list's name, so that no list goes on where another one stood."""
    said = json.dumps([of, mark.at.isoformat(), *mark.names], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def mark_of(of: str, word: str, names: int) -> Mark | None:
    """Back again; None: from the beginning. Raises BadCursor."""
    if not word:
        return None
    try:
        raw = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as exc:
        raise BadCursor(word) from exc
    if not isinstance(found, list) or len(found) != names + 2 or not all(isinstance(one, str) for one in found):
        raise BadCursor(word)
    at = _moment(found[1])
    if found[0] != of or at is None or not all(map(_is_text, found)):
        raise BadCursor(word)
    return Mark(at, tuple(map(whole, found[2:])))


def _moment(said: str) -> datetime | None:
    try:
        return moment_of(said)
    except OverflowError:
        return None


def _is_text(said: str) -> bool:
    """Half of a surrogate pair is no letter, and no store takes it."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True
