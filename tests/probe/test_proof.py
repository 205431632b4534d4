"""`kedergi verify`: what it prints and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from results.store import Store
from tests.results.test_links import HOME, fill


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "kedergi.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "store.db"}"\n')
    return file


def filled(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'store.db'}")
    fill(store, 3)
    return store


def verify(config: Path, *more: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "kedergi", "verify", "--config", str(config), *more]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)


def test_what_fits_is_said_with_the_digest_to_note(config: Path, tmp_path: Path) -> None:
    filled(tmp_path).close()
    done = verify(config)
    assert (done.returncode, done.stderr) == (0, "")
    said, newest = done.stdout.splitlines()
    assert said == f"{HOME.name}: 3 measurements in its chain, none is missing or altered."
    digest = newest.rpartition(" ")[2]
    assert len(digest) == 64
    assert verify(config, "--noted", digest).returncode == 0


def test_what_was_altered_is_named(config: Path, tmp_path: Path) -> None:
    store = filled(tmp_path)
    with store._engine.begin() as connection:
        connection.execute(sa.text("update link set digest = 'x' where number = 3"))
    store.close()
    done = verify(config)
    assert done.returncode == 1
    assert "1 of them wrong or missing" in done.stdout
    assert f"number 3, 2026-11-22T09:02:00.000Z, https://ratel.kz/, {HOME.name} 3: The measurement" in done.stdout
    [chain] = map(json.loads, verify(config, "--format", "json").stdout.splitlines())
    assert (chain["vantage"], chain["links"], chain["head"]) == (HOME.name, 3, "x")
    assert [(one["number"], one["uid"]) for one in chain["troubles"]] == [(3, f"{HOME.name} 3")]


def test_a_digest_that_is_not_there_any_more_is_said(config: Path, tmp_path: Path) -> None:
    filled(tmp_path).close()
    done = verify(config, "--noted", "f" * 64)
    assert done.returncode == 1
    assert f"no measurement here has the digest {'f' * 64}" in done.stderr


def test_an_empty_store_is_said_to_be_one(config: Path) -> None:
    done = verify(config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "kedergi: nothing is stored yet.\n")


def test_a_wrong_configuration_is_one_sentence_and_status_2(config: Path) -> None:
    config.write_text("[store]\nplace = 1\n")
    assert verify(config).returncode == 2
