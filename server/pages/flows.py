"""Which curves a measurement's page draws together, and their numbers. How they are drawn is in charts/flow.py."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from results.curves import from_zero, steady_kbps
from results.failure import Failure
from results.judgement import Throttling
from results.records import Aim, HttpStep, Measurement
from server.pages.charts.flow import CONTROL, LINE, NAME, OTHER, Curve, End, Series, Style
from server.pages.tongue import N_, Tongue
from server.pages.units import kilobytes, precise, speed

_STYLES: Mapping[Aim, Style] = {
    Aim.VISIT: NAME,
    Aim.SAMPLE: NAME,
    Aim.SAMPLE_NEUTRAL: OTHER,
    Aim.SAMPLE_LINE: LINE,
}
_BY = {
    "name": N_("the site’s name: another name at the same address is fast"),
    "address": N_("the address, whatever the name"),
    None: N_("its name or its address: no other name was served there, so the two can’t be told apart"),
}
_MANNER = {
    "shaping": N_("bytes wait in a queue: round trips are long for the receiver, hardly a packet is lost"),
    "policing": N_("what exceeds the rate is lost and comes again, out of order"),
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

    def says(self, tongue: Tongue) -> str:
        """The picture in words."""
        return "; ".join(f"{tongue.say(one.style.word)}: {one.note}" for one in self.series) + "."


def flows(record: Measurement, tongue: Tongue) -> Flows:
    """Of the hop that was compared; where none was, of the last that has a curve."""
    pages = [step for step in record.steps if isinstance(step, HttpStep) and step.curve and step.aim in _STYLES]
    compared = [step.hop for step in record.steps if step.aim in _PAIRED]
    hop = max(compared or [step.hop for step in pages], default=0)
    here = [step for step in pages if step.hop == hop]
    url = record.hops[hop] if hop < len(record.hops) else record.url
    found = [_fetch(step, _STYLES[step.aim], tongue) for step in here]
    found += [_fetch(step, CONTROL, tongue) for step in _there(record, {url, *_visited(here)})]
    fetches = sorted(found, key=lambda fetch: _ORDER.index(fetch.style))
    return Flows(url=url, fetches=fetches, series=list(_series(fetches, tongue)))


def _visited(here: Iterable[HttpStep]) -> set[str]:
    return {step.url for step in here if step.aim is Aim.VISIT}


def _there(record: Measurement, urls: set[str]) -> list[HttpStep]:
    """The control's curves of the same page: another page's say nothing about this one."""
    spoke = [control for control in (record.control, *record.more_controls) if control is not None and control.spoke]
    steps = [step for control in spoke for step in control.steps]
    return [step for step in steps if isinstance(step, HttpStep) and step.curve and step.url in urls]


def _fetch(step: HttpStep, style: Style, tongue: Tongue) -> Fetch:
    visit = step.aim is Aim.VISIT and style is NAME
    which = tongue.say(style.word)
    if visit:
        again = step.attempt > 1
        which = (
            tongue.say("the visit, tried again ({attempt})", attempt=step.attempt) if again else tongue.say("the visit")
        )
    pair = step.attempt if step.aim in _PAIRED else None
    curve = Curve(
        points=[(seconds - step.t0, amount) for seconds, amount in step.curve],
        end=_end(step),
        end_s=step.t - step.t0,
        says=tongue.say("pair {number}, {which}", number=pair, which=which) if pair else which,
        visit=visit,
    )
    return Fetch(style=style, which=which, pair=pair, step=step, curve=curve, kbps=steady_kbps(from_zero(step.curve)))


def _end(step: HttpStep) -> End:
    if step.failure is not None and step.failure is not Failure.INTERRUPTED:
        return End.STOPPED
    return End.CUT if step.capped or step.failure else End.CAME


def _series(fetches: Sequence[Fetch], tongue: Tongue) -> Iterable[Series]:
    for style in _ORDER:
        mine = [fetch for fetch in fetches if fetch.style is style]
        if mine:
            curves = [fetch.curve for fetch in mine]
            stopped = [curve for curve in curves if curve.end is End.STOPPED]
            note = _stopped(stopped, curves, tongue) if stopped else _came(mine, tongue)
            yield Series(style, note, curves, bad=bool(stopped))


def _stopped(stopped: Sequence[Curve], curves: Sequence[Curve], tongue: Tongue) -> str:
    if len(stopped) < len(curves):
        return tongue.say("{some} of {total} stopped", some=len(stopped), total=len(curves))
    least, most = (round(end(curve.amount for curve in stopped) / 1000) for end in (min, max))
    last = kilobytes(most * 1000, tongue)
    if least == most:
        return tongue.say("stopped at {amount}", amount=last)
    return tongue.say("stopped at {least} to {most}", least=tongue.number(least), most=last)


def _came(mine: Sequence[Fetch], tongue: Tongue) -> str:
    """The middle one's speed; how much came, and when, where the reads were too few for a speed."""
    speeds = [fetch.kbps for fetch in mine if fetch.kbps is not None]
    if speeds:
        return speed(median(speeds), tongue)
    longest = max((fetch.curve for fetch in mine), key=lambda curve: curve.seconds)
    amount, length = round(longest.amount / 1000) * 1000, longest.seconds
    took = precise(float(f"{length:.2g}"), tongue)
    return tongue.say("{amount} in {time}", amount=kilobytes(amount, tongue), time=took)


def _within(spread: float, tongue: Tongue) -> str:
    if spread >= 0.005:
        return tongue.say("all transfers within {share}", share=tongue.percent(spread))
    return tongue.say("the same in all transfers")


def told(throttling: Throttling, tongue: Tongue) -> list[tuple[str, str]]:
    """What the comparison of the curves came to: each number with its word. What was not told has no row."""
    say = tongue.say
    rows = [(say("Slowed by"), say(_BY[throttling.by]))]
    if throttling.times is not None:
        rows.append((say("Times as slow"), f"{tongue.number(throttling.times, 1)}{_sure(throttling, tongue)}"))
    if throttling.ceiling_kbps is not None:
        spread = throttling.ceiling_spread
        within = "" if spread is None else f", {_within(spread, tongue)}"
        rows.append((say("Ceiling"), speed(throttling.ceiling_kbps, tongue) + within))
    if throttling.manner is not None:
        rows.append((say("How"), say(_MANNER[throttling.manner])))
    rows.append((say("Pairs"), str(throttling.pairs)))
    return rows


def _sure(throttling: Throttling, tongue: Tongue) -> str:
    parts = []
    if throttling.interval is not None:
        low, high = (tongue.number(one, 1) for one in throttling.interval)
        parts.append(tongue.say("{low} to {high} at 95 %", low=low, high=high))
    if throttling.p_value is not None:
        parts.append(f"p = {throttling.p_value:.2g}")
    return f" ({', '.join(parts)})" if parts else ""
