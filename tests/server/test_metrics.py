"""What `/metrics` says after a known traffic: on one worker, on two together, and after one of them was killed."""

import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from results.store import Store
from tests.server.intake.sending import Sender
from tests.server.serving import Served, free_port, until
from tests.server.test_workers import Serving, empty_database, following, joined, serving

__all__ = ["empty_database", "serving"]

Numbers = dict[tuple[str, ...], float]


def numbers(port: int) -> Numbers:
    """Each sample by its name and the values of its labels."""
    said = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False)
    assert said.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(said.text)
        for sample in family.samples
    }


def sent(served: Served) -> Sender:
    """Three batches over connections of their own, of which one had come before, and what is refused."""
    sender = joined(served)
    two = [sender.measured("a"), sender.measured("b")]
    for batch in (two, two, [sender.measured("c"), "{"]):
        with httpx.Client(base_url=served.base_url, timeout=60, trust_env=False) as client:
            Sender(client, sender.identity, sender.name).send(*batch)
    sender.client.post("/v1/measurements", content=b"{}", headers={"content-type": "application/x-ndjson"})
    for uid in "de":
        sender.send(sender.measured(uid), nonce="0" * 32)
    sender.client.get(f"/secret/{sender.name}?token=x")
    sender.client.close()
    return sender


def held_against(found: Numbers) -> None:
    assert {name[1]: value for name, value in found.items() if name[0] == "kedergi_measurements_total"} == {
        "stored": 4,
        "there": 2,
        "refused": 1,
    }
    assert found["kedergi_batches_total",] == found["kedergi_batch_seconds_count",] == 4
    assert 0 < found["kedergi_batch_seconds_sum",] < 60
    assert found["kedergi_batch_bytes_total",] > 4 * 10_000
    assert {name[1:]: value for name, value in found.items() if name[0] == "kedergi_refusals_total"} == {
        ("not signed", "401"): 1,
        ("taken before", "401"): 1,
        ("other", "404"): 1,
    }
    assert found["kedergi_requests_total", "/v1/enrol", "200"] == 1
    assert found["kedergi_requests_total", "other", "404"] == 1
    assert (found["kedergi_store_up",], found["kedergi_members", "joined"], found["kedergi_members", "revoked"]) == (
        1,
        1,
        0,
    )
    assert 0 <= found["kedergi_newest_measurement_age_seconds",] < 120
    assert found["kedergi_alerts_waiting",] == 0
    assert found["kedergi_store_bytes",] > 100_000


def test_numbers_are_right_on_sqlite(tmp_path: Path) -> None:
    port = free_port()
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path, arguments=["--metrics", f"127.0.0.1:{port}"])
    served.start()
    try:
        sender = sent(served)
        held_against(numbers(port))
        until(lambda: numbers(port)["kedergi_background_workers",] == 1, "somebody at work")
        # Elsewhere there are none.
        assert httpx.get(f"{served.base_url}/metrics", trust_env=False).status_code == 404
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        assert re.findall(rf"{sender.name}|127\.0\.0\.1|http:|secret", text) == []
        assert served.run("members", "revoke", sender.name) == ""
        assert numbers(port)["kedergi_members", "revoked"] == 1
    finally:
        served.kill()


def test_two_workers_count_together_and_a_killed_one_is_not_forgotten(database: str, serving: Serving) -> None:
    port = free_port()
    served = serving(database, "--metrics", f"127.0.0.1:{port}")
    sent(served)
    held_against(numbers(port))
    until(lambda: numbers(port)["kedergi_background_workers",] == 1, "somebody at work")
    for pid in served.workers():
        os.kill(pid, signal.SIGKILL)
    until(lambda: served.log.read_text("utf-8").count("A worker answers.") == 4, "two others")
    until(lambda: len(following(served)) == 2, "somebody at work again")
    assert numbers(port)["kedergi_background_workers",] == 1
    held_against(numbers(port))


def test_a_store_that_is_away_is_a_number_and_no_error(tmp_path: Path) -> None:
    port = free_port()
    url = f"sqlite:///{tmp_path}/kedergi.db"
    served = Served(url, tmp_path, arguments=["--metrics", f"127.0.0.1:{port}"])
    served.start()
    store = Store(url)
    try:
        with store.transaction(alone=True) as connection:
            connection.exec_driver_sql("alter table member rename to member_away")
        found = numbers(port)
        assert found["kedergi_store_up",] == 0
        assert ("kedergi_members", "joined") not in found
    finally:
        store.close()
        served.kill()


@pytest.mark.parametrize("address", ["9464", "127.0.0.1", "127.0.0.1:0", ":9464", "127.0.0.1:x"])
def test_an_address_for_numbers_that_is_none_is_one_sentence(tmp_path: Path, address: str) -> None:
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path)
    with pytest.raises(AssertionError, match="--metrics: allowed is an address with a port"):
        served.run("serve", "--port", str(served.port), "--metrics", address)
