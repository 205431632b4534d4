"""The templates' environment: everything is escaped, and what may not be is drawn by charts/. No route here."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from results.records import iso
from server.pages import phrases, sentences, words
from server.pages.charts import patterns
from server.pages.charts.axis import moments
from server.pages.charts.flow import Style, flow, key
from server.pages.charts.palette import KINDS, Kind, kind_of
from server.pages.charts.svg import element
from server.pages.charts.waterfall import Group, waterfall
from server.pages.flows import Flows, told
from server.pages.many.known import host
from server.pages.many.lanes import episode_kind
from server.pages.reasons import said_in
from server.pages.times import Local, Window
from server.pages.tongue import of, teach
from server.pages.views import site_href
from targets.networks import CREDITS, table_date


def environment(**more: object) -> Environment:
    """Made once; `more`: what templates call beside this. A name that one misspells is an error, not an empty place."""
    env = Environment(
        loader=PackageLoader("server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(plain=phrases.plain, site_name=sentences.site_name, site_host=host, iso=iso)
    teach(env)
    env.globals.update(
        credits=CREDITS,
        networks_of=table_date(),
        words=words,
        kinds=KINDS,
        kind_of=kind_of,
        episode_kind=episode_kind,
        site_href=site_href,
        definitions=Markup(patterns.definitions()),  # noqa: S704 - drawn here, from constants
        chip=chip,
        axis=axis,
        waterfall_chart=waterfall_chart,
        flow_chart=flow_chart,
        flow_key=flow_key,
        told=told,
        said_in=said_in,
    )
    env.globals.update(more)
    for name in env.list_templates():
        env.get_template(name)  # compiled now: the first visit shall not wait for it
    return env


def chip(kind: Kind, confidence: str | None = None) -> Markup:
    """The small square with texture and letter; the word stands beside it."""
    box = patterns.box(kind, confidence, 0, 1, 16, 14)
    letter = element("text", kind.letter, class_="code", x=25, y=12.5)
    svg = element("svg", box, letter, class_="chip", viewBox="0 0 32 16", aria_hidden="true")
    return Markup(svg)  # noqa: S704 - from constants


def axis(window: Window, now: Local, width: float, css: str = "") -> Markup:
    """Times under or over a strip of that width."""
    texts = moments(window, width, 11, now.tick, most=4 if width < 500 else 10)
    svg = element("svg", *texts, class_=f"axis {css}".strip(), viewBox=f"0 0 {width:g} 15", aria_hidden="true")
    return Markup(svg)  # noqa: S704 - times only


@pass_context
def waterfall_chart(context: Context, name: str, groups: Sequence[Group], title: str) -> Markup:
    desc = of(context).say("One bar a step. The table below has every number.")
    drawn = waterfall(name, groups, of(context), title=title, desc=desc)
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


@pass_context
def flow_chart(context: Context, flows: Flows, ceiling_kbps: float | None) -> Markup:
    spoken = of(context)
    title, desc = spoken.say("Bytes over time"), flows.says(spoken)
    drawn = flow("flow", flows.series, spoken, title=title, desc=desc, ceiling_kbps=ceiling_kbps)
    return Markup(drawn)  # noqa: S704 - charts/ escapes every text


def flow_key(style: Style) -> Markup:
    return Markup(key(style))  # noqa: S704 - from constants
