"""The templates' environment: everything is escaped, and what may not be is drawn by charts/. No route here."""

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from results.records import iso
from server.pages import phrases, sentences, words
from server.pages.cells import Cell
from server.pages.charts import patterns
from server.pages.charts.flow import Style, flow, key
from server.pages.charts.latency import PLOT, latency
from server.pages.charts.palette import KINDS, Kind, kind_of
from server.pages.charts.strip import Bracket, Size, strip
from server.pages.charts.svg import element
from server.pages.charts.waterfall import Group, waterfall
from server.pages.flows import Flows, told
from server.pages.many.lanes import episode_kind
from server.pages.overview import Row
from server.pages.site import Site
from server.pages.times import SPAN_WORDS, SPANS, Local, Window, every, ticks
from server.pages.views import cell_words, site_href, strip_words
from targets.networks import CREDITS, table_date

DASH = "\N{EN DASH}"
ROW_SIZE = Size(width=288, height=30, margin=4)
SITE_SIZE = Size(width=PLOT, height=64, margin=6, gap=2)


def environment(**more: object) -> Environment:
    """Made once; `more`: what templates call beside this. A name that one misspells is an error, not an empty place."""
    env = Environment(
        loader=PackageLoader("server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(ms=ms, plain=phrases.plain, site_name=sentences.site_name, iso=iso, every=every)
    env.globals.update(
        credits=CREDITS,
        networks_of=table_date(),
        words=words,
        kinds=KINDS,
        kind_of=kind_of,
        episode_kind=episode_kind,
        spans=SPAN_WORDS,
        span_names=list(SPANS),
        site_href=site_href,
        definitions=Markup(patterns.definitions()),  # noqa: S704 - drawn here, from constants
        chip=chip,
        since=sentences.since,
        row_strip=row_strip,
        site_strip=site_strip,
        axis=axis,
        latency_chart=latency_chart,
        waterfall_chart=waterfall_chart,
        flow_chart=flow_chart,
        flow_key=flow_key,
        told=told,
    )
    env.globals.update(more)
    for name in env.list_templates():
        env.get_template(name)  # compiled now: the first visit shall not wait for it
    return env


def static(name: str) -> str:
    """A file of static/ as text."""
    return files("server.pages").joinpath("static", name).read_text(encoding="utf-8")


def ms(value: float | None) -> str:
    """Milliseconds without decimals from ten on; a dash for none."""
    if value is None:
        return DASH
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def chip(kind: Kind, confidence: str | None = None) -> Markup:
    """The small square with texture and letter; the word stands beside it."""
    box = patterns.box(kind, confidence, 0, 1, 16, 14)
    letter = element("text", kind.letter, class_="code", x=25, y=12.5)
    svg = element("svg", box, letter, class_="chip", viewBox="0 0 32 16", aria_hidden="true")
    return Markup(svg)  # noqa: S704 - from constants


def row_strip(name: str, row: Row, window: Window, now: Local) -> Markup:
    brackets = [Bracket(row.turn.before, row.turn.first)] if row.turn and row.turn.before else []
    drawn = strip(
        name,
        row.cells,
        window,
        title=f"{sentences.site_name(row.target.url)}: {strip_words(row.cells)}",
        words=lambda cell: cell_words(cell, now),
        size=ROW_SIZE,
        brackets=brackets,
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def site_strip(site: Site, now: Local) -> Markup:
    def link(cell: Cell) -> str:
        """Quiet is no link: a reader with a keyboard would have to pass them all."""
        return site_href(site.url, span=site.span, at=iso(cell.start)) + "#measurements" if cell.worst else ""

    drawn = strip(
        "strip",
        site.cells,
        site.window,
        title=f"{sentences.site_name(site.url)}: {strip_words(site.cells)}",
        words=lambda cell: cell_words(cell, now),
        size=SITE_SIZE,
        brackets=site.brackets,
        link=link,
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def axis(window: Window, now: Local, width: float, css: str = "") -> Markup:
    """Times under or over a strip of that width."""
    texts = [
        element("text", now.tick(at), class_="tick", x=window.share(at) * width, y=11)
        for at in ticks(window, 4 if width < 500 else 10)
    ]
    svg = element("svg", *texts, class_=f"axis {css}".strip(), viewBox=f"0 0 {width:g} 15", aria_hidden="true")
    return Markup(svg)  # noqa: S704 - times only


def latency_chart(site: Site, now: Local) -> Markup:
    drawn = latency(
        "latency",
        site.moments,
        site.window,
        title=f"Latency by stage, {SPAN_WORDS[site.span]}",
        desc="Milliseconds on a log scale: DNS, TCP, TLS and first byte. The numbers stand in the table below.",
        clock=now.tick,
    )
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def waterfall_chart(name: str, groups: Sequence[Group], title: str) -> Markup:
    drawn = waterfall(name, groups, title=title, desc="One bar a step. The table below has every number.")
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def flow_chart(flows: Flows, ceiling_kbps: float | None) -> Markup:
    drawn = flow("flow", flows.series, title="Bytes over time", desc=flows.says, ceiling_kbps=ceiling_kbps)
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def flow_key(style: Style) -> Markup:
    return Markup(key(style))  # noqa: S704 - from constants
