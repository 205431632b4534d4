"""Addresses that work, addresses that don't, and what of them is ever seen."""

import base64
import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from PIL import Image

from server.alerts import services
from server.alerts.services import BadAddress, opened
from tests.server.alerts.conftest import Mail, Webhook

SECRET = "hunter2hunter2hunter2hunter2hunter2"
ROOT = Path(__file__).parents[3]


def picture() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(kept, "PNG")
    return kept.getvalue()


@pytest.mark.anyio
async def test_a_webhook_gets_title_words_and_picture(webhook: Webhook) -> None:
    outcome = await opened(webhook.address("a")).send("Заголовок", "Жол\nекінші", picture())
    assert outcome.sent
    ((path, body),) = webhook.got
    assert (path, body["title"], body["message"]) == ("/a", "Заголовок", "Жол\nекінші")
    (attached,) = body["attachments"]
    assert attached["mimetype"] == "image/png"
    assert base64.b64decode(attached["base64"]) == picture()


def parts(message: Message, kind: str) -> list[bytes]:
    found = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == kind]
    return [content for content in found if isinstance(content, bytes)]


@pytest.mark.anyio
async def test_a_mail_server_gets_a_mail_with_the_picture(mail: Mail) -> None:
    outcome = await opened(mail.address).send("ratel.kz is blocked", "first line\nsecond line", picture())
    assert outcome.sent, outcome.says
    (message,) = mail.got
    assert message["Subject"] == "ratel.kz is blocked"
    assert message["To"] == "editor@example.org"
    assert parts(message, "image/png") == [picture()]
    words = b"".join(parts(message, "text/plain") + parts(message, "text/html")).decode()
    assert "first line" in words
    assert "second line" in words


@pytest.mark.anyio
async def test_who_refuses_the_picture_gets_the_words_once(webhook: Webhook) -> None:
    webhook.no_pictures = True
    outcome = await opened(webhook.address("a")).send("title", "words", picture())
    assert (outcome.sent, outcome.says) == (True, "without the picture: the service answered 413")
    assert webhook.titles("a") == ["title"]


@pytest.mark.anyio
async def test_who_took_the_words_and_lost_the_picture_gets_no_second_message() -> None:
    """Some services send the picture after the words, and call the whole a failure."""
    from apprise.decorators import notify
    from apprise.logger import logger

    got: list[tuple[str, bool]] = []

    @notify(on="halfway", name="Halfway")  # type: ignore[untyped-decorator, no-untyped-call]
    def take(_body: str, title: str, *_: object, attach: object = None, **__: object) -> bool:
        got.append((title, bool(attach)))
        logger.info("Sent Halfway notification.")
        logger.warning("Failed to send Halfway attachment, error=413.")
        return not attach

    outcome = await opened("halfway://here").send("title", "words", picture())
    assert (outcome.sent, outcome.says) == (True, "without the picture: the service took the words alone")
    assert got == [("title", True)]


@pytest.mark.anyio
async def test_a_refusal_is_an_outcome_with_its_status(webhook: Webhook) -> None:
    webhook.answers["a"] = [503, 503]
    outcome = await opened(webhook.address("a")).send("title", "words", picture())
    assert (outcome.sent, outcome.says) == (False, "the service answered 503")


@pytest.mark.anyio
async def test_nobody_there_is_an_outcome() -> None:
    outcome = await opened("json://127.0.0.1:9/a").send("title", "words")
    assert (outcome.sent, outcome.says) == (False, "the service can't be reached")


@pytest.mark.anyio
async def test_a_failure_counts_also_where_the_address_calls_itself_optional(webhook: Webhook) -> None:
    webhook.answers["a"] = [500]
    assert not (await opened(webhook.address("a", optional="yes")).send("title", "words")).sent


@pytest.mark.anyio
async def test_a_service_that_hangs_is_not_waited_for(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """And gets no second message: it may have taken the first."""
    monkeypatch.setattr(services, "TIMEOUT_S", 0.3)
    with webhook.lock:  # it answers nobody
        outcome = await opened(webhook.address("a", rto="3")).send("title", "words", picture())
    assert (outcome.sent, outcome.says) == (False, "no answer within 0 s")
    assert webhook.asked == 1


WRONG = [
    f"nosuchservice://{SECRET}@example.org",
    f"tgram://{SECRET}",
    SECRET,
    f"mailto://user:{SECRET}@example.org?to=a@example.org,b@example.org",
]


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_address_is_refused_without_being_told(address: str) -> None:
    with pytest.raises(BadAddress) as caught:
        opened(address)
    assert SECRET not in str(caught.value)
    assert address not in str(caught.value)


RIGHT = [
    f"mailto://user:{SECRET}@example.org",
    f"tgram://123456789:{SECRET}/4321/",
    f"ntfy://{SECRET}",
    f"ntfys://user:{SECRET}@ntfy.example.org/{SECRET}",
    f"json://user:{SECRET}@127.0.0.1/{SECRET}?+X-Token={SECRET}&-key={SECRET}",
    f"discord://1234567890/{SECRET}",
    f"matrix://user:{SECRET}@example.org/#{SECRET}",
]


@pytest.mark.parametrize("address", RIGHT)
def test_what_is_shown_of_an_address_holds_no_secret(address: str) -> None:
    service = opened(address)
    assert SECRET not in f"{service.masked} {service!r} {service.digest}"
    assert service.masked.partition("://")[0].rstrip("s") == address.partition("://")[0].rstrip("s")


def test_two_addresses_are_told_apart_by_their_digests() -> None:
    one, other = opened(f"ntfy://{SECRET}1"), opened(f"ntfy://{SECRET}2")
    assert one.digest != other.digest
    assert len(one.digest) == 16
    assert one.digest == opened(f"ntfy://{SECRET}1").digest


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that a program with logging switched on would log. pytest's own also listens where nobody may."""
    kept, root = io.StringIO(), logging.getLogger()
    listener, level = logging.StreamHandler(kept), root.level
    root.addHandler(listener)
    root.setLevel(1)
    yield kept
    root.setLevel(level)
    root.removeHandler(listener)


@pytest.mark.anyio
async def test_no_log_holds_an_address(webhook: Webhook, log: io.StringIO) -> None:
    """Not on the most talkative level: the library below logs the whole path, in which tokens stand."""
    webhook.answers[SECRET] = [500]
    service = opened(webhook.address(SECRET))
    await service.send("title", "words")
    await service.send("title", "words")
    assert webhook.titles(SECRET) == ["title"]
    logging.getLogger("ours").debug("is heard")
    assert "is heard" in log.getvalue()
    assert SECRET not in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()


def test_who_does_not_alert_does_not_load_the_library() -> None:
    """It takes longer to import than a check's first packet."""
    modules = "kedergi, probe.errand, probe.cli, server.alerts.cli, server.up, server.alerts.delivery"
    code = f"import {modules}, sys; print('apprise' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
