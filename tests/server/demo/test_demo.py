"""`kedergi up --demo`: every answer says that it is simulated, in each tongue, and nothing but the pages runs."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from results.store import Store
from server.demo.filling import file_of
from server.demo.run import create_demo
from server.pages.tongue import LANGUAGES
from tests.server.browser import axe
from tests.server.conftest import browser, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

_HREF = re.compile(r"(?:href|src)=\"(/[^\"#]*)")
_MOST = 60


@pytest.fixture(scope="module")
def home(demo: Store) -> Iterator[str]:
    with served(create_demo(demo)) as at:
        yield at


def shape(href: str) -> tuple[object, ...]:
    """Addresses of one shape show the same kind of page."""
    parts = urlsplit(href)
    last = re.sub(r"/(event|measurement)/[^/.]+", r"/\1/x", parts.path)
    return last, *sorted(name for name, _ in parse_qsl(parts.query))


@pytest.fixture(scope="module")
def answers(home: str) -> dict[str, httpx.Response]:
    """One of each kind of address to which the pages lead, from the first page on, and what is asked for beside."""
    found: dict[str, httpx.Response] = {}
    waiting, seen = ["/", "/nothing-is-here", "/site", "/measurement/nothing.json"], set()
    with httpx.Client(base_url=home) as client:
        while waiting and len(found) < _MOST:
            href = waiting.pop(0)
            if shape(href) in seen:
                continue
            seen.add(shape(href))
            found[href] = client.get(href)
            if "text/html" in found[href].headers["content-type"]:
                waiting += [unescape(one) for one in _HREF.findall(found[href].text)]
    return found


def test_every_answer_says_that_it_is_simulated(answers: dict[str, httpx.Response]) -> None:
    kinds = {answer.headers["content-type"].partition(";")[0] for answer in answers.values()}
    assert {"text/html", "text/csv", "application/json", "application/atom+xml", "image/svg+xml"} <= kinds
    silent = [
        href
        for href, answer in answers.items()
        if not href.startswith("/static/") and "simulated" not in answer.text.lower()
    ]
    assert silent == []
    assert {answer.headers["x-simulated"] for href, answer in answers.items() if "demo.css" not in href} == {"yes"}
    assert [href for href, answer in answers.items() if answer.status_code >= 500] == []


def test_every_page_says_it_first_and_in_its_title(answers: dict[str, httpx.Response]) -> None:
    pages = {href: one.text for href, one in answers.items() if "text/html" in one.headers["content-type"]}
    assert len(pages) > 8
    assert [href for href, text in pages.items() if "<title>Simulated: " not in text] == []
    assert [href for href, text in pages.items() if text.index("Nothing here was measured") > text.index("<main")] == []


def test_a_measurement_s_own_record_says_whence_it_was_made(home: str) -> None:
    page = httpx.get(f"{home}/site", params={"url": "https://www.azattyq.org/"}).text
    [uid, *_] = re.findall(r"/measurement/([\w-]+)", page)
    record = httpx.get(f"{home}/measurement/{uid}.json").json()
    assert record["simulated"].startswith("Nothing was measured")


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_is_said_in_the_reader_s_tongue(home: str, code: str) -> None:
    page = httpx.get(home, headers={"accept-language": code}).text
    assert f'<html lang="{code}">' in page
    assert 'class="simulated"' in page
    assert 'class="known"' in page


def test_the_first_page_leads_to_each_known_event(home: str) -> None:
    page = httpx.get(home).text
    known = page.partition('<section class="known"')[2].partition("</section>")[0]
    rows = known.partition("<tbody>")[2].count("<tr>")
    assert rows > 15
    assert known.count('class="event"') == rows
    hrefs = [unescape(href) for href in re.findall(r'href="(/[^"]+)"', known)]
    with httpx.Client(base_url=home) as client:
        assert [href for href in hrefs if client.get(href).status_code != 200] == []


def test_its_site_pages_open_where_something_is_seen(home: str) -> None:
    page = httpx.get(home).text
    known = page.partition('<section class="known"')[2].partition("</section>")[0]
    hrefs = [unescape(href) for href in re.findall(r'href="(/site[^"]+)"', known)]
    with httpx.Client(base_url=home) as client:
        empty = [href for href in hrefs if not re.search(r"blocked|throttled|be told", client.get(href).text)]
    assert empty == []


def test_a_head_and_a_packed_answer_are_as_those_of_any_page(home: str) -> None:
    assert httpx.head(home).headers["x-simulated"] == "yes"
    packed = httpx.get(home, headers={"accept-encoding": "gzip"})
    assert "Nothing here was measured" in packed.text


def test_no_connection_is_opened_to_show_it(demo: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("the demo needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    create_demo(demo)


# As a person starts it


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture
def data(tmp_path: Path, demo_file: Path) -> Path:
    """A data folder in which the demo has been filled before."""
    folder = tmp_path / "kedergi"
    folder.mkdir()
    shutil.copy(demo_file, file_of(folder))
    return tmp_path


def test_up_demo_asks_nothing_shows_the_demo_and_leaves_the_user_s_store_alone(data: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "kedergi", "up", "--demo", "--port", str(port)],
        env={**os.environ, "XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        assert "nothing is measured" in said[0]
        assert f"http://127.0.0.1:{port}/" in said[1]
        assert "Nothing here was measured" in httpx.get(f"http://127.0.0.1:{port}/").text
        process.terminate()
        assert process.wait(20) == 0
        assert "What was measured is stored" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    left = sorted(file.name for file in (data / "kedergi").iterdir())
    assert [name for name in left if not name.startswith("demo-")] == []


# As it is seen


@pytest.fixture(params=["light", "dark"])
def visit(request: pytest.FixtureRequest, browser: "Browser", home: str) -> Iterator[Callable[[str], "Page"]]:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=request.param)

    def go(path: str) -> "Page":
        page.goto(home + path)
        return page

    yield go
    page.close()


@pytest.mark.browser
def test_on_a_phone_nothing_is_cut_and_the_mark_stays_in_sight(visit: Callable[[str], "Page"]) -> None:
    page = visit("/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.mouse.wheel(0, 3000)
    page.wait_for_function("window.scrollY > 1000")
    assert page.locator(".simulated").bounding_box()["y"] == 0  # type: ignore[index]


@pytest.mark.browser
def test_axe_finds_nothing_wrong_with_the_list(visit: Callable[[str], "Page"]) -> None:
    assert json.dumps(axe.found(visit("/"))) == "[]"


@pytest.mark.browser
def test_on_paper_every_sheet_says_it(visit: Callable[[str], "Page"]) -> None:
    page = visit("/")
    page.emulate_media(media="print")
    across = "getComputedStyle(document.querySelector('.simulated'), '::after')"
    # What is fixed is printed on every sheet.
    assert page.evaluate(f"[{across}.position, {across}.content]") == ["fixed", '"Simulated"']
