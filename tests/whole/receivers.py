"""A webhook and a mail server on the client's loopback, as a program of its own, and the handle that tests hold.

`python -m tests.whole.receivers webhook mail` writes each message that it takes to standard output, a JSON a line, so
that a test can wait for it as for any event.
"""

import json
import queue
import sys
import threading
import time
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE
from typing import Any

from aiosmtpd.controller import Controller

from tests.lab import Lab

HOST = "127.0.0.1"
PORTS = {"webhook": 8900, "mail": 8925}
ADDRESSES = {
    "webhook": f"json://{HOST}:{PORTS['webhook']}/",
    "mail": f"mailto://{HOST}:{PORTS['mail']}?from=kedergi@example.org&to=editor@example.org",
}
BOTH = tuple(ADDRESSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A message, and when it was here."""

    service: str
    at: float  # time.time(), the same clock for everyone in the lab
    title: str
    body: str


class Receivers:
    """What the services of one lab have taken. None listens until it is opened."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._lines: queue.Queue[Came] = queue.Queue()
        self.came: list[Came] = []

    def open(self, *services: str) -> None:
        """They listen when this returns."""
        process = self._lab.popen([sys.executable, "-m", "tests.whole.receivers", *services], stdout=PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def until(self, count: int, *, limit_s: float = 60.0) -> None:
        """Waits until each service has taken so many messages at least."""
        end = time.monotonic() + limit_s
        while any(len(self.of(service)) < count for service in BOTH):
            try:
                self.came.append(self._lines.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{count} of each were awaited, these came: {self.came}") from None

    def of(self, service: str) -> list[Came]:
        """What this one has taken so far, oldest first."""
        while not self._lines.empty():
            self.came.append(self._lines.get())
        return [one for one in self.came if one.service == service]

    def titles(self) -> dict[str, list[str]]:
        return {service: [one.title for one in self.of(service)] for service in BOTH}

    def _read(self, lines: Any) -> None:
        for line in lines:
            self._lines.put(Came(**json.loads(line)))


# The program


def say(service: str, title: str, body: str) -> None:
    """One write a line: both services may speak at once."""
    came = Came(service=service, at=time.time(), title=title, body=body)
    sys.stdout.write(json.dumps(asdict(came)) + "\n")
    sys.stdout.flush()


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        say("webhook", said["title"], said["message"])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


class Mail:
    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its library's name
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain", "html"))
        say("mail", message["subject"], body.get_content() if body else "")
        return "250 taken"


def main(services: list[str]) -> None:
    if "mail" in services:
        Controller(Mail(), hostname=HOST, port=PORTS["mail"]).start()
    server = ThreadingHTTPServer((HOST, PORTS["webhook"]), Webhook) if "webhook" in services else None
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    if server is not None:
        server.serve_forever()
    threading.Event().wait()  # the mail server has a thread of its own


if __name__ == "__main__":
    main(sys.argv[1:])
