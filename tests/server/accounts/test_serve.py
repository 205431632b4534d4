"""`kedergi serve` as a program: the link for the first admin, two workers that share sessions, a closed server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.accounts.conftest import PASSWORD, Browser
from tests.server.serving import Served


@pytest.fixture
def served(store_url: str, tmp_path: Path) -> Iterator[Served]:
    server = Served(url=store_url, folder=tmp_path)
    yield server
    if server.process is not None:
        server.kill()


def links(served: Served) -> list[str]:
    return re.findall(r"Whoever opens (\S+) does", served.log.read_text("utf-8"))


def configure(served: Served, server: str) -> None:
    served.config.write_text(f"[store]\nurl = {json.dumps(served.url)}\n[server]\n{server}\n", "utf-8")


def test_each_start_prints_a_link_until_somebody_has_used_one(served: Served) -> None:
    served.start()
    served.stop()
    served.start()
    first, second = links(served)
    with httpx.Client(timeout=30, trust_env=False) as client:
        browser = Browser(at=served.base_url, host=f"127.0.0.1:{served.port}", client=client)
        paths = [link.removeprefix(served.base_url) for link in (first, second)]
        assert [browser.get(path).status_code for path in paths] == [404, 200]
        browser.send(paths[1], paths[1], name="chief", new=PASSWORD, again=PASSWORD)
        assert browser.sign_in("chief").status_code == 303
        assert browser.get("/admin/audit").status_code == 200
        served.stop()
        served.start()
        assert len(links(served)) == 2
        assert browser.get("/admin/audit").status_code == 200  # a session outlives the program
    code = paths[1].rpartition("/")[2]
    assert served.log.read_text("utf-8").count(code) == 1  # where it was printed, and not where it was opened
    assert PASSWORD not in served.log.read_text("utf-8")


def test_a_closed_server_names_itself_and_leads_to_where_one_signs_in(served: Served) -> None:
    configure(served, 'public = false\nname = "kedergi.example.org"')
    served.start()
    assert links(served)[0].startswith("https://kedergi.example.org/first/")
    with httpx.Client(timeout=30, trust_env=False) as client:
        browser = Browser(at=served.base_url, host="kedergi.example.org", client=client)
        assert browser.get("/").headers["location"] == "/sign-in?next=%2F"
        assert browser.get("/api/sites.json").status_code == 401
        assert [browser.get(path).status_code for path in ("/healthz", "/v1/time", "/sign-in")] == [200, 200, 200]


def test_two_workers_know_the_same_sessions_and_count_the_same_tries(served: Served) -> None:
    if served.url.startswith("sqlite"):
        pytest.skip("several workers want PostgreSQL")
    served.arguments = ("--workers", "2")
    served.start()
    assert len(links(served)) == 1
    path = links(served)[0].removeprefix(served.base_url)

    def fresh() -> Browser:
        """A connection of its own, so that both workers come to answer."""
        client = httpx.Client(timeout=30, trust_env=False, headers={"connection": "close"})
        clients.append(client)
        return Browser(at=served.base_url, host=f"127.0.0.1:{served.port}", client=client)

    clients: list[httpx.Client] = []
    browser = fresh()
    browser.send(path, path, name="chief", new=PASSWORD, again=PASSWORD)
    assert browser.sign_in("chief").status_code == 303
    assert [browser.get("/account").status_code for _ in range(40)] == [200] * 40
    statuses = [fresh().sign_in("nobody", "guess").status_code for _ in range(6)]
    for client in clients:
        client.close()
    assert statuses == [422] * 5 + [429]
