"""The key of a vantage: who may read its file, what is never written over, and what a broken one says."""

import base64
import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from probe.vantage import identity
from probe.vantage.identity import FILE, NoKey, load, make, public_key


def test_a_key_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    made = make(tmp_path / "new" / "folder")
    found = load(tmp_path / "new" / "folder")
    assert found is not None
    assert (found.public, found.key_id) == (made.public, made.key_id)


def test_each_vantage_has_its_own(tmp_path: Path) -> None:
    assert make(tmp_path / "a").key_id != make(tmp_path / "b").key_id


def test_only_its_owner_may_read_it_whatever_the_machine_allows(tmp_path: Path) -> None:
    make(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    make(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(NoKey, match="has a key already") as caught:
        make(tmp_path)
    assert str(tmp_path / FILE) in str(caught.value)
    assert (tmp_path / FILE).read_bytes() == before


def _of_another_kind() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _locked(folder: Path) -> bytes:
    return make(folder).key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"", "holds no key that can be used"),
        (b"garbage", "holds no key that can be used"),
        (b"\xff\xfe\x00", "holds no key that can be used"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no key that can be used"),
        (_of_another_kind(), "a key of another kind; allowed is Ed25519"),
    ],
    ids=["empty", "garbage", "no text", "no key in it", "another kind"],
)
def test_a_file_that_holds_no_key_of_ours_is_said_in_one_sentence(tmp_path: Path, written: bytes, says: str) -> None:
    (tmp_path / FILE).write_bytes(written)
    with pytest.raises(NoKey) as caught:
        load(tmp_path)
    assert str(tmp_path / FILE) in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_behind_a_password_is_none_that_can_be_used(tmp_path: Path) -> None:
    locked = _locked(tmp_path)
    (tmp_path / FILE).write_bytes(locked)
    with pytest.raises(NoKey, match="holds no key that can be used"):
        load(tmp_path)


def test_half_a_key_is_none(tmp_path: Path) -> None:
    make(tmp_path)
    written = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(written[: len(written) // 2])
    with pytest.raises(NoKey, match="holds no key that can be used"):
        load(tmp_path)


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(NoKey, match="can't be read from"):
        load(tmp_path)


def test_nothing_shows_the_private_half(tmp_path: Path) -> None:
    made = make(tmp_path)
    raw = made.key.private_bytes_raw()
    assert "Ed25519PrivateKey" not in repr(made)
    assert base64.b64encode(raw).decode() not in f"{made!r}{made}"


def test_the_public_half_is_32_bytes_and_its_id_their_digest(tmp_path: Path) -> None:
    made = make(tmp_path)
    raw = base64.b64decode(made.public)
    assert len(raw) == 32
    assert made.key_id == hashlib.sha256(raw).hexdigest()
    assert identity.key_id_of(public_key(made.public)) == made.key_id


@pytest.mark.parametrize("text", ["", "AAAA", "nothing!", base64.b64encode(b"x" * 33).decode()])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in the words of whoever finds out
        public_key(text)
