"""Links and strips in words: what several pages and messages say alike. No drawing, no query."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from results.judgement import Verdict
from server.pages import words
from server.pages.cells import Cell, Piece
from server.pages.times import Local
from server.pages.tongue import N_, Tongue

_SHORT: Mapping[Verdict, str] = {
    Verdict.ACCESSIBLE: N_("accessible"),
    Verdict.BLOCKED: N_("blocked"),
    Verdict.THROTTLED: N_("throttled"),
    Verdict.DOWN: N_("down"),
    Verdict.INCONCLUSIVE: N_("inconclusive"),
}


def site_href(url: str, **more: str) -> str:
    return "/site?" + urlencode({"url": url, **more})


def cell_words(cell: Cell, now: Local) -> str:
    """A cell in words: "14:00 to 15:00: blocked 2 of 2 (tls.reset, likely)"."""
    say = now.tongue.say
    first, last = now.between(cell.start, cell.end)
    when = say("{first} to {last}", first=first, last=last)
    if not cell.pieces:
        why = say(words.GAPS.get(cell.why, cell.why)) if cell.why else ""
        return ": ".join(filter(None, (when, say(cell.empty.value), why)))
    total = cell.total
    return f"{when}: " + "; ".join(_piece(piece, total, now.tongue) for piece in cell.pieces)


def _piece(piece: Piece, total: int, tongue: Tongue) -> str:
    verdict = tongue.say(_SHORT[piece.kind.verdict])
    said = tongue.say("{verdict} {some} of {total}", verdict=verdict, some=piece.count, total=total)
    confidence = tongue.say(piece.confidence) if piece.confidence else ""
    known = [word for word in (piece.mechanism, confidence) if word]
    return f"{said} ({', '.join(known)})" if known else said


def strip_words(row: Sequence[Cell], tongue: Tongue) -> str:
    """A strip in words: what a screen reader says instead of it."""
    counts: dict[Verdict, int] = {}
    for cell in row:
        for piece in cell.pieces:
            counts[piece.kind.verdict] = counts.get(piece.kind.verdict, 0) + piece.count
    if not counts:
        return tongue.say("no checks")
    total = sum(counts.values())
    said = ", ".join(
        f"{tongue.say(_SHORT[verdict])} {tongue.number(count)}"
        for verdict, count in sorted(counts.items(), key=lambda item: -item[1])
    )
    return f"{tongue.count('{count} check', '{count} checks', total)}: {said}"
