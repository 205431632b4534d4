"""One measurement's page: what it means, and everything it saw.

No drawing here, and nothing that came from the network is HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from results.judgement import Judgement
from results.records import Aim, AnyStep, Condition, DnsStep, HttpStep, Layer, Measurement, TcpStep, TlsStep
from results.store import Store
from server.pages import sentences, words
from server.pages.charts.palette import Kind, kind_of
from server.pages.charts.waterfall import Bar, Group
from server.pages.flows import Flows, flows
from server.pages.phrases import Sentence
from server.pages.reasons import Said, said
from server.pages.times import Local
from server.pages.tongue import Tongue
from server.pages.units import milliseconds, seconds

_SAMPLES = frozenset({Aim.SAMPLE, Aim.SAMPLE_NEUTRAL})
_AT_THE_SITE = _SAMPLES | {Aim.NEUTRAL_NAME, Aim.OTHER_PORT}  # whose address these are, their words say
_NEAR_S = 5.0  # a server tells whole seconds, and its answer takes some time


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step as the table tells it."""

    step: AnyStep
    layer: str
    asked: str  # endpoint, and the name where there is one
    how: str  # via, source, aim
    got: str  # what came


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The steps of one side: ours, or the control's."""

    rows: Sequence[StepRow]
    groups: Sequence[Group]
    dns: Sequence[DnsStep]
    chains: Sequence[TlsStep]
    answers: Sequence[HttpStep]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole page."""

    measurement: Measurement
    judgement: Judgement
    sentence: Sentence
    kind: Kind
    here: Seen
    control: Seen | None
    flows: Flows
    whereabouts: str
    clock: str
    reasons: Sequence[Said]


def measurement(store: Store, uid: str, now: Local) -> View | None:
    found = store.measurement(uid)
    if found is None:
        return None
    record, judgement = found
    confidence = judgement.confidence.value if judgement.confidence else None
    spoke = record.control is not None and record.control.steps
    return View(
        measurement=record,
        judgement=judgement,
        sentence=sentences.measurement(
            record.url, judgement.verdict, confidence, record.started_at, record.vantage.network, now
        ),
        kind=kind_of(judgement.verdict, judgement.mechanisms),
        here=_seen(record.steps, now.tongue),
        control=_seen(record.control.steps, now.tongue) if record.control and spoke else None,
        flows=flows(record, now.tongue),
        whereabouts=_whereabouts(record.condition, now.tongue) if record.condition else "",
        clock=_clock(record.condition.clock_ahead_s or 0.0, now.tongue) if record.condition else "",
        reasons=[said(reason, now.tongue) for reason in judgement.reasons],
    )


def _seen(steps: Sequence[AnyStep], tongue: Tongue) -> Seen:
    return Seen(
        rows=[_row(step, tongue) for step in steps],
        groups=groups(steps, tongue),
        dns=[step for step in steps if isinstance(step, DnsStep) and step.answers],
        chains=[step for step in steps if isinstance(step, TlsStep) and step.chain],
        answers=[step for step in steps if isinstance(step, HttpStep) and (step.headers or step.title or step.body)],
    )


def _whereabouts(condition: Condition, tongue: Tongue) -> str:
    """In words, whether the machine stayed on one network."""
    if condition.moved:
        return tongue.say("changed during the check")
    if condition.asn_before is None:
        return tongue.say("not public, the same from beginning to end")
    return tongue.say(
        "of {network} from beginning to end (table of {day})",
        network=f"AS{condition.asn_before}",
        day=condition.asn_table,
    )


def _clock(ahead_s: float, tongue: Tongue) -> str:
    if abs(ahead_s) < _NEAR_S:
        return tongue.say("as the others' to within {time}", time=seconds(_NEAR_S, tongue))
    if ahead_s > 0:
        return tongue.say("{time} ahead of the others'", time=seconds(ahead_s, tongue))
    return tongue.say("{time} behind the others'", time=seconds(-ahead_s, tongue))


def groups(steps: Iterable[AnyStep], tongue: Tongue) -> list[Group]:
    """Steps by hop, attempt and aim, each group in the order in which it began."""
    sorted_in: dict[tuple[int, int, Aim], list[AnyStep]] = {}
    for step in steps:
        sorted_in.setdefault((step.hop, step.attempt, step.aim), []).append(step)
    return [
        Group(_group_title(*key, tongue), [_bar(step, tongue) for step in sorted(found, key=lambda step: step.t0)])
        for key, found in sorted(sorted_in.items(), key=lambda item: min(step.t0 for step in item[1]))
    ]


def _group_title(hop: int, attempt: int, aim: Aim, tongue: Tongue) -> str:
    say, why = tongue.say, tongue.say(words.AIMS[aim])
    if aim in _SAMPLES:
        return f"{say('Pair {number}', number=attempt)} · {why}"
    visit = say("The visit") if hop == 0 else say("Redirect {number}", number=hop)
    said = say("{visit}, tried again ({attempt})", visit=visit, attempt=attempt) if attempt > 1 else visit
    return said if aim is Aim.VISIT else f"{said} · {why}"


def _bar(step: AnyStep, tongue: Tongue) -> Bar:
    """In a comparison, a certificate for another name is an answer, and that is what was asked."""
    answered = step.aim is not Aim.VISIT and isinstance(step, TlsStep) and step.answered
    said = step.failure.value if step.failure else ""
    return Bar(
        label=f"{words.LAYERS[step.layer]}  {_asked(step, tongue)}",
        start_ms=step.t0 * 1000,
        end_ms=step.t * 1000,
        failure="" if answered else said,
        layer=step.layer.value,
        note=tongue.say("answered ({failure})", failure=said) if answered and said else "",
    )


def _asked(step: AnyStep, tongue: Tongue) -> str:
    match step:
        case DnsStep():
            where = tongue.say(words.VIAS[step.via]) if step.endpoint == step.name else step.endpoint
            return f"{step.name} · {where}"
        case TlsStep():
            return f"{step.endpoint} · {step.name}"
        case HttpStep():
            return step.url
        case _:
            return step.endpoint


def _row(step: AnyStep, tongue: Tongue) -> StepRow:
    say = tongue.say
    how = [say("hop {number}", number=step.hop)] if step.hop else []
    how += [say("attempt {number}", number=step.attempt)] if step.attempt > 1 and step.aim not in _SAMPLES else []
    how += [say("pair {number}", number=step.attempt)] if step.aim in _SAMPLES else []
    how += [say(words.AIMS[step.aim])] if step.aim is not Aim.VISIT else []
    if isinstance(step, DnsStep):
        how.append(say(words.VIAS[step.via]))
    elif step.aim not in _AT_THE_SITE:
        how.append(say("address from {source}", source=say(words.SOURCES[step.source])))
    layer, asked, got = words.LAYERS[Layer(step.layer)], _asked(step, tongue), _got(step, tongue)
    return StepRow(step=step, layer=layer, asked=asked, how=", ".join(how), got=got)


def _got(step: AnyStep, tongue: Tongue) -> str:
    match step:
        case DnsStep():
            return ", ".join(step.addresses)
        case TcpStep():
            return ""
        case TlsStep():
            took = milliseconds(step.rtt_ms or 0, tongue)
            rtt = tongue.say("round trip {time}", time=took) if step.rtt_ms is not None else ""
            known = step.received_bytes
            read = tongue.count("{count} byte read", "{count} bytes read", known) if known else ""
            return " · ".join(filter(None, (step.version, step.alpn, step.alert, read, rtt)))
        case HttpStep():
            return " · ".join(filter(None, _http_got(step, tongue)))


def _http_got(step: HttpStep, tongue: Tongue) -> list[str]:
    say, first = tongue.say, milliseconds((step.first_byte_t or 0) * 1000, tongue)
    return [
        say("status {status}", status=step.status) if step.status is not None else "",
        step.http_version,
        say("to {url}", url=step.location) if step.location else "",
        say("first byte at {time}", time=first) if step.first_byte_t is not None else "",
        _amount(step.body_bytes, tongue, capped=step.capped) if step.body_bytes is not None else "",
        say("{number} kbit/s", number=tongue.number(step.kbps)) if step.kbps is not None else "",
    ]


def _amount(value: int, tongue: Tongue, *, capped: bool) -> str:
    if capped:
        return tongue.count("{count} byte and more", "{count} bytes and more", value)
    return tongue.count("{count} byte", "{count} bytes", value)
