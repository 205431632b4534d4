"""What the templates of many networks call: strips, charts, links. Values in, markup out.

Every text is escaped in charts/; no link leaves these pages.
"""

from collections.abc import Callable, Sequence
from datetime import UTC
from urllib.parse import urlencode

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from results.episodes import Episode
from results.looking import Network
from results.points import Point, network_key
from results.records import iso
from server.pages import words
from server.pages.cells import Cell
from server.pages.charts import patterns
from server.pages.charts.compare import KBPS, MS, Spot, compare
from server.pages.charts.marks import numbers
from server.pages.charts.palette import Kind
from server.pages.charts.strip import Bracket, Size, strip
from server.pages.charts.svg import element
from server.pages.charts.week import hours_of_week
from server.pages.many import says
from server.pages.many.choice import Choice, days_of_utc, narrower
from server.pages.many.compared import Week
from server.pages.many.known import Known, marks, reported
from server.pages.many.lanes import State
from server.pages.many.now import Place
from server.pages.many.shown import called, short
from server.pages.phrases import Sentence
from server.pages.times import LONG_SPAN_WORDS, Local, Window
from server.pages.tongue import Tongue, of
from server.pages.units import duration, speed
from server.pages.views import cell_words, strip_words

LANE = Size(width=850, height=40, margin=5, gap=1.5)
SMALL = Size(width=430, height=26, margin=4)
PLACE_WIDTH, PLACE_HEIGHT = 44.0, 18.0


def for_templates() -> dict[str, object]:
    return {
        "lane_strip": lane_strip,
        "small_strip": small_strip,
        "matrix_symbols": matrix_symbols(),
        "place": place,
        "place_words": _place_words,
        "compare_chart": compare_chart,
        "known_row": known_row,
        "week_chart": week_chart,
        "weekdays": weekdays,
        "reported": reported,
        "axis_now": axis_now,
        "since_of": since_of,
        "site_link": site_link,
        "network_link": network_link,
        "episode_link": episode_link,
        "zoom": zoom,
        "called": _called,
        "called_of": _called_of,
        "short": _short,
        "named": says.named,
        "key_of": says.key_of,
        "event_sentence": says.event,
        "event_word": says.words_of,
        "long_spans": LONG_SPAN_WORDS,
        "days_of_utc": days_of_utc,
    }


def axis_now(window: Window, now: Local) -> Local:
    """In what zone a window's cells are told: days of UTC are told as such."""
    return Local(now.now.astimezone(UTC), now.tongue) if days_of_utc(window) else now


def lane_strip(
    name: str,
    row: Sequence[Cell],
    window: Window,
    now: Local,
    *,
    title: str,
    brackets: Sequence[Bracket] = (),
    known: Sequence[Known] = (),
    link: Callable[[Cell], str] | None = None,
) -> Markup:
    """One network's row. Every cell leads on, to what it is made of."""
    told = axis_now(window, now)
    drawn = strip(
        name,
        row,
        window,
        title=f"{title}: {strip_words(row, now.tongue)}",
        words=lambda cell: cell_words(cell, told),
        size=LANE,
        brackets=brackets,
        known=marks(known),
        link=link,
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def small_strip(
    name: str,
    row: Sequence[Cell],
    window: Window,
    now: Local,
    *,
    title: str,
    brackets: Sequence[Bracket] = (),
    known: Sequence[Known] = (),
) -> Markup:
    """In a table of many. Only trouble has words: a page of sixty quiet ones has to come over a slow line."""
    told = axis_now(window, now)
    drawn = strip(
        name,
        row,
        window,
        title=f"{title}: {strip_words(row, now.tongue)}",
        words=lambda cell: cell_words(cell, told) if _telling(cell) else "",
        size=SMALL,
        brackets=brackets,
        known=marks(known),
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def _telling(cell: Cell) -> bool:
    """Whether a tenth of its checks or more are the same trouble."""
    return cell.worst is not None and cell.worst.count * 10 >= cell.total


def zoom(choice: Choice, path: str, span: str, window: Window, **of: str) -> Callable[[Cell], str]:
    """From a cell to the same page over a shorter time; from the shortest to the checks themselves."""
    nearer = narrower(span, window)
    # What all cells' addresses share is written once; a page has hundreds.
    shared = choice.here(path, **of, span=nearer, to="") if nearer else choice.here(path, **of, span=span, at="")

    def link(cell: Cell) -> str:
        if not cell.pieces:
            return ""
        when = {"to": iso(cell.end)} if nearer else {"at": iso(cell.start)}
        return f"{shared}&{urlencode(when)}" + ("" if nearer else "#checks")

    return link


def place(found: Place) -> Markup:
    """A cell of the matrix. What is quiet is drawn once for the whole page and referred to."""
    cell, held = found.cell, found.state
    if held.kind is None:
        return _picture('<use href="#m-none"/>')
    if len(cell.pieces) == 1 and not held.bad and cell.pieces[0].kind.key == "ok":
        return _picture('<use href="#m-ok"/>')
    box = patterns.box(held.kind, held.confidence, 0, 1, PLACE_WIDTH, PLACE_HEIGHT - 2)
    letter = (
        element("text", held.kind.letter, class_="letter", x=PLACE_WIDTH / 2, y=13) if held.kind.key != "ok" else ""
    )
    return _picture(box + _shares(cell, held) + letter)


def _shares(cell: Cell, held: State) -> str:
    """What of the last hours' checks said otherwise, as a bar below."""
    other = sum(piece.count for piece in cell.pieces if held.kind and piece.kind.verdict is not held.kind.verdict)
    if not other or not cell.total:
        return ""
    width = max(3.0, PLACE_WIDTH * other / cell.total)
    return element("rect", class_="c-else", x=0, y=PLACE_HEIGHT - 4, width=width, height=3)


def _picture(inner: str) -> Markup:
    return Markup(f'<svg class="m" viewBox="0 0 {PLACE_WIDTH:g} {PLACE_HEIGHT:g}" aria-hidden="true">{inner}</svg>')  # noqa: S704 - from constants


def place_words(found: Place, tongue: Tongue) -> str:
    """The same for whoever does not see it: "blocked, likely"."""
    held, say = found.state, tongue.say
    if held.kind is None:
        return say("no data")
    said = [say(words.VERDICTS[held.kind.verdict])]
    said += [say(held.confidence)] if held.confidence and held.bad else []
    said += [say("intermittent")] if held.intermittent else []
    return ", ".join(said)


def known_row(found: Sequence[Known], window: Window, width: float, css: str = "") -> Markup:
    """The numbers of known events above a strip of that width."""
    drawn = numbers(marks(found), window, width, css) if found else ""
    return Markup(drawn)  # noqa: S704 - numbers only


def compare_chart(
    name: str,
    spots: Sequence[Spot],
    window: Window,
    now: Local,
    *,
    title: str,
    of: str,
    known: Sequence[Known] = (),
) -> Markup:
    told = axis_now(window, now)
    say = now.tongue.say
    if of == "handshake":
        desc = say("Median and the middle four fifths, with the references of the same rounds, on a log scale. "
                   "The numbers stand in the table below.")  # fmt: skip
    else:
        desc = say("Median and the middle four fifths, on a log scale. The numbers stand in the table below.")
    drawn = compare(
        name,
        spots,
        window,
        title=title,
        desc=desc,
        marks=_marks(of, now.tongue),
        clock=told.tick,
        events=marks(known),
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def _marks(of: str, tongue: Tongue) -> list[tuple[float, str]]:
    """Where an axis is labelled."""
    if of == "handshake":
        return [(ms, duration(ms, tongue)) for ms in MS]
    return [(kbps, speed(kbps, tongue)) for kbps in KBPS]


def week_chart(counts: Week, kind: Kind, now: Local) -> Markup:
    """The hours of the week at which an episode is bad."""
    say, days = now.tongue.say, weekdays(now)
    drawn = hours_of_week(
        "week",
        counts,
        kind,
        title=say("Bad checks by hour of the week ({zone})", zone=now.zone),
        desc=say("The fuller a cell, the more of its checks were bad; dotted: none. The table has the numbers."),
        days=days,
        words=lambda day, hour, bad, total: say("{day}, {hour}: {bad} of {total} bad", day=days[day],
                                                hour=f"{hour:02d}:00", bad=bad, total=total),
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def weekdays(now: Local) -> list[str]:
    """From Monday on, short."""
    names = now.tongue.locale.days["stand-alone"]["abbreviated"]
    return [names[day] for day in range(7)]


def since_of(held: State, now: Local) -> Sentence:
    """When it began, as a bracket."""
    if held.episode is None:
        return ()
    return _between(held.episode, now)


def _between(episode: Episode, now: Local) -> Sentence:
    if episode.last_good_at is None:
        return now.tongue.tell("before measuring began")
    earlier, later = now.between(episode.last_good_at, episode.first_bad_at)
    return now.tongue.tell("between {earlier} and {later}", earlier=earlier, later=later)


@pass_context
def _called(context: Context, network: Network | None) -> str:
    return called(network, of(context))


@pass_context
def _called_of(context: Context, point: Point) -> str:
    """The network of a check."""
    return called(Network(network_key(point.asn, point.network), point.asn, point.network or ""), of(context))


@pass_context
def _short(context: Context, network: Network | None) -> str:
    return short(network, of(context))


@pass_context
def _place_words(context: Context, found: Place) -> str:
    return place_words(found, of(context))


def site_link(choice: Choice, url: str, **more: str) -> str:
    return choice.href("/site", keep=("country", "vantage_class"), url=url, **more)


def network_link(choice: Choice, key: str, **more: str) -> str:
    return choice.href("/network", keep=("country", "vantage_class"), key=key, **more)


def episode_link(choice: Choice, url: str, key: str, episode: Episode) -> str:
    return choice.href("/episode", url=url, key=key, of=episode.kind.value, began=iso(episode.first_bad_at))


def matrix_symbols() -> Markup:
    """What `place` refers to."""
    boxes = {"ok": "url(#p-ok)", "none": patterns.NO_DATA}
    drawn = "".join(
        element("symbol", element("rect", y=1, width=PLACE_WIDTH, height=PLACE_HEIGHT - 2, fill=fill_),
                id=f"m-{key}", viewBox=f"0 0 {PLACE_WIDTH:g} {PLACE_HEIGHT:g}")
        for key, fill_ in boxes.items()
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704 - from constants
