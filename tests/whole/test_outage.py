"""A line that dies is a possible outage to `kedergi up`, told when it begins and when it is over; never a block."""

from collections.abc import Callable

import pytest

from tests.lab import Lab, Site
from tests.whole.conftest import control, start_control
from tests.whole.receivers import ADDRESSES, Receivers
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]

NAMES = [f"site{number}.free-press.kz" for number in range(6)]
LIMIT_S = 150.0


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    made = make_lab(sites=[Site(name) for name in NAMES], delay_ms=10)
    start_control(made)
    return made


def sent(count: int) -> str:
    return f"select 1 where (select count(*) from delivery where sent_at is not null) >= {count}"


def rounds_more(up: Up, count: int) -> None:
    """Waits for whatever the program would still say: of sites that failed along, or of the last checks."""
    ((so_far,),) = up.rows("select count(*) from round where ended_at is not null")
    up.until(nth_round(so_far + count), limit_s=LIMIT_S)


def test_a_dead_line_is_told_as_a_possible_outage_and_never_as_a_block(lab: Lab, list_file: ListFile) -> None:
    probe = {"lists": [str(list_file([f"https://{name}/" for name in NAMES]))], "interval": "5s"}
    vantage = {"country": "KZ", "class": "home", "asn": 9198, "network": "Kazakhtelecom"}
    config = lab.config(control=control(lab), probe=probe, vantage=vantage, alerts={"to": [ADDRESSES["webhook"]]})
    up, told = Up(lab, config), Receivers(lab)
    told.open("webhook")
    up.until(nth_round(3))
    lab.set_line(up=False)
    up.until(sent(1), limit_s=LIMIT_S)
    rounds_more(up, 5)  # it goes on, and that is no news
    lab.set_line(up=True)
    up.until(sent(2), limit_s=LIMIT_S)
    rounds_more(up, 6)
    titles = ["Possible outage: Kazakhtelecom (AS9198)", "The possible outage is over: Kazakhtelecom (AS9198)"]
    assert told.titles()["webhook"] == titles
    assert "Seen from one vantage alone: it may be its own line." in told.came[0].body
    assert up.rows("select count(*) from episode") == [(0,)]
