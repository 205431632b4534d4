"""The server's key for cookies, forms and secrets: made once, readable by its owner alone, one for each purpose."""

import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.config import ConfigError, ServerSection
from server.accounts.keys import KEY_FILE, Keys, kept_keys

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def digest(folder: Path) -> str:
    return kept_keys(folder).digest("a", "b")


def test_all_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8) as pool:
        found = set(pool.map(digest, [tmp_path / "new"] * 24))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((tmp_path / "new" / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("held", [b"", b"short", b"\xff\xfe"])
def test_a_file_that_is_no_key_is_one_sentence_and_stays(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(held)
    with pytest.raises(ConfigError, match=KEY_FILE):
        kept_keys(tmp_path)
    assert path.read_bytes() == held


def test_what_was_signed_or_sealed_for_one_purpose_is_nothing_for_another() -> None:
    keys, others = Keys(b"a" * 32), Keys(b"b" * 32)
    signed, sealed = keys.signed("session", "text"), keys.sealed("totp", "text", now=NOW)
    assert (keys.read("session", signed), keys.opened("totp", sealed)) == ("text", "text")
    assert [keys.read("browser", signed), others.read("session", signed)] == [None, None]
    assert [keys.opened("session", sealed), others.opened("totp", sealed)] == [None, None]


def test_a_seal_with_a_limit_ends() -> None:
    keys = Keys(b"a" * 32)
    sealed = keys.sealed("offered", "text", now=NOW)
    seen = [keys.opened_within(60, "offered", sealed, now=NOW + timedelta(seconds=age)) for age in (0, 60, 61)]
    assert seen == ["text", "text", None]


@pytest.mark.parametrize("name", ["a b", "https://a.org", "a.org:0", "a.org:99999", "a.org/x", "user@a.org", ""])
def test_a_name_of_the_server_is_a_host_name(name: str) -> None:
    with pytest.raises(ValueError, match="allowed is a host name"):
        ServerSection.model_validate({"name": name})
