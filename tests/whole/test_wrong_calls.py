"""What a person gets wrong: one clear sentence on stderr, exit status 2, no traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs the program with a home of its own."""

    def run(*arguments: str, config: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "kedergi.toml"
        file.write_text(
            config if "sqlite:" in config else f'{config}\n[store]\nurl = "sqlite:///{tmp_path}/store.db"\n'
        )
        command = [sys.executable, "-m", "kedergi", *(word.replace("CONFIG", str(file)) for word in arguments)]
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        env = {**os.environ, **home, **environment}
        return subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )

    return run


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What was said, which must be one line."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[probe]\nintervall = '3m'", ["probe.intervall", "interval"]),
        ("[probe]\ninterval = 'soon'", ["probe.interval", "'soon'", '"5s"', '"7d"']),
        ("[probe]\nconcurrency = 0", ["probe.concurrency", "0", "1"]),
        ("[dns]\nresolvers = ['8.8.8.8']", ["dns.resolvers", "8.8.8.8", "udp://"]),
        ("[control]\nurl = 'ftp://x'", ["control.url", "ftp://x", "http://"]),
        ("colour = 1", ["colour", "vantage", "probe"]),
        ("[probe", ["TOML"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(call: Call, config: str, words: list[str]) -> None:
    said = sentence(call("check", "--config", "CONFIG", "https://ratel.kz/", config=config))
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ratel.kz", ["ratel.kz", "https://ratel.kz/"]),
        ("ftp://ratel.kz/", ["ftp"]),
        ("https://a:b@ratel.kz/", ["user"]),
    ],
)
def test_a_url_that_is_not_http_is_named(call: Call, url: str, words: list[str]) -> None:
    said = sentence(call("check", "--config", "CONFIG", url))
    assert [word for word in words if word not in said] == []
    assert "b@" not in said


def test_nothing_to_check_is_said(call: Call) -> None:
    assert "URL or --list" in sentence(call("check", "--config", "CONFIG"))


def test_a_missing_configuration_file_is_named(call: Call, tmp_path: Path) -> None:
    assert f"{tmp_path}/none.toml" in sentence(call("check", "--config", f"{tmp_path}/none.toml", "https://ratel.kz/"))


def test_a_missing_list_is_named(call: Call, tmp_path: Path) -> None:
    done = call("check", "--config", "CONFIG", "--list", f"{tmp_path}/none.csv")
    assert done.returncode == 2
    assert f"{tmp_path}/none.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_list_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    done = call("up", "--accept-risks", "--config", "CONFIG", config=f"[probe]\nlists = ['{tmp_path}/empty.txt']")
    assert done.returncode == 2
    assert "empty.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(call: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = sentence(call("up", "--accept-risks", "--port", port, "--config", "CONFIG"))
    assert port in said
    assert "--port" in said


def test_without_consent_nothing_is_sent(call: Call) -> None:
    done = call("probe", "--config", "CONFIG")  # `up` asks on a page: tests/server/test_consent_page.py
    assert done.returncode == 2
    assert "--accept-risks" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_store_that_cannot_be_opened_is_named(call: Call) -> None:
    done = call(
        "check", "--config", "CONFIG", "https://ratel.kz/", config="[store]\nurl = 'sqlite:////proc/none/kedergi.db'"
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_roots_file_that_is_none_is_named(call: Call, tmp_path: Path) -> None:
    said = sentence(call("check", "--config", "CONFIG", "https://ratel.kz/", SSL_CERT_FILE=f"{tmp_path}/none.pem"))
    assert f"{tmp_path}/none.pem" in said


def test_the_control_needs_a_token_or_to_be_open(call: Call) -> None:
    assert "--token" in sentence(call("control", "--port", "18734"))


@pytest.mark.parametrize("command", ["up", "check", "probe", "control", "targets", "doctor"])
def test_each_command_explains_itself(call: Call, command: str) -> None:
    done = call(command, "--help")
    assert done.returncode == 0
    assert command == "targets" or "Example: kedergi" in done.stdout
