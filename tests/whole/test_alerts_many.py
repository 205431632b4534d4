"""Two hundred sites blocked at once are one alert of `kedergi up`, which says how many they are."""

from collections.abc import Callable

import pytest

from tests.lab import Lab, Site
from tests.lab.rules import Reset, Rule, Sni
from tests.whole.conftest import control, start_control
from tests.whole.receivers import ADDRESSES, Receivers
from tests.whole.test_up import ListFile, Up, nth_round

pytestmark = [pytest.mark.lab, pytest.mark.whole]

SITES = 200
EVERY_S = 10  # what two hundred checks need on a small machine that does other things too
LIMIT_S = 150.0


def test_two_hundred_sites_are_one_alert(make_lab: Callable[..., Lab], list_file: ListFile) -> None:
    names = [f"site{number}.free-press.kz" for number in range(SITES)]
    lab = make_lab(sites=[Site(name) for name in names], delay_ms=10)
    start_control(lab)
    lists = [str(list_file([f"https://{name}/" for name in names]))]
    probe = {"lists": lists, "interval": f"{EVERY_S}s", "concurrency": 100, "daily_budget_mb": 10_000}
    told = Receivers(lab)
    told.open("webhook", "mail")
    up = Up(lab, lab.config(control=control(lab), probe=probe, alerts={"to": list(ADDRESSES.values())}))
    up.until(nth_round(2))
    lab.set_rules([Rule(Sni("*.free-press.kz"), Reset())])
    told.until(1, limit_s=LIMIT_S)
    ((rounds,),) = up.rows("select count(*) from round where ended_at is not null")
    up.until(nth_round(rounds + 2), limit_s=LIMIT_S)
    assert up.rows("select count(*) from episode") == [(SITES,)]
    assert up.rows("select count(*) from event") == up.rows("select count(*) from flip") == [(1,)]
    titles = told.titles()
    assert titles["webhook"] == titles["mail"]
    assert len(titles["webhook"]) == 1
    assert f"and {SITES - 5} more sites" in titles["webhook"][0]  # after the names of five
