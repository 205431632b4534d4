"""A vantage joins with a code that is good once: what it is told, and why another one is not let in."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from results.store import Store
from server.joining import members, revoke
from tests.server.intake.conftest import Joined, Serving, code
from tests.server.intake.sending import Sender, sentence


def test_a_code_lets_one_vantage_in_under_a_name_made_at_random(client: httpx.Client, store: Store) -> None:
    said = Sender(client).enrol(code(store, vantage_class="mobile", country="KG"))
    told = said.json()
    assert said.status_code == 200
    assert {name: told[name] for name in ("class", "country")} == {"class": "mobile", "country": "KG"}
    assert re.fullmatch(r"v-[0-9a-f]{8}", told["vantage"])
    assert datetime.fromisoformat(told["at"]).tzinfo is not None
    assert [(one.row.vantage, one.row.country) for one in members(store)] == [(told["vantage"], "KG")]


def test_a_code_is_long_and_has_no_letters_that_look_alike(store: Store) -> None:
    made = code(store)
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){5}[2-9A-HJ-NP-Z]{4}", made)


def test_a_code_is_read_however_a_person_writes_it(client: httpx.Client, store: Store) -> None:
    assert Sender(client).enrol(f" {code(store).lower().replace('-', ' ')}").status_code == 200


def test_an_answer_that_was_lost_is_given_again(client: httpx.Client, store: Store) -> None:
    sender, invited = Sender(client), code(store)
    first, again = sender.enrol(invited).json(), sender.enrol(invited).json()
    assert first["vantage"] == again["vantage"]
    assert len(members(store)) == 1


def test_unknown_used_and_expired_codes_are_refused_with_one_and_the_same_sentence(
    client: httpx.Client, store: Store
) -> None:
    used, expired = code(store), code(store, now=datetime.now(UTC) - timedelta(hours=49))
    assert Sender(client).enrol(used).status_code == 200
    said = {sentence(Sender(client).enrol(one), 403) for one in (used, expired, "ABCD-EFGH")}
    assert len(said) == 1
    assert len(members(store)) == 1


def test_a_code_that_has_expired_is_not_answered_again(client: httpx.Client, store: Store) -> None:
    sender, invited = Sender(client), code(store)
    sender.enrol(invited)
    with store.transaction() as connection:
        connection.exec_driver_sql("update invitation set expires_at = joined_at from member")
    sentence(sender.enrol(invited), 403)


def test_a_revoked_vantage_does_not_come_back_with_its_code(client: httpx.Client, store: Store) -> None:
    sender, invited = Sender(client), code(store)
    sender.enrol(invited)
    assert revoke(store, sender.name, now=datetime.now(UTC))
    sentence(sender.enrol(invited), 403)


def test_a_key_that_has_joined_does_not_use_up_a_second_code(
    sender: Sender, client: httpx.Client, store: Store
) -> None:
    second = code(store)
    assert "new key" in sentence(sender.enrol(second), 403)
    assert Sender(client).enrol(second).status_code == 200


def test_only_who_has_the_key_joins_with_it(client: httpx.Client, store: Store) -> None:
    invited = code(store)
    sentence(Sender(client).enrol(invited, public=Sender(client).identity.public), 401)
    assert "clock" in sentence(Sender(client).enrol(invited, ahead=timedelta(minutes=9)), 401)
    assert members(store) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b'{"code": 1, "public_key": "a"}', 422),
        (b'{"code": "a", "public_key": "a"}', 422),
        (b'{"code": "a", "public_key": "AAAA"}', 422),
        (b'{"code": "a"' + b" " * 5000 + b"}", 413),
    ],
)
def test_what_is_no_request_to_join_is_told_why(client: httpx.Client, body: bytes, status: int) -> None:
    sentence(Sender(client).post("/v1/enrol", body, {"content-type": "application/json"}), status)


def test_two_that_come_at_once_with_one_code_do_not_both_join(serving: Serving, store: Store, joined: Joined) -> None:
    from concurrent.futures import ThreadPoolExecutor

    joined()  # the tables' pages are warm
    invited, clients = code(store), [serving(store) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(lambda one: Sender(one).enrol(invited).status_code, clients))
    assert sorted(said) == [200, 403, 403, 403]
