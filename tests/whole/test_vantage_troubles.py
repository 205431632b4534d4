"""The vantage's own troubles over four plainly fine sites: none is called blocked, and the reason names the trouble."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, Popen

import pytest

from tests.lab import Lab
from tests.lab.rules import Degrade, Rule, Sni
from tests.lab.troubles import FINE, TROUBLES, URLS, Trouble
from tests.whole.conftest import PORT, control
from tests.whole.side_by_side import Records, judged

pytestmark = [pytest.mark.lab, pytest.mark.whole]

BOTH = ("with a control", "without")
# Sees each handshake of the client's, and leaves it alone.
_WATCH = Rule(Sni("*"), Degrade())


def _start_control(lab: Lab, ahead_s: float) -> None:
    command = [sys.executable, "-m", "tests.lab.at_world_time", str(ahead_s), "control"]
    process = lab.popen_in_world([*command, "--host", lab.control_ip, "--port", str(PORT), "--open"], stderr=PIPE)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "The control answers" in said, said


def _started(lab: Lab, trouble: Trouble, kind: str) -> Popen[str]:
    store = {"store": {"url": f"sqlite:///{lab.folder}/{kind}.sqlite"}}
    sections = {"control": control(lab)} if kind == BOTH[0] else {}
    config = lab.config(**{**trouble.config, **store, **sections}).rename(lab.folder / f"{kind}.toml")
    return lab.popen(
        ["kedergi", "check", "--config", config, "--format", "json", *URLS],
        env={"XDG_DATA_HOME": str(lab.folder / kind)},
        stdout=PIPE,
        stderr=PIPE,
    )


def _ended(process: Popen[str]) -> Records:
    said, troubles = process.communicate(timeout=90)
    assert "Traceback" not in troubles, troubles
    return {record["url"]: record for record in map(json.loads, said.splitlines())}


def seen_under(trouble: Trouble) -> dict[str, Records]:
    with Lab(trouble.sites, (*trouble.rules, _WATCH), **trouble.options) as lab:
        _start_control(lab, trouble.options.get("world_clock_ahead_s", 0.0))
        trouble.begins(lab)
        running = [_started(lab, trouble, kind) for kind in BOTH]
        if trouble.midway is not None:
            while [hit.on for hit in lab.seen].count(FINE[0].name) < len(BOTH):  # until both wait for the first page
                assert all(process.poll() is None for process in running)
            trouble.midway(lab)
        return dict(zip(BOTH, map(_ended, running), strict=True))


@pytest.fixture(scope="module")
def seen(lab_rights: None) -> Iterator[dict[str, dict[str, Records]]]:  # noqa: ARG001
    """All troubles, four labs at a time: they wait more than they work."""
    with ThreadPoolExecutor(4) as pool:
        yield dict(zip((trouble.name for trouble in TROUBLES), pool.map(seen_under, TROUBLES), strict=True))


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("trouble", [pytest.param(each, id=each.name.replace(" ", "-")) for each in TROUBLES])
def test_a_trouble_of_ours_blocks_nothing(
    seen: dict[str, dict[str, Records]], trouble: Trouble, kind: str, url: str
) -> None:
    record = seen[trouble.name][kind][url]
    allowed = {"accessible"} if trouble.accessible else {"accessible", "inconclusive"}
    assert record["verdict"] in allowed, judged(record)
    told = " ".join(reason["says"] for reason in record["reasons"]).lower()
    if trouble.always_said or record["verdict"] == "inconclusive":
        assert any(word in told for word in trouble.words), judged(record)
