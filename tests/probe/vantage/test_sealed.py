"""A seal: whoever carries what is sealed can read it, and can't take out, add or alter anything."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from probe.vantage.identity import Identity
from probe.vantage.sealed import Head, Kind, NotSealed, Sealed, between, checked, kind_of, lines_of, write

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
KEY = Identity(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Identity(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
LINES = [b'{"uid":"a"}', '{"uid":"ә"}'.encode(), b'{"uid":"c"}']


def sealed(lines: list[bytes] = LINES, kind: Kind = Kind.OUTBOX, key: Identity = KEY) -> bytes:
    out = io.BytesIO()
    write(out, key, kind, lines, made_at=AT, vantage="kz-home-7f3a", nonce="n0")
    return out.getvalue()


def key_of(_head: Head) -> Ed25519PublicKey:
    return KEY.key.public_key()


def check(content: bytes, kind: Kind = Kind.OUTBOX) -> Sealed:
    return checked(content.splitlines(), kind, key_of)


def test_what_is_sealed_is_read_again_line_by_line() -> None:
    found = check(sealed())
    assert (found.lines, found.head.vantage, found.head.made_at, found.head.nonce) == (3, "kz-home-7f3a", AT, "n0")
    assert found.head.key_id == KEY.key_id
    assert list(between(sealed().splitlines())) == LINES


def test_nothing_may_be_sealed_as_well() -> None:
    assert check(sealed([])).lines == 0
    assert list(between(sealed([]).splitlines())) == []


def test_the_form_is_as_it_is_documented() -> None:
    """Anybody can look at a seal with nothing but SHA-256 and Ed25519."""
    import base64
    import hashlib

    *body, last = sealed().splitlines(keepends=True)
    seal = json.loads(last)
    assert json.loads(body[0]) == {
        "kedergi": "outbox",
        "schema": 1,
        "key_id": KEY.key_id,
        "made_at": "2026-11-22T08:30:00.000Z",
        "vantage": "kz-home-7f3a",
        "nonce": "n0",
    }
    assert seal["sha256"] == hashlib.sha256(b"".join(body)).hexdigest()
    signed = f"kedergi outbox 1\n{seal['lines']}\n{seal['sha256']}\n".encode()
    KEY.key.public_key().verify(base64.b64decode(seal["signature"]), signed)


def altered(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"\n".join(change(sealed().splitlines()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], "was altered"),
        (lambda lines: [*lines[:-1], b'{"uid":"d"}', lines[-1]], "was altered"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "was altered"),
        (lambda lines: [lines[0], lines[1].replace(b"a", b"b"), *lines[2:]], "was altered"),
        (lambda lines: [lines[0].replace(b"7f3a", b"7f3b"), *lines[1:]], "was altered"),
        (lambda lines: [lines[0].replace(b"n0", b"n1"), *lines[1:]], "was altered"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-1], lines[-1][:-5]], "cut off"),
        (lambda lines: lines[:1], "cut off"),
        (lambda lines: [*lines, b'{"uid":"e"}'], "cut off"),
        (lambda _lines: [], "not one that Kedergi wrote"),
        (lambda lines: lines[1:], "not one that Kedergi wrote"),
        (lambda lines: [lines[0].replace(b'"schema":1', b'"schema":2'), *lines[1:]], "newer program"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b'"lines":3', b'"lines":2')], "was altered"),
        (lambda lines: [*lines[:-1], json.dumps({**json.loads(lines[-1]), "signature": "AAAA"}).encode()], "altered"),
        (lambda lines: [*lines[:-1], json.dumps({**json.loads(lines[-1]), "signature": "ä"}).encode()], "altered"),
        (lambda _lines: sealed(key=OTHER).splitlines(), "another key"),
    ],
)  # fmt: skip
def test_whatever_is_done_to_it_shows(change: Callable[[list[bytes]], list[bytes]], says: str) -> None:
    with pytest.raises(NotSealed, match=says):
        check(altered(change))


def test_a_seal_of_one_kind_is_none_of_another() -> None:
    with pytest.raises(NotSealed, match="holds receipts and not outbox"):
        check(sealed(kind=Kind.RECEIPTS))
    renamed = sealed(kind=Kind.RECEIPTS).replace(b'"receipts"', b'"outbox"')
    with pytest.raises(NotSealed, match="altered"):
        check(renamed)


def test_who_is_not_known_has_sealed_nothing() -> None:
    with pytest.raises(NotSealed, match="nobody here knows"):
        checked(sealed().splitlines(), Kind.OUTBOX, lambda _head: None)


@pytest.mark.parametrize(
    "carried", [bytes, gzip.compress, zstandard.compress, lambda text: text.replace(b"\n", b"\r\n")]
)
def test_packing_and_other_ends_of_lines_change_nothing(carried: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "outbox"
    file.write_bytes(carried(sealed()))
    assert kind_of(file) is Kind.OUTBOX
    assert checked(lines_of(file), Kind.OUTBOX, key_of).lines == 3
    assert list(between(lines_of(file))) == LINES


@pytest.mark.parametrize(
    "content",
    [b"", b'{"schema":1}\n', b"\0\1\2", gzip.compress(sealed(), mtime=0)[:40]],
    ids=["empty", "another", "binary", "cut off"],
)
def test_other_files_are_told_apart_by_their_first_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    assert kind_of(file) is None
    assert kind_of(tmp_path / "absent") is None


def test_a_packed_file_that_ends_too_soon_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "outbox.gz"
    file.write_bytes(gzip.compress(sealed([b"%d" % number * 1000 for number in range(100)]))[:-30])
    with pytest.raises(NotSealed, match="damaged or cut off"):
        checked(lines_of(file), Kind.OUTBOX, key_of)


def test_one_line_at_a_time_is_in_memory() -> None:
    """A line is asked for only when the one before it has been written."""
    out = io.BytesIO()

    def lines() -> Iterator[bytes]:
        for number in range(1000):
            assert out.tell() > number * 1000
            yield b"x" * 1000

    assert write(out, KEY, Kind.OUTBOX, lines(), made_at=AT, vantage="", nonce="").lines == 1000
