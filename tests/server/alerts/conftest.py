"""Services to tell: a webhook and a mail server of our own on loopback. They keep what they get, and fail on demand."""

import asyncio
import json
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

HOST = "127.0.0.1"


class Webhook:
    """Keeps every JSON that is posted, by path. `answers`: statuses to give first, by path; then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.seen: list[str] = []
        self.asked = 0
        self.answers: dict[str, list[int]] = {}
        self.no_pictures = False
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer((HOST, 0), self._asked())
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def address(self, name: str, **query: str) -> str:
        more = "&".join(f"{key}={value}" for key, value in query.items())
        return f"json://{HOST}:{self.server.server_port}/{name}" + (f"?{more}" if more else "")

    def titles(self, name: str) -> list[str]:
        return [body["title"] for path, body in self.got if path == f"/{name}"]

    def bodies(self, name: str) -> list[str]:
        return [body["message"] for path, body in self.got if path == f"/{name}"]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def take(self, path: str, body: dict[str, Any]) -> int:
        with self.lock:
            self.seen.append(path)
            waiting = self.answers.get(path.strip("/"), [])
            status = waiting.pop(0) if waiting else 200
            if self.no_pictures and body["attachments"]:
                status = 413
            if status == 200:
                self.got.append((path, body))
            return status

    def _asked(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                webhook.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(webhook.take(self.path, json.loads(body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        return Asked


class Mail:
    """What a mail server has taken."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its library's name
        self.got.append(message_from_bytes(envelope.content))
        return "250 taken"

    @property
    def address(self) -> str:
        return f"mailto://{HOST}:{self.port}?from=kedergi@example.org&to=editor@example.org"


class OnAnyPort(Controller):
    """Its own start tries port 0 where the system has chosen another."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def mail() -> Iterator[Mail]:
    kept = Mail()
    server = OnAnyPort(kept, hostname=HOST, port=0)
    server.start()
    kept.port = server.port
    yield kept
    server.stop()
