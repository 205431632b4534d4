"""Which curves a measurement's page draws together, and their numbers. How they are drawn is in charts/flow.py."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from results.curves import from_zero, steady_kbps
from results.failure import Failure
from results.judgement import Throttling
from results.records import Aim, HttpStep, Measurement
from server.pages.charts.flow import CONTROL, LINE, NAME, OTHER, Curve, End, Series, Style, speed

_STYLES: Mapping[Aim, Style] = {
    Aim.VISIT: NAME,
    Aim.SAMPLE: NAME,
    Aim.SAMPLE_NEUTRAL: OTHER,
    Aim.SAMPLE_LINE: LINE,
}
_BY = {
    "name": "the site’s name: another name at the same address is fast",
    "address": "the address, whatever the name",
    None: "its name or its address: no other name was served there, so the two can’t be told apart",
}
_MANNER = {
    "shaping": "bytes wait in a queue: round trips are long for the receiver, hardly a packet is lost",
    "policing": "what exceeds the rate is lost and comes again, out of order",
}
_PAIRED = frozenset({Aim.SAMPLE, Aim.SAMPLE_NEUTRAL})
_ORDER = (NAME, OTHER, LINE, CONTROL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A page that was fetched, and the curve of its bytes."""

    style: Style
    which: str
    pair: int | None
    step: HttpStep
    curve: Curve
    kbps: float | None  # over the second half of its bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """All curves of one page."""

    url: str
    fetches: Sequence[Fetch]
    series: Sequence[Series]

    @property
    def says(self) -> str:
        """The picture in words."""
        return "; ".join(f"{one.style.word}: {one.note}" for one in self.series) + "."


def flows(record: Measurement) -> Flows:
    """Of the hop that was compared; where none was, of the last that has a curve."""
    pages = [step for step in record.steps if isinstance(step, HttpStep) and step.curve and step.aim in _STYLES]
    compared = [step.hop for step in record.steps if step.aim in _PAIRED]
    hop = max(compared or [step.hop for step in pages], default=0)
    here = [step for step in pages if step.hop == hop]
    url = record.hops[hop] if hop < len(record.hops) else record.url
    found = [_fetch(step, _STYLES[step.aim]) for step in here]
    found += [_fetch(step, CONTROL) for step in _there(record, {url, *_visited(here)})]
    fetches = sorted(found, key=lambda fetch: _ORDER.index(fetch.style))
    return Flows(url=url, fetches=fetches, series=list(_series(fetches)))


def _visited(here: Iterable[HttpStep]) -> set[str]:
    return {step.url for step in here if step.aim is Aim.VISIT}


def _there(record: Measurement, urls: set[str]) -> list[HttpStep]:
    """The control's curves of the same page: another page's say nothing about this one."""
    spoke = [control for control in (record.control, *record.more_controls) if control is not None and control.spoke]
    steps = [step for control in spoke for step in control.steps]
    return [step for step in steps if isinstance(step, HttpStep) and step.curve and step.url in urls]


def _fetch(step: HttpStep, style: Style) -> Fetch:
    visit = step.aim is Aim.VISIT and style is NAME
    which = f"the visit{f', tried again ({step.attempt})' if step.attempt > 1 else ''}" if visit else style.word
    pair = step.attempt if step.aim in _PAIRED else None
    curve = Curve(
        points=[(seconds - step.t0, amount) for seconds, amount in step.curve],
        end=_end(step),
        end_s=step.t - step.t0,
        says=f"pair {pair}, {which}" if pair else which,
        visit=visit,
    )
    return Fetch(style=style, which=which, pair=pair, step=step, curve=curve, kbps=steady_kbps(from_zero(step.curve)))


def _end(step: HttpStep) -> End:
    if step.failure is not None and step.failure is not Failure.INTERRUPTED:
        return End.STOPPED
    return End.CUT if step.capped or step.failure else End.CAME


def _series(fetches: Sequence[Fetch]) -> Iterable[Series]:
    for style in _ORDER:
        mine = [fetch for fetch in fetches if fetch.style is style]
        if mine:
            curves = [fetch.curve for fetch in mine]
            stopped = [curve for curve in curves if curve.end is End.STOPPED]
            note = _stopped(stopped, curves) if stopped else _came(mine)
            yield Series(style, note, curves, bad=bool(stopped))


def _stopped(stopped: Sequence[Curve], curves: Sequence[Curve]) -> str:
    if len(stopped) < len(curves):
        return f"{len(stopped)} of {len(curves)} stopped"
    least, most = (round(end(curve.amount for curve in stopped) / 1000) for end in (min, max))
    return f"stopped at {most} kB" if least == most else f"stopped at {least} to {most} kB"


def _came(mine: Sequence[Fetch]) -> str:
    """The middle one's speed; how much came, and when, where the reads were too few for a speed."""
    speeds = [fetch.kbps for fetch in mine if fetch.kbps is not None]
    if speeds:
        return speed(median(speeds))
    longest = max((fetch.curve for fetch in mine), key=lambda curve: curve.seconds)
    return f"{longest.amount / 1000:.0f} kB in {longest.seconds:.2g} s"


def _within(spread: float) -> str:
    return f"all transfers within {spread * 100:.0f} %" if spread >= 0.005 else "the same in all transfers"


def told(throttling: Throttling) -> list[tuple[str, str]]:
    """What the comparison of the curves came to: each number with its word. What was not told has no row."""
    rows = [("Slowed by", _BY[throttling.by])]
    if throttling.times is not None:
        rows.append(("Times as slow", f"{throttling.times:.1f}{_sure(throttling)}"))
    if throttling.ceiling_kbps is not None:
        spread = throttling.ceiling_spread
        within = "" if spread is None else f", {_within(spread)}"
        rows.append(("Ceiling", speed(throttling.ceiling_kbps) + within))
    if throttling.manner is not None:
        rows.append(("How", _MANNER[throttling.manner]))
    rows.append(("Pairs", str(throttling.pairs)))
    return rows


def _sure(throttling: Throttling) -> str:
    parts = []
    if throttling.interval is not None:
        low, high = throttling.interval
        parts.append(f"{low:.1f} to {high:.1f} at 95 %")
    if throttling.p_value is not None:
        parts.append(f"p = {throttling.p_value:.2g}")
    return f" ({', '.join(parts)})" if parts else ""
