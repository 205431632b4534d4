"""How long a mixed list takes: 200 sites, most of them fine, the rest blocked or slowed in the usual ways."""

import json
import sys
from pathlib import Path

import pytest

from tests.lab import Lab, Site
from tests.lab.pages import Page
from tests.lab.rules import Action, Drop, Reset, Rule, Shape, Sni
from tests.lab.site import Answer
from tests.whole.conftest import control, start_control

pytestmark = [pytest.mark.bench, pytest.mark.lab]

SITES = 200
# Of a hundred: how many are reset, silent, without a name, slowed to 128 kbit/s; the others are fine.
RESET, SILENT, NAMELESS, SLOW = 10, 10, 5, 5
# OONI's constants for one URL after another: 0.5 s where a page or a failure comes, 10.5 s where a time limit ends it.
OONI_S = SITES / 100 * ((100 - SILENT - SLOW) * 0.5 + (SILENT + SLOW) * 10.5)


def kind(number: int) -> str:
    place = number % 100
    for name, share in (("reset", RESET), ("silent", SILENT), ("nameless", NAMELESS), ("slow", SLOW)):
        if place < share:
            return name
        place -= share
    return "fine"


@pytest.mark.parametrize("controlled", [True, False], ids=["control", "no control"])
def test_a_mixed_list(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, controlled: bool) -> None:
    names = {f"{kind(number)}{number}.mixed-list.kz": kind(number) for number in range(SITES)}
    acts: dict[str, Action] = {"reset": Reset(), "silent": Drop(), "slow": Shape(kbit_s=128)}
    rules = [Rule(Sni(name), acts[what]) for name, what in names.items() if what in acts]
    lies = {name: Answer("NXDOMAIN") for name, what in names.items() if what == "nameless"}
    sites = [Site(name, https=Page(size=60_000)) for name in names]
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"https://{name}/\n" for name in sorted(names)))
    with Lab(sites=sites, rules=rules, isp_zone=lies, delay_ms=30) as lab:
        if controlled:
            start_control(lab)
        config = lab.config(**({"control": control(lab)} if controlled else {}))
        done = lab.run([sys.executable, "-m", "tests.whole.many", config, path, "50"], timeout_s=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    with capsys.disabled():
        print(
            f"\n{SITES} mixed sites, RTT 60 ms, 50 at once, {'with' if controlled else 'without'} a control: "
            f"{figures['seconds']:.1f} s (bound: 25 s; one after another by OONI's constants: {OONI_S:.0f} s), "
            f"{figures['cpu_s'] * 1000 / SITES:.1f} ms CPU a site (bound: 25 ms), {figures['peak_mb']:.0f} MB; "
            f"{figures['verdicts']}"
        )
    wrong = {url: found for url, found in figures["found"].items() if (found[0] == "blocked") != is_blocked(url)}
    assert wrong == {}
    assert figures["seconds"] < OONI_S / 10


def is_blocked(url: str) -> bool:
    return url.startswith(("https://reset", "https://silent", "https://nameless"))
