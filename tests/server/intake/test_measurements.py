"""Measurements that a member sends: each is stored once, judged anew, and gets its receipt."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import httpx
import pytest
import sqlalchemy as sa

from results.fate import Fate
from results.intake import Batch, NoMember, Receipt, entry, forget, take
from results.links import broken
from results.records import Measurement
from results.store import Store
from results.verdict import judge
from server.intake.limits import Limits
from server.joining import members, revoke, watched
from tests.results.build import HTTP
from tests.server.intake.conftest import Joined, Serving
from tests.server.intake.sending import NDJSON, Sender, body_of, fates, sentence
from tests.stores import Opening

BATCH = [f"u{number}" for number in range(20)]


def count(store: Store, table: str) -> int:
    with store.transaction() as connection:
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def marks(store: Store) -> set[tuple[str, str]]:
    with store.transaction() as connection:
        return {(row.uid, row.mark) for row in connection.execute(sa.text("select uid, mark from mark"))}


def troubles(store: Store, vantage: str) -> list[str]:
    with store.transaction() as connection:
        return [one.says for one in broken(connection, vantage)]


@pytest.mark.parametrize("packing", ["", "gzip", "zstd"])
def test_what_is_sent_is_stored_judged_anew_and_in_the_chain(sender: Sender, store: Store, packing: str) -> None:
    sent = [sender.measured(uid) for uid in BATCH]
    lied = body_of(sent).replace(b'"verdict":"accessible"', b'"verdict":"blocked"')
    assert lied != body_of(sent)
    said = sender.send_bytes(lied, packing=packing)
    assert fates(said) == ["stored"] * len(BATCH)
    assert [one["uid"] for one in said.json()["receipts"]] == BATCH
    kept = store.measurement("u7")
    assert kept is not None
    assert kept[0].steps == sent[7].steps
    assert kept[1] == judge(kept[0])
    assert [count(store, table) for table in ("measurement", "evidence", "verdict", "link", "mark")] == [20] * 4 + [0]
    assert troubles(store, sender.name) == []


def test_what_is_sent_again_is_there_and_nothing_changes(sender: Sender, store: Store) -> None:
    one, two = sender.measured("a"), sender.measured("b")
    assert fates(sender.send(one)) == ["stored"]
    altered = replace(one, url=HTTP)
    assert fates(sender.send(altered, two, two, one)) == ["there", "stored", "there", "there"]
    kept = store.measurement("a")
    assert kept is not None
    assert kept[0].url == one.url
    assert [count(store, table) for table in ("measurement", "link")] == [2, 2]
    assert troubles(store, sender.name) == []


def test_a_uid_that_another_vantage_has_stored_is_refused(joined: Joined, store: Store) -> None:
    one, other = joined(), joined()
    assert fates(one.send(one.measured("a"))) == ["stored"]
    said = other.send(other.measured("a"), other.measured("b"))
    assert fates(said) == ["refused", "stored"]
    says = said.json()["receipts"][0]["says"]
    assert "Another vantage" in says
    assert one.name not in says
    kept = store.measurement("a")
    assert kept is not None
    assert kept[0].vantage.name == one.name


def test_a_measurement_of_another_vantage_is_refused(joined: Joined, store: Store) -> None:
    one, other = joined(), joined()
    said = one.send(other.measured("a"))
    assert fates(said) == ["refused"]
    assert one.name in said.json()["receipts"][0]["says"]
    assert count(store, "measurement") == 0


def test_what_is_odd_is_marked_and_stored(sender: Sender, store: Store) -> None:
    now, fine = datetime.now(UTC), sender.measured("fine")
    sent = [
        fine,
        replace(fine, uid="nearly", started_at=now + timedelta(minutes=9)),
        replace(fine, uid="ahead", started_at=now + timedelta(minutes=12)),
        replace(fine, uid="yesterday", started_at=now - timedelta(hours=23)),
        replace(fine, uid="long ago", started_at=now - timedelta(hours=25)),
        replace(fine, uid="elsewhere", url=HTTP),
        replace(fine, uid="abroad", vantage=replace(fine.vantage, country="KG")),
    ]
    assert fates(sender.send(*sent)) == ["stored"] * 7
    assert marks(store) == {
        ("ahead", "future"),
        ("long ago", "before joining"),
        ("elsewhere", "unlisted"),
        ("abroad", "other network"),
    }


def test_what_says_that_it_is_simulated_is_refused_and_harms_no_other(sender: Sender, store: Store) -> None:
    said = sender.send(replace(sender.measured("made up"), simulated="known history"), sender.measured("fine"))
    assert fates(said) == ["refused", "stored"]
    assert "simulated" in said.json()["receipts"][0]["says"]
    assert count(store, "measurement") == 1


def changed(measurement: Measurement, **more: object) -> str:
    return json.dumps({**json.loads(body_of([measurement])), **more})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"evidence": None}, "no evidence"),
        ({"schema": 99}, "schema is 99"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-11-26T00:00:00"}, "started_at"),
        ({"started_at": "9999-12-31T23:59:59Z"}, "started_at"),
        ({"started_at": "0001-01-01T00:00:00Z"}, "started_at"),
        ({"runtime_ms": 1e300}, "number"),
        ({"uid": "u\0"}, "uid"),
        ({"uid": "u" * 101}, "uid"),
        ({"uid": ""}, "uid"),
        ({"url": "https://ratel.kz/" + "ы" * 1100}, "url"),
    ],
)
def test_a_line_that_can_not_be_stored_is_refused_and_harms_no_other(
    sender: Sender, more: dict[str, object], says: str
) -> None:
    said = sender.send("{", changed(sender.measured("bad"), **more), sender.measured("good"))
    assert fates(said) == ["refused", "refused", "stored"]
    receipts = said.json()["receipts"]
    assert receipts[0]["uid"] is None
    assert receipts[1]["uid"] in {"bad", "u\0", None}
    assert says in receipts[1]["says"]


def test_how_often_a_vantage_measures_is_known_from_what_it_said_last(sender: Sender, store: Store) -> None:
    sender.send(sender.measured("a"), headers={"kedergi-interval": "1800"})
    assert watched(store) == {sender.name: timedelta(minutes=30)}
    sender.send(sender.measured("b"))
    assert watched(store) == {sender.name: timedelta(minutes=30)}
    sentence(sender.send(sender.measured("c"), headers={"kedergi-interval": "often"}), 422)
    assert [one.measurements for one in members(store)] == [2]
    revoke(store, sender.name, now=datetime.now(UTC))
    assert watched(store) == {}


# Who is not believed


def test_a_request_is_taken_once(sender: Sender, client: httpx.Client, store: Store) -> None:
    body = body_of([sender.measured("a")])
    headers = sender.signed("/v1/measurements", body, {"content-type": NDJSON})
    first, again = (client.post("/v1/measurements", content=body, headers=headers) for _ in range(2))
    assert fates(first) == ["stored"]
    assert "taken before" in sentence(again, 401)
    assert count(store, "nonce") == 1


def test_a_batch_that_failed_may_be_sent_again_and_leaves_nothing(sender: Sender, store: Store) -> None:
    with store.transaction() as connection:
        connection.exec_driver_sql("alter table mark rename to mark_away")
    sent = [sender.measured("a"), sender.measured("b", url=HTTP)]
    said = sender.send(*sent)
    assert "nothing" in sentence(said, 503)
    assert said.headers["retry-after"]
    assert [count(store, table) for table in ("measurement", "link", "nonce")] == [0, 0, 0]
    with store.transaction() as connection:
        connection.exec_driver_sql("alter table mark_away rename to mark")
    assert fates(sender.send(*sent)) == ["stored", "stored"]


def test_an_old_nonce_is_forgotten_when_its_signature_is_too_old(sender: Sender, store: Store) -> None:
    sender.send(sender.measured("a"))
    forget(store, before=datetime.now(UTC) - timedelta(minutes=15))
    assert count(store, "nonce") == 1
    forget(store, before=datetime.now(UTC) + timedelta(seconds=1))
    assert count(store, "nonce") == 0


def test_what_was_altered_on_the_way_is_refused(sender: Sender, client: httpx.Client, store: Store) -> None:
    body = body_of([sender.measured("a")])
    other = body_of([sender.measured("b")])
    plain = {"content-type": NDJSON}

    def send(headers: dict[str, str], sent: bytes = body) -> httpx.Response:
        return client.post("/v1/measurements", content=sent, headers=headers)

    def signed(**more: object) -> dict[str, str]:
        return sender.signed("/v1/measurements", body, plain, **more)  # type: ignore[arg-type]

    refused = [
        send(plain),
        send(signed(), other),
        send(signed(url=f"{client.base_url}/v1/enrol")),
        send(signed(method="PUT")),
        send(signed(url="http://other.example/v1/measurements")),
        send(signed() | {"host": "other.example"}),
        send(signed() | {"content-encoding": "gzip"}),
        Sender(client).send_bytes(body),
    ]
    assert [one.status_code for one in refused] == [401] * len(refused)
    assert count(store, "measurement") == 0


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_wrong_clock_is_told_by_the_server_s_time(sender: Sender, ahead: timedelta) -> None:
    said = sender.send(sender.measured("a"), ahead=ahead)
    assert "clock" in sentence(said, 401)
    assert abs(datetime.fromisoformat(said.json()["at"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_vantage_is_revoked_at_once(sender: Sender, store: Store) -> None:
    assert fates(sender.send(sender.measured("a"))) == ["stored"]
    revoke(store, sender.name, now=datetime.now(UTC))
    assert "revoked" in sentence(sender.send(sender.measured("b")), 401)
    assert count(store, "measurement") == 1


def test_a_vantage_that_is_revoked_while_its_batch_is_read_stores_nothing(sender: Sender, store: Store) -> None:
    (member,) = [one.row for one in members(store)]
    revoke(store, sender.name, now=datetime.now(UTC))
    one = sender.measured("a")
    batch = Batch(
        key_id=member.key_id,
        nonce="n",
        at=datetime.now(UTC),
        vantage=sender.name,
        interval_s=None,
        entries=(entry(one, judge(one), ()),),
    )
    with pytest.raises(NoMember):
        take(store, batch)
    assert [count(store, table) for table in ("measurement", "nonce")] == [0, 0]


# How much


def test_a_vantage_has_so_many_requests_a_minute(joined: Joined, store: Store, serving: Serving) -> None:
    small = serving(store, Limits(per_minute=3))
    one, other = joined(small), joined(small)
    assert [one.send(one.measured(f"a{number}")).status_code for number in range(4)] == [200, 200, 200, 429]
    refused = one.send(one.measured("b"))
    assert "a minute" in sentence(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 20
    assert other.send(other.measured("c")).status_code == 200


# Several servers


def test_two_servers_take_the_same_batch_at_once_and_store_it_once(
    joined: Joined, serving: Serving, opened: Opening, store: Store
) -> None:
    one = joined()
    clients = [serving(opened()), serving(opened())]
    others = [Sender(client, one.identity, one.name) for client in clients]
    for turn in range(5):
        sent = [one.measured(f"{turn}-{uid}") for uid in BATCH]
        with ThreadPoolExecutor(2) as threads:
            said = list(threads.map(lambda pair: pair[0].send(*pair[1]), zip(others, (sent, sent[::-1]), strict=True)))
        told = [fate for answer in said for fate in fates(answer)]
        assert (told.count("stored"), told.count("there")) == (len(BATCH), len(BATCH))
    assert [count(store, table) for table in ("measurement", "evidence", "verdict", "link")] == [5 * len(BATCH)] * 4
    assert troubles(store, one.name) == []


def test_two_vantages_that_send_the_same_uids_at_once_do_not_lock_each_other_out(
    joined: Joined, opened: Opening, store: Store
) -> None:
    pair, stores, both = [joined(), joined()], [opened(), opened()], Barrier(2)
    keys = {one.row.vantage: one.row.key_id for one in members(store)}

    def sent(place: int, turn: int) -> Batch:
        numbers = range(300) if place else range(299, -1, -1)
        measured = [pair[place].measured(f"{turn}-{number}") for number in numbers]
        return Batch(
            key_id=keys[pair[place].name],
            nonce=str(turn),
            at=datetime.now(UTC),
            vantage=pair[place].name,
            interval_s=None,
            entries=tuple(entry(one, judge(one), ()) for one in measured),
        )

    def taken(place: int, batch: Batch) -> list[Receipt]:
        both.wait()
        return take(stores[place], batch)

    for turn in range(4):
        batches = [sent(0, turn), sent(1, turn)]
        with ThreadPoolExecutor(2) as threads:
            told = [one.fate for receipts in threads.map(taken, (0, 1), batches) for one in receipts]
        assert (told.count(Fate.STORED), told.count(Fate.REFUSED)) == (300, 300)
    assert [troubles(store, one.name) for one in pair] == [[], []]


# The other addresses


def test_the_server_tells_its_time_and_whether_it_is_well(client: httpx.Client) -> None:
    told = datetime.fromisoformat(client.get("/v1/time").json()["at"])
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    assert client.get("/healthz").text == "ok"
    assert "Nothing is here" in sentence(client.get("/"), 404)
    sentence(client.get("/v1/measurements"), 405)


def test_a_store_that_is_away_is_not_ready(client: httpx.Client, store: Store) -> None:
    with store.transaction() as connection:
        connection.exec_driver_sql("alter table round rename to round_away")
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]
