"""Signed requests: what was altered, by whomever and wherever, is not believed; and a wrong clock is told as one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probe.vantage import signing
from probe.vantage.identity import Identity, make
from probe.vantage.signing import WINDOW, NotSigned, Signed, WrongClock, sign, verified

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://kedergi.example.org/v1/measurements"
BODY = b"packed lines"
PLAIN = {"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd", "Kedergi-Interval": "1800"}
ALTERED = "altered, or signed with another key"
UNSIGNED = "not signed as RFC 9421 says"


@pytest.fixture
def key(tmp_path: Path) -> Identity:
    return make(tmp_path)


def signed(key: Identity, **more: Any) -> dict[str, Any]:
    headers = more.pop("headers", PLAIN)
    given: dict[str, Any] = {"now": NOW, "nonce": "n-1"} | more
    return {"method": "POST", "url": URL, "headers": sign(key, "POST", URL, headers, BODY, **given), "body": BODY}


def believed(key: Identity, request: dict[str, Any], now: datetime = NOW) -> Signed:
    known = {key.key_id: key.key.public_key()}
    return verified(**request, key_of=known.get, now=now)


def header(request: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    return request | {"headers": request["headers"] | {name: value}}


def replaced(request: dict[str, Any], pattern: str, by: str) -> dict[str, Any]:
    written, count = re.subn(pattern, by, request["headers"]["Signature-Input"])
    assert count == 1
    return header(request, "Signature-Input", written)


def test_what_was_signed_is_believed_and_says_who_and_when(key: Identity) -> None:
    assert believed(key, signed(key)) == Signed(key.key_id, "n-1", NOW)


def test_a_request_without_an_encoding_is_believed_too(key: Identity) -> None:
    request = signed(key, headers={"Content-Type": "application/json"})
    assert believed(key, request).key_id == key.key_id


def test_header_names_may_come_in_small_letters(key: Identity) -> None:
    request = signed(key)
    small = {name.lower(): value for name, value in request["headers"].items()}
    assert believed(key, request | {"headers": small}).nonce == "n-1"


ALTERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "method": lambda request: request | {"method": "PUT"},
    "host": lambda request: request | {"url": "https://other.example.org/v1/measurements"},
    "path": lambda request: request | {"url": "https://kedergi.example.org/v1/enrol"},
    "body": lambda request: request | {"body": b"other lines"},
    "no body": lambda request: request | {"body": b""},
    "content type": lambda request: header(request, "Content-Type", "text/plain"),
    "encoding": lambda request: header(request, "Content-Encoding", "gzip"),
    "digest": lambda request: header(request, "Content-Digest", "sha-256=:AAAA:"),
    "signature": lambda request: header(request, "Signature", "sig1=:" + "A" * 86 + "==:"),
    "time": lambda request: replaced(request, r"created=\d+", f"created={int(NOW.timestamp()) + 1}"),
    "nonce": lambda request: replaced(request, "n-1", "n-2"),
    "tag": lambda request: replaced(request, 'tag="kedergi"', 'tag="other"'),
    "no nonce": lambda request: replaced(request, ';nonce="n-1"', ""),
    "no tag": lambda request: replaced(request, ';tag="kedergi"', ""),
    "body not covered": lambda request: replaced(request, ' "content-digest"', ""),
    "path not covered": lambda request: replaced(request, ' "@path"', ""),
}


@pytest.mark.parametrize("altered", ALTERATIONS.values(), ids=ALTERATIONS)
def test_whatever_is_altered_the_request_is_not_believed(
    key: Identity, altered: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    with pytest.raises(NotSigned, match=ALTERED):
        believed(key, altered(signed(key)))


@pytest.mark.parametrize("name", ["Content-Type", "Content-Digest", "Signature", "Content-Encoding"])
def test_a_header_that_is_missing_is_no_signature(key: Identity, name: str) -> None:
    request = signed(key)
    left = {known: value for known, value in request["headers"].items() if known != name}
    with pytest.raises(NotSigned):
        believed(key, request | {"headers": left})


def test_an_encoding_that_was_put_in_is_not_believed(key: Identity) -> None:
    """It would make other lines of the same bytes."""
    request = signed(key, headers={"Content-Type": "application/x-ndjson"})
    with pytest.raises(NotSigned, match=ALTERED):
        believed(key, header(request, "Content-Encoding", "zstd"))


def test_an_empty_nonce_is_none(key: Identity) -> None:
    with pytest.raises(NotSigned):
        believed(key, signed(key, nonce=""))


def test_a_signature_that_was_made_for_something_else_is_not_believed(
    key: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(signing, "TAG", "other")
        request = signed(key)
    with pytest.raises(NotSigned, match=ALTERED):
        believed(key, request)


def test_another_key_of_the_same_name_is_not_believed(key: Identity) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(NotSigned, match=ALTERED):
        verified(**signed(key), key_of=lambda _id: other, now=NOW)


def test_an_unknown_key_is_told_as_one(key: Identity) -> None:
    with pytest.raises(NotSigned, match="has not joined, or was revoked"):
        verified(**signed(key), key_of=lambda _id: None, now=NOW)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "sig1=()",
        'sig1=();created=1;keyid="abc"',
        f'sig1=();created=1;created=2;keyid="{"a" * 64}"',
        f'sig1=();created=99999999999999;keyid="{"a" * 64}"',
        f'sig1=();keyid="{"a" * 64}"',
    ],
)
def test_what_is_no_signature_is_said_to_be_none(key: Identity, written: str) -> None:
    with pytest.raises(NotSigned, match=UNSIGNED):
        believed(key, header(signed(key), "Signature-Input", written))


@pytest.mark.parametrize(
    ("ahead_s", "where"), [(301, "301 s ahead of"), (-301, "301 s behind"), (86400, "86400 s ahead")]
)
def test_a_wrong_clock_is_told_with_how_far_off_it_is(key: Identity, ahead_s: int, where: str) -> None:
    ahead = timedelta(seconds=ahead_s)
    with pytest.raises(WrongClock, match=where) as caught:
        believed(key, signed(key, now=NOW + ahead))
    assert caught.value.ahead == ahead
    assert "5 minutes are allowed" in str(caught.value)


@pytest.mark.parametrize("ahead", [WINDOW, -WINDOW, timedelta()])
def test_a_clock_within_the_window_is_believed(key: Identity, ahead: timedelta) -> None:
    assert believed(key, signed(key, now=NOW + ahead)).created == NOW + ahead


def test_a_wrong_clock_is_told_only_to_whom_is_genuine(key: Identity) -> None:
    """Else anybody could ask what the server's clock says of a key."""
    request = signed(key, now=NOW - timedelta(days=1))
    with pytest.raises(NotSigned) as caught:
        believed(key, request | {"body": b"other lines"})
    assert not isinstance(caught.value, WrongClock)


def test_nothing_of_the_request_is_in_what_is_said(key: Identity) -> None:
    with pytest.raises(NotSigned) as caught:
        believed(key, header(signed(key), "Content-Type", "hunter2"))
    assert "hunter2" not in str(caught.value)
