"""`kedergi episodes` over a store: what it tells is what the points in it say, and nothing is written."""

import json
import subprocess
import sys
from pathlib import Path

from results.store import Store
from tests.results.build import HOME
from tests.results.test_history import BLOCK, RATEL, looks, put


def command(config: Path) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "kedergi", "episodes", "--config", str(config), "--format", "json"]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)


def test_episodes_come_from_the_store_of_the_configuration(tmp_path: Path) -> None:
    """Also those that no running program has folded yet."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(url)
    put(store, looks(RATEL, HOME, BLOCK))
    store.close()
    config = tmp_path / "kedergi.toml"
    config.write_text(f'[store]\nurl = "{url}"\n')
    done = command(config)
    assert (done.returncode, done.stderr) == (0, "")
    [episode] = map(json.loads, done.stdout.splitlines())
    told = (episode["series"], episode["kind"], episode["state"], episode["bad"])
    assert told == ("https://ratel.kz/ AS9198", "blocking", "closed", 30)


def test_a_wrong_configuration_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    config = tmp_path / "kedergi.toml"
    config.write_text("[store]\nplace = 1\n")
    done = command(config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown key store.place; allowed here: url" in done.stderr
