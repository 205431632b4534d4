"""`kedergi up` tells a webhook and a mail server that a site is blocked, and that it is open again, each once.

Also when it is killed before all of them know. How soon they know is measured in tests/bench/test_alerts.py.
"""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Reset, Rule, Sni
from tests.whole.conftest import control, start_control
from tests.whole.receivers import ADDRESSES, BOTH, Receivers
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]

NAMES = [f"site{number}.free-press.kz" for number in range(6)]
BLOCK = [Rule(Sni("*.free-press.kz"), Reset())]  # at once, so that rounds don't overlap
LIMIT_S = 90.0


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)
    start_control(made)
    return made


@pytest.fixture
def config(lab: Lab, list_file: ListFile) -> Path:
    probe = {"lists": [str(list_file([f"https://{name}/" for name in NAMES]))], "interval": "5s"}
    return lab.config(control=control(lab), probe=probe, alerts={"to": list(ADDRESSES.values())})


def rounds_more(up: Up, count: int) -> None:
    """Waits for whatever the program would still do."""
    ((so_far,),) = up.rows("select count(*) from round where ended_at is not null")
    up.until(nth_round(so_far + count), limit_s=LIMIT_S)


def blocked_and_killed(up: Up, told: Receivers, listening: tuple[str, ...]) -> None:
    """A block is noticed while only these services are there, and the program dies when the others have been tried."""
    if listening:
        told.open(*listening)
    up.until(nth_round(3))
    up.lab.set_rules(BLOCK)
    up.until("select 1 from flip", limit_s=LIMIT_S)
    # Not in the middle of a try: whoever dies there makes the next one wait ten minutes (docs/alerts.md).
    sent = f"(select count(*) from delivery where sent_at is not null) = {len(listening)}"
    failed = "(select count(*) from delivery where sent_at is null and tries > 0 and taken_until is null)"
    up.until(f"select 1 where {sent} and {failed} = {len(BOTH) - len(listening)}", limit_s=LIMIT_S)
    up.process.send_signal(signal.SIGKILL)
    up.process.wait(20)


@pytest.mark.parametrize("listening", [(), ("webhook",), ("mail",)], ids=["nobody", "webhook", "mail"])
def test_killed_between_the_flip_and_its_delivery_it_tells_once(
    lab: Lab, config: Path, listening: tuple[str, ...]
) -> None:
    """Whoever has the message already does not get it again; whoever was not there gets it from the next run."""
    up, told = Up(lab, config), Receivers(lab)
    blocked_and_killed(up, told, listening)
    before = told.titles()
    assert {service: len(titles) for service, titles in before.items()} == {name: name in listening for name in BOTH}
    told.open(*(service for service in BOTH if service not in listening))
    up.start()
    told.until(1, limit_s=LIMIT_S)
    up.until("select 1 where not exists (select 1 from delivery where sent_at is null)")
    rounds_more(up, 2)
    assert up.rows("select count(*) from flip") == [(1,)]
    titles = told.titles()
    assert titles["webhook"] == titles["mail"]
    assert len(titles["mail"]) == 1
    assert "blocked" in titles["mail"][0]


def test_a_block_and_its_end_are_told_once_each(lab: Lab, config: Path) -> None:
    """With a kill between, after which all know the first and none the second."""
    up, told = Up(lab, config), Receivers(lab)
    blocked_and_killed(up, told, BOTH)
    lab.set_rules([])
    up.start()
    told.until(2, limit_s=LIMIT_S)
    rounds_more(up, 2)
    assert told.titles()["webhook"] == told.titles()["mail"]
    opened, ended = told.titles()["mail"]
    assert "blocked" in opened
    assert "accessible again" in ended
