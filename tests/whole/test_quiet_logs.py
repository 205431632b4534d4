"""What is said at the default level names no site: not while one is blocked, forged or silent, nor at the server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Close, Drop, Forge, Query, Reset, Rule, Sni
from tests.whole.conftest import control, start_control
from tests.whole.test_joining import Abroad, all_there
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]

WORD = "shyrakshy"  # in every name and path
FINE, RESET, SILENT, CLOSED, FORGED = (
    f"{what}.{WORD}-7731.kz" for what in ("fine", "reset", "silent", "closed", "forged")
)
NAMES = [FINE, RESET, SILENT, CLOSED, FORGED]
GONE = f"gone.{WORD}-7731.kz"


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=5)
    start_control(made)
    made.set_rules(
        [
            Rule(Sni(RESET), Reset()),
            Rule(Sni(SILENT), Drop()),
            Rule(Sni(CLOSED), Close()),
            Rule(Query(FORGED), Forge(addresses=("10.10.34.34",))),
        ]
    )
    return made


def test_neither_the_probe_nor_the_pages_nor_the_server_name_a_site(lab: Lab, list_file: ListFile) -> None:
    lists = list_file([f"https://{name}/{WORD}" for name in (*NAMES, GONE)])
    abroad = Abroad(lab, lists)
    probe = {"lists": [str(lists)], "interval": "5s", "concurrency": 20}
    config = lab.config(control=control(lab), probe=probe)
    at_home = {"XDG_DATA_HOME": str(lab.folder / "data")}
    code = abroad.said("members", "invite", "--class", "home", "--country", "KZ").strip()
    enrol: list[str | Path] = ["kedergi", "vantage", "enrol", f"{code}@{abroad.url}", "--yes", "--config", config]
    assert lab.run(enrol, env=at_home).returncode == 0

    once: list[str | Path] = ["kedergi", "probe", "--once", "--accept-risks", "--config", config]
    done = lab.run(once, env=at_home, timeout_s=90)
    assert done.returncode == 0, done.stderr
    up = Up(lab, config)
    up.until(nth_round(3), limit_s=90)
    all_there(up, abroad)
    verdicts = {row[0] for row in up.rows("select distinct verdict from verdict")}
    assert {"accessible", "blocked"} <= verdicts  # all of it happened
    up.process.terminate()
    abroad.process.terminate()
    told = [done.stdout + done.stderr, *(each.communicate(timeout=60)[1] for each in (up.process, abroad.process))]
    addresses = [lab.ip_of(name) for name in NAMES]
    assert [said for said in told if not said] == []  # each did say something
    for said in told:
        assert [word for word in (WORD, *addresses, "10.10.34.34") if word in said] == [], said
