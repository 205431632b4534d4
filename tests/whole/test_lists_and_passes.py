"""A probe that leaves the choice to its server: its list, its control by pass, and a way for when it is blocked."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Address, Drop, Rule
from tests.whole.conftest import PORT as CONTROL_PORT
from tests.whole.test_joining import NAMES, PORT, Abroad
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)


def start_control(lab: Lab, key: str) -> None:
    """Answers who shows a pass from the server with this key, and nobody else."""
    where = ["--host", lab.control_ip, "--port", str(CONTROL_PORT)]
    process = lab.popen_in_world(["kedergi", "control", *where, "--server-key", key], stderr=PIPE)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "The control answers" in said, said


def measured_hosts(up: Up) -> set[str]:
    return {url.removeprefix("https://").rstrip("/") for (url,) in up.rows("select distinct url from measurement")}


def test_the_server_chooses_and_its_control_answers_and_its_owner_has_the_last_word(
    lab: Lab, list_file: ListFile
) -> None:
    control = f"http://{lab.control_ip}:{CONTROL_PORT}"
    lists = list_file([f"https://{name}/" for name in NAMES[:2]])
    abroad = Abroad(lab, lists, f'[server]\ncontrol = "{control}"\n')
    start_control(lab, abroad.said("members", "key").strip())
    config = lab.config(probe={"interval": "5s", "exclude": [NAMES[1]]})
    at_home = {"XDG_DATA_HOME": str(lab.folder / "data")}

    def here(*words: str | Path) -> str:
        done = lab.run(["kedergi", *words, "--config", config], env=at_home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    code = abroad.said("members", "invite", "--class", "home", "--country", "KZ").strip()
    said = here("vantage", "enrol", f"{code}@{abroad.url}", "--yes")
    assert "The server's key: " in said
    assert control in said

    up = Up(lab, config)
    up.until(nth_round(1))
    assert measured_hosts(up) == {NAMES[0]}
    up.process.kill()
    up.process.wait()
    found = [json.loads(line) for line in here("export").splitlines()]
    assert found
    assert {(one["evidence"]["control"] or {}).get("failure", "none asked") for one in found} == {None}
    shown = json.loads(here("vantage", "show", "--format", "json"))
    assert (shown["lists"], shown["targets"], shown["left_out"]["excluded"]) == (["server"], 1, 1)
    assert shown["server_list"]["targets"] == 2

    abroad.process.terminate()
    abroad.process.wait()
    list_file([f"https://{name}/" for name in NAMES])
    abroad.start()
    up.start()
    up.until(f"select 1 from measurement where url = 'https://{NAMES[3]}/'")
    lab.set_rules([Rule(Address(lab.control_ip, PORT), Drop())])  # the server is blocked
    rounds = len(up.rows("select 1 from round where ended_at is not null"))
    up.until(nth_round(rounds + 1))
    up.process.kill()
    up.process.wait()
    assert measured_hosts(up) == {NAMES[0], *NAMES[2:]}

    outbox = lab.folder / "outbox.jsonl.zst"
    here("export", "--outbox", outbox)
    assert json.loads(here("vantage", "show", "--format", "json"))["waiting"] > 0
    assert ", 0 refused." in abroad.said("import", str(outbox))
    assert "0 wait to be sent" in here("import", f"{outbox}.receipts")
    assert sorted(uid for (uid,) in up.rows("select uid from measurement")) == sorted(abroad.uids())
