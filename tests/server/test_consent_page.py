"""Consent in a browser: nothing is sent before it, and the pages follow on the same port."""

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe import consent
from probe.consent import items
from server.consent_page import ConsentPage, until_agreed
from server.listen import bound
from tests.probe.servers import site

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TO = items(["kz"], [1, 2], [])
RIGHT = {"question-1": "false", "question-2": "true"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Browser:
    """Sends one request at a time, as a browser does, and says where it comes from."""

    port: int

    async def get(self, path: str = "/consent", *, host: str = "") -> Answer:
        return await self._asked(f"GET {path}", b"", {"Host": host or f"127.0.0.1:{self.port}"})

    async def post(self, form: dict[str, str], *, origin: str = "", path: str = "/consent") -> Answer:
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        own = f"127.0.0.1:{self.port}"
        headers = {"Host": own, "Origin": origin or f"http://{own}", "Content-Length": str(len(body))}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await self._asked(f"POST {path}", body, headers)

    async def token(self) -> str:
        found = re.search(r'name="token" value="([\w-]+)"', (await self.get()).text)
        assert found
        return found[1]

    async def _asked(self, line: str, body: bytes, headers: dict[str, str]) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{line} HTTP/1.1\r\n{said}Connection: close\r\n\r\n".encode() + body)
        raw = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        head, _, text = raw.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        found = dict(line.lower().split(": ", 1) for line in lines)
        return Answer(int(first.split()[1]), found, text)


@asynccontextmanager
async def asking(folder: Path, language: str = "en") -> AsyncIterator[tuple[Browser, "asyncio.Task[None]"]]:
    with bound("127.0.0.1", 0) as sock:
        waiting = asyncio.create_task(until_agreed(sock, ConsentPage(folder, TO, lambda: NOW, language)))
        yield Browser(sock.getsockname()[1]), waiting
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_who_answers_both_rightly_has_consented_to_what_was_shown(tmp_path: Path) -> None:
    async with asking(tmp_path) as (browser, waiting):
        answer = await browser.post({**RIGHT, "token": await browser.token()})
        await waiting
    assert answer.status == 200
    assert answer.headers["refresh"] == "2; url=/"
    assert consent.missing(tmp_path, TO) == []


async def test_the_page_says_all_that_the_terminal_says(tmp_path: Path) -> None:
    async with asking(tmp_path) as (browser, _):
        text = (await browser.get()).text.replace("&#39;", "'")
    sheet = consent.sheet("en")
    for part in (sheet.opening, *sheet.points, *sheet.closing, *(question.statement for question in sheet.questions)):
        assert part in text
    assert "<script" not in text


async def test_each_language_is_a_link_away_and_the_machines_is_the_first(tmp_path: Path) -> None:
    async with asking(tmp_path, "kk") as (browser, _):
        first, other = await browser.get(), await browser.get("/consent?language=ru")
        odd = await browser.get("/consent?language=../en")
    assert consent.sheet("kk").heading not in first.text
    assert '<html lang="kk">' in first.text
    assert consent.sheet("kk").points[0] in first.text
    assert consent.sheet("ru").points[0] in other.text
    assert '<html lang="kk">' in odd.text


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"question-1": "true", "question-2": "true"}, consent.sheet("en").questions[0].correction),
        ({"question-1": "false", "question-2": "false"}, consent.sheet("en").questions[1].correction),
        ({"question-1": "false"}, consent.sheet("en").page["missing"]),
    ],
    ids=["first wrong", "second wrong", "second left out"],
)
async def test_a_wrong_answer_is_explained_and_the_others_stay(
    tmp_path: Path, answers: dict[str, str], says: str
) -> None:
    async with asking(tmp_path) as (browser, waiting):
        answer = await browser.post({**answers, "token": await browser.token()})
        assert not waiting.done()
    assert answer.status == 422
    assert answer.text.count(says) == 1
    assert answer.text.count(" checked") == len(answers)
    assert not consent.given(tmp_path)


async def test_a_form_of_another_page_is_not_taken(tmp_path: Path) -> None:
    async with asking(tmp_path) as (browser, _):
        token = await browser.token()
        assert (await browser.post({**RIGHT, "token": token}, origin="http://evil.example")).status == 403
        assert (await browser.post({**RIGHT, "token": "guessed"})).status == 403
        assert (await browser.post(RIGHT)).status == 403
        assert (await browser.post({**RIGHT, "token": "x" * 5000})).status == 413
    assert not consent.given(tmp_path)


async def test_a_name_that_points_here_is_not_served(tmp_path: Path) -> None:
    async with asking(tmp_path) as (browser, _):
        assert (await browser.get(host="evil.example")).status == 421
        answer = await browser.get("/measurement/1")
    assert (answer.status, answer.headers["location"]) == (303, "/consent")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_what_is_new_since_is_said(tmp_path: Path) -> None:
    consent.give(tmp_path, NOW, items(["kz"], [1], []))
    async with asking(tmp_path) as (browser, _):
        text = (await browser.get()).text
    assert "sites of tier 2 are measured" in text


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be", "utf-8")
    async with asking(tmp_path / "taken") as (browser, waiting):
        await browser.post({**RIGHT, "token": await browser.token()})
        with pytest.raises(consent.ConsentMissing, match=r"^Can't keep the consent in .*\.$"):
            await waiting


# The whole program


async def test_up_without_a_terminal_asks_on_a_page_sends_nothing_before_and_goes_on_there(tmp_path: Path) -> None:
    met: list[object] = []
    reached = asyncio.Event()

    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer.get_extra_info("peername"))
        reached.set()

    async with site(peer) as port:
        (tmp_path / "list.txt").write_text(f"http://127.0.0.1:{port}/\n")
        (tmp_path / "kedergi.toml").write_text(
            f"[probe]\nlists = ['{tmp_path}/list.txt']\n[dns]\ntrusted = []\n[reference]\nurls = ['http://127.0.0.1:{port}/']\n"
        )
        own = free_port()
        env = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "LC_ALL": "ru_KZ.UTF-8"}
        command = ["-m", "kedergi", "up", "--port", str(own), "--config", f"{tmp_path}/kedergi.toml"]
        pipe = asyncio.subprocess.PIPE
        env = {name: value for name, value in env.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
        program = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=env, stderr=pipe, stdin=asyncio.subprocess.DEVNULL
        )
        assert program.stderr is not None
        try:
            async with asyncio.timeout(60):
                said = (await program.stderr.readline()).decode()
                assert f"http://127.0.0.1:{own}/consent" in said
                assert "согласи" in said
                browser = Browser(own)
                assert '<html lang="ru">' in (await browser.get()).text
                assert met == []
                await browser.post({**RIGHT, "token": await browser.token()})
                assert "Kedergi" in (await program.stderr.readline()).decode()
                assert (await browser.get("/")).status == 200
                await reached.wait()
        finally:
            program.terminate()
            await program.communicate()
        assert program.returncode == 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
