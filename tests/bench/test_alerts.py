"""How long after a site is blocked, and after it is open again, a mail and a webhook say so. `up` looks each minute.

Promised are four and six minutes, also for a site that has been looked at three times only.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from results.store import Store
from tests.lab import Lab, Site
from tests.lab.rules import Drop, Rule, Sni
from tests.whole.conftest import control, start_control
from tests.whole.receivers import ADDRESSES, BOTH, Receivers
from tests.whole.test_up import Up

pytestmark = [pytest.mark.bench, pytest.mark.lab]

BLOCKED = "site0.free-press.kz"
URL = f"https://{BLOCKED}/"
NAMES = [BLOCKED, *(f"site{number}.free-press.kz" for number in range(1, 6))]
LOOKS = 3  # at a site that is fine, before it is blocked
USUAL = timedelta(seconds=57)  # from one look to the next
OPENED_S, ENDED_S = 240, 360  # promised
PATIENCE_S = 480.0  # so that a broken promise has its figure too


@dataclass(frozen=True, slots=True)
class Case:
    """When the block begins and ends: so long after a look. At once is the worst moment."""

    after_s: float
    looks_before: int = 0  # of an earlier run


CASES = [Case(0.0), Case(25.0), Case(50.0), Case(0.0, looks_before=200)]


@dataclass(frozen=True, slots=True)
class Seconds:
    """From the act to the message, by service."""

    opened: dict[str, float]
    ended: dict[str, float]


def next_look(up: Up) -> None:
    """Waits for the end of the next look at the site."""
    looks = f"(select count(*) from measurement where url = '{URL}')"
    ((so_far,),) = up.rows(f"select {looks}")
    up.until(f"select 1 where {looks} > {so_far}", limit_s=100)


def as_if_it_had_run(up: Up, looks: int) -> None:
    """Hours can't be waited for: the first look at the site stands for those before it as well."""
    next_look(up)
    up.process.send_signal(signal.SIGTERM)
    up.process.wait(20)
    ((uid,),) = up.rows(f"select uid from measurement where url = '{URL}'")
    store = Store(f"sqlite:///{up.lab.folder}/store.sqlite")
    found = store.measurement(uid)
    assert found is not None
    measurement, judgement = found
    for number in range(1, looks + 1):
        at = measurement.started_at - number * USUAL
        store.add(replace(measurement, uid=str(uuid4()), started_at=at), judgement)
    store.close()
    up.start()


def act(lab: Lab, told: Receivers, rules: list[Rule], nth: int) -> dict[str, float]:
    """The seconds from new rules to the nth message."""
    began = time.time()
    lab.set_rules(rules)
    told.until(nth, limit_s=PATIENCE_S)
    return {service: told.of(service)[nth - 1].at - began for service in BOTH}


def waited(lab: Lab, list_: Path, case: Case) -> Seconds:
    start_control(lab)
    told = Receivers(lab)
    told.open(*BOTH)
    probe = {"lists": [str(list_)], "interval": "60s"}
    up = Up(lab, lab.config(control=control(lab), probe=probe, alerts={"to": list(ADDRESSES.values())}))
    if case.looks_before:
        as_if_it_had_run(up, case.looks_before)
    for _ in range(LOOKS):
        next_look(up)
    time.sleep(case.after_s)
    opened = act(lab, told, [Rule(Sni(BLOCKED), Drop())], 1)
    next_look(up)
    time.sleep(case.after_s)
    return Seconds(opened, act(lab, told, [], 2))


def shown(case: Case, seconds: Seconds) -> str:
    lines = []
    for what, took, promised in (("blocked", seconds.opened, OPENED_S), ("open", seconds.ended, ENDED_S)):
        said = ", ".join(f"{service} {took[service]:.0f} s" for service in BOTH)
        lines.append(
            f"{what} {case.after_s:.0f} s after a look, of {case.looks_before + LOOKS} good ones: {said} "
            f"(promised: {promised} s)"
        )
    return "\n".join(lines)


def test_seconds_to_an_alert(make_lab: Callable[..., Lab], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_ = tmp_path / "sites.txt"
    list_.write_text("".join(f"https://{name}/\n" for name in NAMES))
    labs = [make_lab(sites=[Site(name) for name in NAMES], delay_ms=10) for _ in CASES]
    with ThreadPoolExecutor(len(labs)) as pool:
        found = list(pool.map(waited, labs, [list_] * len(labs), CASES))
    with capsys.disabled():
        print("", *map(shown, CASES, found), sep="\n")
    late = [case for case, seconds in zip(CASES, found, strict=True) if max(seconds.opened.values()) > OPENED_S]
    assert late == []
    assert max(max(seconds.ended.values()) for seconds in found) <= ENDED_S
