"""A disk that fills up: one clear sentence, status 2, and what was stored before is whole."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import Lab, Site

pytestmark = [pytest.mark.lab, pytest.mark.whole]

HOSTS = 60
# Room for the tables and some measurements, not for all.
FILL = "mount -t tmpfs -o size={kb}k none {folder} && {command}; status=$?; cp {folder}/k.db* {kept}/; exit $status"


@pytest.mark.parametrize(
    "command", ["check --list {list} --format json", "up --accept-risks --port 18735", "probe --accept-risks"]
)
def test_a_full_disk_is_said_and_what_was_stored_is_whole(
    make_lab: Callable[..., Lab], list_file: Callable[[list[str]], Path], tmp_path: Path, command: str
) -> None:
    names = [f"h{number}.near-by.org" for number in range(HOSTS)]
    lab = make_lab(sites=[Site(name) for name in names], delay_ms=1)
    sites = list_file([f"https://{name}/" for name in names])
    folder, kept = tmp_path / "disk", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    config = lab.config(store={"url": f"sqlite:///{folder}/k.db"}, probe={"lists": [str(sites)], "interval": "5s"})
    words = f"kedergi {command.format(list=sites)} --config {config}"
    done = lab.run(["sh", "-c", FILL.format(kb=960, folder=folder, command=words, kept=kept)], timeout_s=60)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "disk is full" in done.stderr.splitlines()[-1]
    assert str(folder) in done.stderr.splitlines()[-1]
    with sqlite3.connect(kept / "k.db") as store:
        counts = [
            store.execute(f"select count(*) from {table}").fetchone()[0]
            for table in ("measurement", "evidence", "verdict")
        ]
    store.close()
    assert counts[0] > 0
    assert counts == [counts[0]] * 3
