"""Whose machine a probe runs on is nowhere at the server: not in its store, its logs, its numbers, nor its exports.

The machine has a telling user, host name, home, hardware address, and addresses of both kinds; sites show the address
to whoever visits them, in the text, in fields, in redirects and in certificates.
"""

import gzip
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.lab import Lab, Site
from tests.server.postgres import Postgres, missing, postgres
from tests.whole.conftest import control, start_control
from tests.whole.traces import found, of_address, of_mac, searched, written

pytestmark = [pytest.mark.lab, pytest.mark.whole]

USER, HOST, MAC = "dauren-akhmetov-81", "almas-livingroom-7731", "02:c4:7b:e1:95:3d"
SECOND, IPV6 = "37.151.209.143", "2a03:32c0:7e:91b4::5a3f"
PORT, METRICS, LIMIT_S = 8741, 8742, 90.0
OUTSIDE = "95.56.219.171"  # of the router before the machine, which does not know it
MIRROR, PLAIN = "mirror.free-press.kz", "plain.free-press.kz"
THINGS = {
    "user": set(written(USER)),
    "host": set(written(HOST)),
    "hardware address": set(of_mac(MAC)),
    "second address": set(of_address(SECOND)),
    "address of the router": set(of_address(OUTSIDE)),
    "IPv6 address": set(of_address(IPV6)),
}

# A machine within the laboratory's: a name, a user, a home and a card of its own.
AT_HOME = f"""
set -e
hostname {HOST}
sed 's/^root:/{USER}:/' /etc/passwd > {{folder}}/passwd
printf '127.0.0.1 localhost\\n127.0.1.1 {HOST}\\n' > {{folder}}/hosts
cat /etc/hosts >> {{folder}}/hosts
mount --bind {{folder}}/passwd /etc/passwd
mount --bind {{folder}}/hosts /etc/hosts
exec "$@"
"""
CARD = f"""
ip link add home0 type veth peer name home1
ip link set home0 address {MAC} up
ip link set home1 up
ip address add {SECOND}/32 dev home0
ip address add {IPV6}/128 dev home0 nodad
"""


@pytest.mark.parametrize(
    "hidden",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode().hex().encode(),
        lambda text: b"x" + zlib.compress(f"in evidence {text}".encode()) + b"more",
        lambda text: gzip.compress(text.encode()),
        lambda text: json.dumps({"a": f"b{text}c"}).encode(),
    ],
    ids=["plain", "UTF-16", "UTF-16 the other way", "hexadecimal", "zlib", "gzip", "JSON"],
)
@pytest.mark.parametrize("text", [USER, HOST, MAC, SECOND, OUTSIDE, IPV6])
def test_what_is_hidden_in_some_writing_is_found(hidden: Callable[[str], bytes], text: str) -> None:
    assert len(found(THINGS, b"before" + hidden(text) + b"after")) >= 1
    assert found(THINGS, b"before and after") == []


class Server:
    """`kedergi serve` in the world outside, on PostgreSQL."""

    def __init__(self, lab: Lab, folder: Path, database: Postgres, lists: Path) -> None:
        self.lab, self.folder = lab, folder
        self.config = folder / "server.toml"
        self.url = f"http://{lab.control_ip}:{PORT}"
        self.env = {"XDG_DATA_HOME": str(folder / "data"), "HOME": str(folder)}
        store = json.dumps(database.create())
        self.config.write_text(f"[store]\nurl = {store}\n[probe]\nlists = [{json.dumps(str(lists))}]\n", "utf-8")
        self.start()

    def start(self) -> None:
        words = ["--host", self.lab.control_ip, "--port", str(PORT), "--metrics", f"127.0.0.1:{METRICS}"]
        command: list[str | Path] = ["kedergi", "serve", *words, "--config", self.config]
        with (self.folder / "log").open("ab") as log:
            self.process = self.lab.popen_in_world(command, env=self.env, stdout=log, stderr=log)
        end = time.monotonic() + LIMIT_S
        while self.lab.in_world(["curl", "--silent", "--fail", f"{self.url}/readyz"]).returncode:
            assert time.monotonic() < end
            assert self.process.poll() is None, (self.folder / "log").read_text("utf-8")
            time.sleep(0.2)

    def said(self, *words: str | Path) -> str:
        done = self.lab.in_world(["kedergi", *words, "--config", self.config], env=self.env, timeout_s=LIMIT_S)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0


@pytest.fixture
def database() -> Iterator[Postgres]:
    if why := missing():
        pytest.skip(why)
    # What PostgreSQL itself packs would be hidden from the search.
    with tempfile.TemporaryDirectory(prefix="kedergi-") as name, postgres(Path(name), "log_statement=all") as running:
        yield running


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    mirror = Site(MIRROR, http=None, https=None)
    made = make_lab(sites=[Site(PLAIN), mirror], delay_ms=5)
    start_control(made)
    command = [sys.executable, "-m", "tests.whole.mirror", made.ip_of(MIRROR), MIRROR, made.client_ip, OUTSIDE]
    process = made.popen_in_world(command, stdout=PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return made


def at_home(lab: Lab, *words: str | Path, timeout_s: float = LIMIT_S) -> tuple[int, str]:
    """A command of the program on that machine, as that user."""
    home = lab.folder / USER
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "USER": USER, "LOGNAME": USER, "USERNAME": USER, "HOSTNAME": HOST, "COLUMNS": "200"}
    env |= {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}
    script = AT_HOME.format(folder=lab.folder)
    command = ["unshare", "--uts", "--mount", "sh", "-c", script, "sh", "kedergi", *words]
    done = lab.run(command, env=env, cwd=home, timeout_s=timeout_s)
    return done.returncode, done.stdout + done.stderr


def test_nothing_at_the_server_tells_whose_machine_measured(lab: Lab, database: Postgres, tmp_path: Path) -> None:
    things = THINGS | {"address": set(of_address(lab.client_ip))}
    assert lab.run(["sh", "-e", "-c", CARD]).returncode == 0
    folder = tmp_path / "server"
    folder.mkdir()
    home = lab.folder / USER
    home.mkdir()
    lists = home / f"{USER}-sites.txt"
    lists.write_text("".join(f"{scheme}://{name}/\n" for scheme in ("http", "https") for name in (MIRROR, PLAIN)))
    shared = folder / "sites.txt"
    shared.write_bytes(lists.read_bytes())
    server = Server(lab, folder, database, shared)
    store = f"sqlite:///{home}/store.db"
    line = {"country": "KZ", "class": "home", "asn": 9198}
    config = lab.config(
        vantage=line, control=control(lab), probe={"lists": [str(lists)], "interval": "5s"}, store={"url": store}
    )
    code = server.said("members", "invite", "--class", "home", "--country", "KZ").split("\n", 1)[0]
    where = f"@{server.url}"
    assert at_home(lab, "vantage", "enrol", f"AAAA-{USER}{where}", "--yes", "--config", config)[0] != 0
    status, said = at_home(lab, "vantage", "enrol", f"{code}{where}", "--yes", "--config", config)
    assert status == 0, said

    status, said = at_home(lab, "probe", "--once", "--accept-risks", "--config", config)
    assert status == 0, said
    server.stop()  # what is measured meanwhile waits, and the probe meets errors
    at_home(lab, "probe", "--once", "--accept-risks", "--config", config)
    server.start()
    status, said = at_home(lab, "probe", "--once", "--accept-risks", "--config", config)
    assert status == 0, said
    [member] = [json.loads(line) for line in server.said("members", "list", "--format", "json").splitlines()]
    assert member["measurements"] >= 8, said + (folder / "log").read_text("utf-8")
    server.said("members", "revoke", member["vantage"])
    at_home(lab, "probe", "--once", "--accept-risks", "--config", config)

    numbers = lab.in_world(["curl", "--silent", f"http://127.0.0.1:{METRICS}/metrics"]).stdout
    assert "kedergi_measurements_total" in numbers
    for format_ in ("jsonl", "csv"):
        (folder / f"export.{format_}").write_text(server.said("export", "--format", format_), "utf-8")
    server.stop()
    evidence = (folder / "export.jsonl").read_text("utf-8")
    assert "[address]" in evidence  # the mirrors were met, and what they showed was masked
    assert "CN=" in evidence
    assert found(things, numbers.encode()) == []
    assert searched(things, folder) == {}
    with_rows = database.data
    database.stop()
    assert searched(things, with_rows) == {}
    # What PostgreSQL was told: every statement, whatever became of its row.
    assert found(things, database.log.read_bytes()) == []
