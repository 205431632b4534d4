r"""One pattern of a fingerprint, and whether a text has it. Never slow, whatever the pattern and whatever the page.

A page is written by the one whom we look for, and a list of fingerprints by anybody; either can make Python's `re`
search for hours. So of regular expressions only those are taken that need no backtracking: pieces of a fixed length,
joined by `.*` or `.+`. A piece is made of characters, `.`, classes such as `[0-9a-f]` and escapes such as `\d`. Each
piece is looked for where the one before it ended, so a search costs the text's length times the pattern's, and its
outcome is that of `re.search`, one line of the text at a time. Every regular expression that we have seen in lists of
block pages is of this kind; what else one wants to say, two rows can say.
"""

import re
import warnings
from dataclasses import dataclass, field
from enum import StrEnum

from results.knowledge.rows import BadRow, shown

MAX_TEXT_CHARACTERS = 65_536  # of a text; block pages are short, and say so early
MAX_REGEXP_CHARACTERS = 1000

# An escape, a class, what joins pieces, a counted repeat, or one character.
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.[*+](?!\+)\??|\{(?:\d+(?:,\d*)?|,\d+)\}|.", re.DOTALL)
_ALLOWED = "allowed are characters, classes and escapes, joined by .* or .+"


class PatternType(StrEnum):
    """How a pattern is compared."""

    FULL = "full"
    PREFIX = "prefix"
    CONTAINS = "contains"
    REGEXP = "regexp"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Equal where type and text are. `of` makes one."""

    type: PatternType
    text: str
    pieces: tuple[re.Pattern[str], ...] = field(default=(), compare=False, repr=False)  # of a regexp

    @classmethod
    def of(cls, kind: PatternType, text: str) -> "Pattern":
        """A pattern that is fit to be looked for.

        Raises:
            BadRow: it is empty, would be found in every text, or is a regular expression of another kind than ours.
        """
        if not text.strip():
            raise BadRow("The pattern is empty.")
        return cls(kind, text, _pieces(text) if kind is PatternType.REGEXP else ())

    @property
    def is_anchored(self) -> bool:
        """Whether it speaks of where a text begins."""
        return self.type in {PatternType.FULL, PatternType.PREFIX}

    def is_in(self, text: str) -> bool:
        """Whether a text has it. But for `full`, only the first `MAX_TEXT_CHARACTERS` are looked at."""
        if self.type is PatternType.FULL:
            return text == self.text
        text = text[:MAX_TEXT_CHARACTERS]
        if self.type is PatternType.PREFIX:
            return text.startswith(self.text)
        if self.type is PatternType.CONTAINS:
            return self.text in text
        return any(self._runs_through(line) for line in text.split("\n"))

    def _runs_through(self, line: str) -> bool:
        end = 0
        for piece in self.pieces:  # of a fixed length, so the first to begin is the first to end
            found = piece.search(line, end)
            if found is None:
                return False
            end = found.end()
        return True


def _pieces(text: str) -> tuple[re.Pattern[str], ...]:
    if len(text) > MAX_REGEXP_CHARACTERS:
        raise BadRow(f"The regular expression has {len(text)} characters; allowed are {MAX_REGEXP_CHARACTERS}.")
    pieces = [""]
    for token in _TOKEN.findall(text):
        if token[:2] in {".*", ".+"}:
            pieces[-1] += "." if token[1] == "+" else ""
            pieces.append("")
        elif token in set("*+?|()^$\n\\") or re.fullmatch(r"\{.+\}|\\[0-9AZzBbNnr\n]", token):
            raise BadRow(f'The regular expression "{shown(text)}" has "{shown(token)}"; {_ALLOWED}.')
        else:
            pieces[-1] += token
    compiled = tuple(_compiled(piece, text) for piece in pieces if piece)
    if not any(piece.pattern.strip(".") for piece in compiled):
        raise BadRow(f'The regular expression "{shown(text)}" is in every text.')
    return compiled


def _compiled(piece: str, text: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what `re` will read otherwise one day is not clear today
        try:
            return re.compile(piece)
        except (re.error, Warning, OverflowError) as exc:
            raise BadRow(f'The regular expression "{shown(text)}" is not readable: {exc}.') from exc
