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
from server.pages.times import Local

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
        here=_seen(record.steps),
        control=_seen(record.control.steps) if record.control and spoke else None,
        flows=flows(record),
        whereabouts=_whereabouts(record.condition) if record.condition else "",
        clock=_clock(record.condition.clock_ahead_s or 0.0) if record.condition else "",
    )


def _seen(steps: Sequence[AnyStep]) -> Seen:
    return Seen(
        rows=[_row(step) for step in steps],
        groups=groups(steps),
        dns=[step for step in steps if isinstance(step, DnsStep) and step.answers],
        chains=[step for step in steps if isinstance(step, TlsStep) and step.chain],
        answers=[step for step in steps if isinstance(step, HttpStep) and (step.headers or step.title or step.body)],
    )


def _whereabouts(condition: Condition) -> str:
    """In words, whether the machine stayed on one network."""
    if condition.moved:
        return "changed during the check"
    if condition.asn_before is None:
        return "not public, the same from beginning to end"
    return f"of AS{condition.asn_before} from beginning to end (table of {condition.asn_table})"


def _clock(ahead_s: float) -> str:
    if abs(ahead_s) < _NEAR_S:
        return f"as the others' to within {_NEAR_S:.0f} s"
    return f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the others'"


def groups(steps: Iterable[AnyStep]) -> list[Group]:
    """Steps by hop, attempt and aim, each group in the order in which it began."""
    sorted_in: dict[tuple[int, int, Aim], list[AnyStep]] = {}
    for step in steps:
        sorted_in.setdefault((step.hop, step.attempt, step.aim), []).append(step)
    return [
        Group(_group_title(*key), [_bar(step) for step in sorted(found, key=lambda step: step.t0)])
        for key, found in sorted(sorted_in.items(), key=lambda item: min(step.t0 for step in item[1]))
    ]


def _group_title(hop: int, attempt: int, aim: Aim) -> str:
    if aim in _SAMPLES:
        return f"Pair {attempt} · {words.AIMS[aim]}"
    visit = "The visit" if hop == 0 else f"Redirect {hop}"
    again = f", tried again ({attempt})" if attempt > 1 else ""
    return visit + again + ("" if aim is Aim.VISIT else f" · {words.AIMS[aim]}")


def _bar(step: AnyStep) -> Bar:
    """In a comparison, a certificate for another name is an answer, and that is what was asked."""
    answered = step.aim is not Aim.VISIT and isinstance(step, TlsStep) and step.answered
    said = step.failure.value if step.failure else ""
    return Bar(
        label=f"{words.LAYERS[step.layer]}  {_asked(step)}",
        start_ms=step.t0 * 1000,
        end_ms=step.t * 1000,
        failure="" if answered else said,
        layer=step.layer.value,
        note=f"answered ({said})" if answered and said else "",
    )


def _asked(step: AnyStep) -> str:
    match step:
        case DnsStep():
            where = words.VIAS[step.via] if step.endpoint == step.name else step.endpoint
            return f"{step.name} · {where}"
        case TlsStep():
            return f"{step.endpoint} · {step.name}"
        case HttpStep():
            return step.url
        case _:
            return step.endpoint


def _row(step: AnyStep) -> StepRow:
    how = [f"hop {step.hop}"] if step.hop else []
    how += [f"attempt {step.attempt}"] if step.attempt > 1 and step.aim not in _SAMPLES else []
    how += [f"pair {step.attempt}"] if step.aim in _SAMPLES else []
    how += [words.AIMS[step.aim]] if step.aim is not Aim.VISIT else []
    if isinstance(step, DnsStep):
        how.append(words.VIAS[step.via])
    elif step.aim not in _AT_THE_SITE:
        how.append(f"address from {words.SOURCES[step.source]}")
    return StepRow(
        step=step, layer=words.LAYERS[Layer(step.layer)], asked=_asked(step), how=", ".join(how), got=_got(step)
    )


def _got(step: AnyStep) -> str:
    match step:
        case DnsStep():
            return ", ".join(step.addresses)
        case TcpStep():
            return ""
        case TlsStep():
            rtt = f"round trip {step.rtt_ms:.0f} ms" if step.rtt_ms is not None else ""
            read = f"{step.received_bytes} bytes read" if step.received_bytes else ""
            return " · ".join(filter(None, (step.version, step.alpn, step.alert, read, rtt)))
        case HttpStep():
            return " · ".join(filter(None, _http_got(step)))


def _http_got(step: HttpStep) -> list[str]:
    return [
        f"status {step.status}" if step.status is not None else "",
        step.http_version,
        f"to {step.location}" if step.location else "",
        f"first byte at {step.first_byte_t * 1000:.0f} ms" if step.first_byte_t is not None else "",
        f"{step.body_bytes} bytes{' and more' if step.capped else ''}" if step.body_bytes is not None else "",
        f"{step.kbps:.0f} kbit/s" if step.kbps is not None else "",
    ]
