"""What sentences are made of: pieces, templates with names, plurals. No sentence is here.

A sentence is a row of pieces, so that a page can link and stress a part of it and a message can have it plain.
"""

from dataclasses import dataclass
from datetime import datetime
from string import Formatter


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, with what a page may do with them."""

    text: str
    css: str = ""
    href: str = ""
    at: datetime | None = None


Sentence = tuple[Piece, ...]


def plain(sentence: Sentence) -> str:
    return "".join(piece.text for piece in sentence)


def fill(template: str, **parts: "str | int | Piece | Sentence") -> Sentence:
    """`template` with its {names} replaced. A translator moves the names; nothing is joined by hand."""
    pieces: list[Piece] = []
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            pieces.append(Piece(literal))
        if name:
            part = parts[name]
            pieces += part if isinstance(part, tuple) else [part if isinstance(part, Piece) else Piece(str(part))]
    return tuple(pieces)


def plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
