"""The outbox, on SQLite and on PostgreSQL: what waits, in which batches, and what a receipt ends."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import zstandard

from results import outbox
from results.fate import Fate
from results.outbox import Receipt, Sender, Standing, keep, next_batch, standing
from results.records import Vantage
from results.store import Store, StoreError
from tests.results.build import AT
from tests.results.test_links import HOME, MINUTE, OFFICE, behind_our_back, fill
from tests.results.test_store import FINE, add, measured, rows

SENDER = Sender(HOME.name, AT)


def unpacked(batch: outbox.Batch) -> list[str]:
    lines = zstandard.ZstdDecompressor().decompress(batch.packed).splitlines()
    return [json.loads(line)["uid"] for line in lines]


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{HOME.name} {number}" for number in numbers)


def stored(*uids: str) -> list[Receipt]:
    return [Receipt(uid, Fate.STORED) for uid in uids]


def test_all_that_has_no_receipt_waits_the_oldest_first(store: Store) -> None:
    fill(store, 5)
    keep(store, stored(*names(1, 3)), at=AT)
    batch = next_batch(store, SENDER)
    assert batch.uids == names(2, 4, 5)
    assert unpacked(batch) == list(names(2, 4, 5))
    assert standing(store, SENDER) == Standing(sent=2, waiting=3, refused=0)


def test_nothing_waits_in_an_empty_store(store: Store) -> None:
    assert next_batch(store, SENDER).uids == ()
    assert standing(store, SENDER) == Standing(0, 0, 0)


def test_only_what_was_measured_under_the_given_name_since_joining_is_sent(store: Store) -> None:
    fill(store, 3)
    fill(store, 3, OFFICE)
    assert next_batch(store, Sender(HOME.name, AT + 2 * MINUTE)).uids == names(3)
    assert next_batch(store, Sender("nobody", AT)).uids == ()
    assert standing(store, Sender(HOME.name, AT + 2 * MINUTE)).waiting == 1


def test_a_refused_one_is_never_sent_again_and_counted(store: Store) -> None:
    fill(store, 2)
    keep(store, [Receipt(names(1)[0], Fate.REFUSED, "Too old.")], at=AT)
    assert next_batch(store, SENDER).uids == names(2)
    assert standing(store, SENDER) == Standing(sent=0, waiting=1, refused=1)


def test_the_first_receipt_of_a_measurement_holds(store: Store) -> None:
    fill(store, 1)
    keep(store, stored(*names(1)), at=AT)
    keep(store, [Receipt(names(1)[0], Fate.REFUSED)], at=AT)
    assert rows(store, "receipt") == 1
    assert standing(store, SENDER) == Standing(sent=1, waiting=0, refused=0)


def test_receipts_are_stored_all_or_none(store: Store) -> None:
    fill(store, 2)
    with pytest.raises(StoreError):
        keep(store, [*stored(*names(1)), Receipt(names(2)[0], Fate.REFUSED, object())], at=AT)  # type: ignore[arg-type]
    assert rows(store, "receipt") == 0


def test_a_batch_has_so_many_lines_at_most(store: Store) -> None:
    fill(store, 5)
    assert next_batch(store, SENDER, most=2).uids == names(1, 2)


def test_what_is_done_is_not_looked_at_again_and_what_is_missing_is(store: Store) -> None:
    fill(store, 5)
    keep(store, stored(*names(1, 2, 4)), at=AT)
    batch = next_batch(store, SENDER)
    assert (batch.uids, batch.after) == (names(3, 5), 2)
    keep(store, stored(*names(5)), at=AT)
    batch = next_batch(store, SENDER, after=batch.after)
    assert (batch.uids, batch.after) == (names(3), 2)
    keep(store, stored(*names(3)), at=AT)
    batch = next_batch(store, SENDER, after=batch.after)
    assert (batch.uids, batch.after) == ((), 5)
    add(store, measured("late", timedelta(minutes=1), vantage=HOME))  # measured before others, stored after them
    assert next_batch(store, SENDER, after=batch.after).uids == ("late",)


def test_what_is_put_aside_waits_and_keeps_nobody_back(store: Store) -> None:
    fill(store, 3)
    batch = next_batch(store, SENDER, aside={names(1)[0]})
    assert (batch.uids, batch.after) == (names(2, 3), 0)
    assert standing(store, SENDER).waiting == 3


def test_a_batch_is_no_larger_than_a_server_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 6)
    size = len(zstandard.ZstdDecompressor().decompress(next_batch(store, SENDER, most=1).packed))
    packed = len(next_batch(store, SENDER, most=4).packed)
    with monkeypatch.context() as smaller:
        smaller.setattr(outbox, "UNPACKED_MAX_BYTES", 3 * size)
        assert next_batch(store, SENDER).uids == names(1, 2, 3)
    monkeypatch.setattr(outbox, "PACKED_MAX_BYTES", packed - 1)
    batch = next_batch(store, SENDER, most=4)
    assert batch.uids == names(1, 2) == tuple(unpacked(batch))


def test_what_no_batch_can_hold_is_refused_with_its_reason_and_keeps_nobody_back(store: Store) -> None:
    huge = replace(FINE, uid="huge", vantage=replace(HOME, network="x" * outbox.LINE_MAX_BYTES))
    add(store, huge, measured("fine", MINUTE, vantage=HOME))
    batch = next_batch(store, SENDER)
    assert batch.uids == ("fine",)
    assert [(one.uid, one.fate) for one in batch.unfit] == [("huge", Fate.REFUSED)]
    assert "too large to be sent: 4.0 MiB, allowed are 4." in batch.unfit[0].says


def test_what_was_altered_behind_our_back_keeps_nobody_back(store: Store) -> None:
    fill(store, 3)
    behind_our_back(store, "update evidence set blob = :blob where uid = :uid", blob=b"no zlib", uid=names(2)[0])
    batch = next_batch(store, SENDER)
    assert batch.uids == names(1, 3)
    assert [one.uid for one in batch.unfit] == list(names(2))


def test_a_line_is_what_export_writes(store: Store) -> None:
    fill(store, 1, Vantage(name=HOME.name, country="KZ", asn=9198, vantage_class="home"))
    [line] = zstandard.ZstdDecompressor().decompress(next_batch(store, SENDER).packed).splitlines()
    said = json.loads(line)
    assert said["vantage"] == {"name": HOME.name, "country": "KZ", "asn": 9198, "network": None, "class": "home"}
    assert said["evidence"]["steps"]
