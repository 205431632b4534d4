"""What was measured, on its way to a server that misbehaves: at the end all of it is there, once, with its receipt."""

import asyncio
import random
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from probe import errand
from probe.budget import Budget
from probe.submit import AGAIN, UNREACHABLE, Counts, Pace
from results import outbox
from results.outbox import standing
from results.verdict import judge
from tests.probe.far_server import FarServer, serving
from tests.probe.joined import HOME, QUICK, ROOT, SENDER, Home, home, opened, stopped, uids
from tests.probe.servers import closed_port
from tests.results.build import AT
from tests.results.test_store import FINE

__all__ = ["home", "opened"]
pytestmark = pytest.mark.anyio


async def test_what_waits_is_sent_and_has_its_receipts(home: Home) -> None:
    sent = home.measure(*uids(7))
    counts = await home.sender().once()
    assert counts == Counts(stored=7)
    assert home.receipts() == dict.fromkeys(sent, "stored")
    [asked] = home.server.believed
    assert asked.uids == sent
    assert asked.headers["kedergi-interval"] == "1800"
    assert asked.headers["content-encoding"] == "zstd"
    assert (await home.sender().once(), len(home.server.met)) == (Counts(), 1)


async def test_what_is_sent_tells_no_more_than_what_is_stored(home: Home) -> None:
    """No user agent, no cookie, no host name: only what the signature and the form need."""
    home.measure(*uids(1))
    await home.sender().once()
    allowed = {"host", "content-type", "content-encoding", "content-length", "content-digest", "kedergi-interval"}
    assert set(home.server.believed[0].headers) == allowed | {"signature", "signature-input"}


async def test_more_than_one_batch_goes_one_after_the_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LINES_MAX", 10)
    sent = home.measure(*uids(25))
    assert (await home.sender().once()).stored == 25
    assert [len(asked.uids) for asked in home.server.believed] == [10, 10, 5]
    assert [uid for asked in home.server.believed for uid in asked.uids] == sent


MOODS = [
    *("500", "503", "404", "413", "422", "429", "garbage", "portal 401", "silent", "lost", "half", "foreign"),
    *("odd fate", "cut after 0", "cut after 700", "cut after 4000"),
]


@pytest.mark.parametrize("mood", MOODS)
async def test_whatever_the_server_does_each_arrives_once_and_has_one_receipt(home: Home, mood: str) -> None:
    home.server.moods.extend([mood] * 2)
    sent = home.measure(*uids(12))
    sender = home.sender()
    async with asyncio.timeout(30):
        while (await sender.once()).waiting:
            pass
        if mood == "422":  # what was put aside goes when the program starts anew
            await home.sender().once()
    assert home.server.met[:2] == [mood] * 2
    assert home.server.arrived == dict.fromkeys(sent, 1)
    assert set(home.receipts()) == set(sent)


@pytest.mark.parametrize("seed", range(12))
async def test_a_server_of_changing_moods_gets_all_in_the_end(home: Home, seed: int) -> None:
    chance = random.Random(seed)
    # Where all goes wrong one is alone in its batch, and 413 and 422 then speak of it: they have tests of their own.
    home.server.moods.extend(chance.choices([mood for mood in MOODS if mood not in {"413", "422"}], k=12))
    sent = home.measure(*uids(30))
    sender = home.sender()
    async with asyncio.timeout(60):
        while (await sender.once()).waiting:
            pass
    assert home.server.arrived == dict.fromkeys(sent, 1)
    assert set(home.receipts()) == set(sent)


class Watched(asyncio.Event):
    """News, and whether anybody waits for them: only then is it told that they wake somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.awaited.set()
        return await super().wait()


async def test_it_runs_on_and_is_woken_by_what_comes(home: Home) -> None:
    sender = home.sender(pace=replace(QUICK, look=3600.0))
    sender._came = watched = Watched()
    home.measure("first")
    task = asyncio.create_task(sender.run())
    for uid in uids(5):
        async with asyncio.timeout(10):
            await watched.awaited.wait()
        watched.awaited.clear()
        home.measure(uid)
        await sender.kept(FINE, judge(FINE))
        await home.server.until(lambda uid=uid: uid in home.server.kept)  # type: ignore[misc]
    await stopped(task)
    assert set(home.receipts()) >= {"first", *uids(4)}


async def test_what_another_program_stored_is_found_too(home: Home) -> None:
    task = asyncio.create_task(home.sender().run())
    home.measure("by a check")
    await home.server.until(lambda: "by a check" in home.server.kept)
    await stopped(task)


async def test_a_server_that_was_away_gets_all_when_it_is_back(home: Home) -> None:
    port = closed_port()
    sent = home.measure(*uids(8))
    task = asyncio.create_task(home.sender(f"http://127.0.0.1:{port}").run())
    await home.until(lambda: home.said == [UNREACHABLE])
    async with serving(home.server, port):
        await home.server.until(lambda: set(sent) <= home.server.kept)
        await home.until(lambda: home.said == [UNREACHABLE, AGAIN])
        await stopped(task)


async def test_the_next_address_is_asked_when_one_fails_and_asked_first_from_then_on(home: Home) -> None:
    blocked = FarServer(moods=home.server.moods.__class__(["cut after 0"] * 9))
    async with serving(blocked):
        home.measure("one")
        sender = home.sender(f"http://127.0.0.1:{closed_port()}", blocked.url, home.server.url)
        assert await sender.once() == Counts(stored=1)
        home.measure("two")
        assert await sender.once() == Counts(stored=1)
    assert (len(blocked.met), len(home.server.met), home.said) == (1, 2, [])


async def test_each_try_is_signed_anew(home: Home) -> None:
    """The answer was lost, so that the server has seen that signature."""
    home.server.moods.extend(["lost", "lost"])
    home.measure(*uids(2))
    sender = home.sender()
    while (await sender.once()).waiting:
        pass
    assert len({asked.headers["signature-input"] for asked in home.server.believed}) == len(home.server.believed) >= 2
    assert set(home.receipts().values()) <= {"there", "stored"}
    assert home.server.arrived == dict.fromkeys(uids(2), 1)


async def test_a_kept_connection_that_breaks_is_replaced_at_once_with_a_new_signature(home: Home) -> None:
    sender = home.sender()
    home.measure("one")
    assert await sender.once() == Counts(stored=1)
    home.server.moods.append("lost")
    home.measure("two")
    assert await sender.once() == Counts(there=1)
    assert home.said == []


async def test_a_wrong_clock_is_said_once_with_how_far_off_it_is(home: Home) -> None:
    home.server.ahead = timedelta(hours=2)
    home.measure("one")
    sender = home.sender()
    for _ in range(3):
        assert (await sender.once()).waiting == 1
    [said] = home.said
    assert "is 7200 s behind the server's" in said
    home.server.ahead = timedelta()
    assert (await sender.once()).stored == 1
    assert home.said == [said, AGAIN]


async def test_a_vantage_that_was_revoked_says_so_once_and_keeps_what_it_measured(home: Home) -> None:
    home.server.revoked = True
    home.measure("one")
    sender = home.sender()
    for _ in range(3):
        assert (await sender.once()).waiting == 1
    [said] = home.said
    assert said.endswith("It says: This vantage was revoked.")
    home.server.revoked = False
    assert (await sender.once()).stored == 1


@pytest.mark.parametrize(
    ("mood", "least_s", "most_s"),
    [("429", 1, 1.2), ("500", 2.5, 5), ("clock", 3600, 4000), ("revoked", 6 * 3600, 7 * 3600)],
)
async def test_how_long_it_waits(home: Home, mood: str, least_s: float, most_s: float) -> None:
    home.server.moods.append(mood)
    home.server.revoked, home.server.ahead = mood == "revoked", timedelta(hours=mood == "clock")
    home.measure("one")
    wait_s = await home.sender(pace=Pace())._turn()
    assert wait_s is not None
    assert least_s <= wait_s <= most_s


async def test_patience_doubles_up_to_half_an_hour_and_is_never_the_same(home: Home) -> None:
    sender = home.sender(f"http://127.0.0.1:{closed_port()}", pace=Pace())
    home.measure("one")
    waits = [await sender._turn() or 0.0 for _ in range(14)]
    for number, wait_s in enumerate(waits):
        whole_s = min(5 * 2**number, 1800)
        assert whole_s / 2 <= wait_s <= whole_s
    assert len(set(waits)) == len(waits)


async def test_a_refused_one_is_said_noted_and_never_sent_again(home: Home) -> None:
    home.measure("bad", "good")
    assert await home.sender().once() == Counts(stored=1, refused=1)
    assert home.said == ["Measurement bad is not at the server, and will not be sent again: It is  [31mred."]
    await home.sender().once()
    assert len(home.server.believed) == 1
    assert home.receipts() == {"bad": "refused", "good": "stored"}


async def test_many_refusals_are_one_line(home: Home) -> None:
    home.measure("bad-1", "bad-2", "good", "bad-3")
    assert await home.sender().once() == Counts(stored=1, refused=3)
    [said] = home.said
    assert said.startswith("Measurement bad-1 (and 2 more) is not at the server")


async def test_a_refusal_without_a_name_is_told_by_its_place(home: Home) -> None:
    home.measure("good", "unread", "better")
    assert await home.sender().once() == Counts(stored=2, refused=1)
    assert home.receipts() == {"good": "stored", "unread": "refused", "better": "stored"}


async def test_a_receipt_without_a_name_counts_for_nobody_where_others_are_missing(home: Home) -> None:
    home.server.moods.append("half")  # the places say nothing then
    home.measure("unread-1", "good", "unread-2", "better")
    assert (await home.sender().once()).waiting == 4
    assert home.receipts() == {}
    assert await home.sender().once() == Counts(there=2, refused=2)


async def test_what_is_too_large_for_this_server_is_found_alone_and_the_others_arrive(home: Home) -> None:
    home.server.moods.extend(["413"] * 3)  # of 4, of 2, of 1
    sent = home.measure(*uids(4))
    assert await home.sender().once() == Counts(stored=3, refused=1)
    assert home.receipts() == {sent[0]: "refused", **dict.fromkeys(sent[1:], "stored")}


async def test_what_the_server_cannot_read_is_put_aside_and_not_given_up(home: Home) -> None:
    home.server.moods.extend(["422"] * 3)
    sent = home.measure(*uids(4))
    sender = home.sender()
    await sender.once()
    assert await sender.once() == Counts(stored=3, waiting=1)
    assert await home.sender().once() == Counts(stored=1)
    assert set(home.receipts()) == set(sent)


async def test_a_line_that_is_cut_after_some_bytes_lets_small_requests_through(home: Home) -> None:
    """Here whatever has more than five lines is cut, each time."""
    sent = home.measure(*uids(40))
    answer = home.server._answer

    def narrow(asked: Any, mood: str) -> tuple[str, bytes]:
        return ("502 Bad Gateway", b"") if len(asked.lines) > 5 else answer(asked, mood)

    home.server._answer = narrow  # type: ignore[method-assign]
    sender = home.sender()
    async with asyncio.timeout(30):
        while (await sender.once()).waiting:
            pass
    assert home.server.arrived == dict.fromkeys(sent, 1)


async def test_bytes_count_for_the_day_and_a_budget_that_is_used_up_is_obeyed(home: Home) -> None:
    home.server.moods.append("500")
    home.measure("one")
    budget = Budget(100_000)
    sender = home.sender(budget=budget)
    await sender.once()
    failed = 100_000 - budget.left_bytes(datetime.now(UTC))
    assert failed > 1000
    await sender.once()
    assert 100_000 - budget.left_bytes(datetime.now(UTC)) > 1.5 * failed
    budget.spend(100_000, datetime.now(UTC))
    home.measure("two")
    assert await sender.once() == Counts(waiting=1)
    assert "two" not in home.server.kept


async def test_what_no_batch_can_hold_is_said_and_noted(home: Home) -> None:
    huge = replace(FINE, uid="huge", started_at=AT, vantage=replace(HOME, network="x" * outbox.LINE_MAX_BYTES))
    home.store.add(huge, judge(huge))
    home.measure("fine")
    assert await home.sender().once() == Counts(stored=1, refused=1)
    assert home.receipts() == {"huge": "refused", "fine": "stored"}
    [said] = home.said
    assert "too large to be sent" in said


async def test_nothing_that_is_said_names_a_site_or_an_address(home: Home) -> None:
    home.server.moods.extend(["500", "garbage", "silent", "422", "429"])
    home.measure("one", "bad")
    sender = home.sender()
    for _ in range(8):
        await sender.once()
    assert home.said
    assert [said for said in home.said if "ratel" in said or "127.0.0.1" in said or "http" in said] == []


async def test_killed_before_the_receipts_are_stored_it_sends_again_and_hears_that_all_is_there(
    home: Home, tmp_path: Path
) -> None:
    sent = home.measure(*uids(5))
    home.server.moods.append("silent")
    words = ("-m", "tests.probe.sender", f"sqlite:///{tmp_path / 'kedergi.db'}", home.server.url, str(tmp_path))
    program = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
    await home.server.until(lambda: bool(home.server.met))
    program.kill()
    assert await program.wait() == -signal.SIGKILL
    assert home.receipts() == {}
    assert standing(home.store, SENDER).waiting == 5
    assert await home.sender().once() == Counts(there=5)
    assert home.receipts() == dict.fromkeys(sent, "there")
    assert home.server.arrived == dict.fromkeys(sent, 1)


async def test_the_only_round_of_a_run_waits_for_the_server_no_longer_than_it_says(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(errand, "_SENDING_S", 0.2)
    home.server.moods.append("silent")
    home.measure("one")
    async with asyncio.timeout(10):
        await errand._sent_now(home.sender(pace=Pace()))
    assert "Not all could be sent within" in capsys.readouterr().err
    await errand._sent_now(home.sender(pace=Pace()))
    assert "Sent: 1; refused: 0; waiting: 0." in capsys.readouterr().err


@pytest.mark.parametrize("turns", range(0, 12, 3))
async def test_it_ends_when_it_is_stopped(home: Home, turns: int) -> None:
    home.server.moods.append("silent")
    home.measure("one")
    sender = home.sender(pace=Pace())
    task = asyncio.create_task(sender.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    await sender.kept(FINE, judge(FINE))
    await stopped(task)


async def test_in_a_pause_nothing_is_sent_and_all_of_it_afterwards(home: Home) -> None:
    held = True
    sender = home.sender(held=lambda: held)
    home.measure(*uids(3))
    assert await sender.once() == Counts(waiting=3)
    assert home.server.met == []
    held = False
    assert (await sender.once()).stored == 3
