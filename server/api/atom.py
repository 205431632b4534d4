"""Atom 1.0 (RFC 4287) as XML. Pure: what a feed says in, bytes out; what is news is decided in feeds.py."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from results.records import iso

_SPACE = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
_NO_LETTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 knows none of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: str
    title: str
    updated: datetime
    link: str
    text: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    id: str
    title: str
    updated: datetime
    language: str
    here: str  # its own address
    page: str  # that shows the same to people
    entries: Sequence[Entry]


def written(feed: Feed) -> bytes:
    """The whole document."""
    root = ET.Element("feed", {"xmlns": _SPACE, f"{{{_XML}}}lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", iso(feed.updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.here)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    _add(ET.SubElement(root, "author"), "name", "Kedergi")
    for entry in feed.entries:
        _write(ET.SubElement(root, "entry"), entry)
    ET.indent(root, " ")
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _write(into: ET.Element, entry: Entry) -> None:
    _add(into, "id", entry.id)
    _add(into, "title", entry.title)
    _add(into, "updated", iso(entry.updated))
    _add(into, "link", rel="alternate", type="text/html", href=entry.link)
    _add(into, "category", term=entry.category)
    _add(into, "content", entry.text, type="text")


def _add(into: ET.Element, name: str, words: str | None = None, **attributes: str) -> None:
    added = ET.SubElement(into, name, {key: _letters(value) for key, value in attributes.items()})
    added.text = words if words is None else _letters(words)


def _letters(words: str) -> str:
    return _NO_LETTERS.sub("\N{REPLACEMENT CHARACTER}", words)
