"""Says in an answer of any kind that what it shows is simulated: page, JSON, table, feed or picture. Pure.

The pages themselves know nothing of the demo, so none of them can forget to say it. What is said to whom is told by
whoever calls.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

KEY = "simulated"
WORDS = "Simulated: known history made into measurements. Nothing of this was measured."
_SVG = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r"viewBox=\"0 0 ([\d.]+) ([\d.]+)\"")
_SIZED = re.compile(r"\s(width|height)=\"([\d.]+)\"")
_LOW = 40  # a badge is lower than that: it gets a field of its own
_FIELD, _FIELD_INK = "#7a1f3d", "#ffffff"
_TITLE = re.compile(r"(<title[^>]*>)")
_HEADLINE = re.compile(r'<main id="main">.*?</h1>(\s*<p class="sub">.*?</p>)?', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a reader is told, in the reader's tongue; `banner` and `first` are markup."""

    word: str  # "Simulated"
    banner: str  # above everything
    first: str = ""  # under the page's headline, before all else


def marked(kind: str, body: str, said: Said) -> str:
    """The body of an answer of that media type, marked; as it was where none of these can be."""
    mark = _MARKS.get(kind)
    return mark(body, said) if mark else body


def _html(body: str, said: Said) -> str:
    body = body.replace("<title>", f"<title>{escape(said.word)}: ", 1)
    body = body.replace("</head>", '<link rel="stylesheet" href="/static/demo.css">\n</head>', 1)
    header = '<header class="top">'
    if header in body:
        body = body.replace(header, f"{said.banner}\n{header}", 1)
    else:
        body = re.sub(r"(<body[^>]*>)", lambda found: f"{found[0]}\n{said.banner}", body, count=1)
    return _HEADLINE.sub(lambda found: f"{found[0]}\n{said.first}", body, count=1) if said.first else body


def _json(body: str, _said: Said) -> str:
    found = _with_key(json.loads(body))
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _json_lines(body: str, said: Said) -> str:
    return "".join(f"{_json(line, said)}\n" for line in body.splitlines() if line.strip())


def _with_key(found: Any) -> Any:
    """An object says it of itself, a list of each of its objects. What an object says already stays."""
    if isinstance(found, list):
        return [_with_key(one) if isinstance(one, Mapping) else one for one in found]
    if not isinstance(found, Mapping):
        return found
    key = f"x-{KEY}" if "openapi" in found else KEY  # the description of an API takes others for mistakes
    return {key: WORDS, **found}


def _csv(body: str, _said: Said) -> str:
    """A column more: a line of remarks would be read as a row."""
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n" if "\r\n" in body else "\n")
    for number, row in enumerate(csv.reader(io.StringIO(body, newline=""))):
        out.writerow([*row, KEY if number == 0 else "yes"])
    return written.getvalue()


def _feed(body: str, said: Said) -> str:
    return _TITLE.sub(lambda found: f"{found[1]}{escape(said.word)}: ", body)


def _svg(body: str, said: Said) -> str:
    """A picture by itself. Its words are for a reader without eyes, too."""
    body = _TITLE.sub(lambda found: f"{found[1]}{escape(said.word)}: ", body, count=1)
    opening = _SVG.search(body)
    if opening is None:
        return body
    sizes = {name: float(value) for name, value in _SIZED.findall(opening[0])}
    view = _VIEW.search(opening[0])
    width, height = (float(view[1]), float(view[2])) if view else (sizes.get("width", 0), sizes.get("height", 0))
    if not width or not height:
        return body
    if height >= _LOW:
        return _at_the_end(
            body,
            f'<text x="4" y="14" font-family="sans-serif" font-size="13" fill="{_FIELD}" '
            f'paint-order="stroke" stroke="#fff" stroke-width="3">{escape(said.word)}</text>',
        )
    more = 12 + 6.6 * len(said.word)
    wider = _SIZED.sub(
        lambda found: f' {found[1]}="{float(found[2]) + (more if found[1] == "width" else 0):g}"', opening[0]
    )
    wider = _VIEW.sub(f'viewBox="0 0 {width + more:g} {height:g}"', wider)
    field = (
        f'<rect x="{width:g}" width="{more:g}" height="{height:g}" fill="{_FIELD}"/>'
        f'<text x="{width + more / 2:g}" y="{height * 0.7:g}" text-anchor="middle" font-family="sans-serif" '
        f'font-size="11" fill="{_FIELD_INK}">{escape(said.word)}</text>'
    )
    return _at_the_end(body.replace(opening[0], wider, 1), field)


def _at_the_end(body: str, drawn: str) -> str:
    before, end, after = body.rpartition("</svg>")
    return f"{before}{drawn}{end}{after}"


_MARKS: dict[str, Callable[[str, Said], str]] = {
    "text/html": _html,
    "application/xhtml+xml": _html,
    "application/json": _json,
    "application/problem+json": _json,
    "application/geo+json": _json,
    "application/x-ndjson": _json_lines,
    "application/jsonl": _json_lines,
    "text/csv": _csv,
    "application/atom+xml": _feed,
    "application/xml": _feed,
    "image/svg+xml": _svg,
}
KINDS = tuple(_MARKS)
