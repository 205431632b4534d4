"""A pass from the server, and a control that answers those who show one: no token, no store, real sockets."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probe import control as asking
from probe.contexts import web_context
from probe.services import Services
from probe.showing import Passes
from probe.vantage import passes
from probe.vantage.identity import Identity
from probe.vantage.passes import NoPass, holder, issued
from probe.vantage.signing import sign
from server import joining
from server.control.admission import Nonces
from server.control.limits import Limits
from tests.probe.servers import page, site
from tests.server.far_away import NOW, FarAway, far_away
from tests.server.intake.sending import Sender, sentence
from tests.server.lists.conftest import Server, Starting

pytestmark = pytest.mark.anyio

KEY = Identity(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
MEMBER = Identity(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
OTHER = Identity(Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
SERVERS = (KEY.key.public_key(),)
JSON = {"content-type": "application/json"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# What a pass is


def test_a_pass_is_good_for_an_hour_and_for_one_key() -> None:
    shown, until = issued(KEY, MEMBER.public, now=NOW)
    assert until == NOW + timedelta(hours=1)
    assert holder(shown, SERVERS, now=NOW) == MEMBER.key.public_key()
    assert holder(shown, (OTHER.key.public_key(), *SERVERS), now=until - timedelta(seconds=1))
    with pytest.raises(NoPass, match="run out"):
        holder(shown, SERVERS, now=until)
    with pytest.raises(NoPass, match="not from a server that this control knows"):
        holder(shown, (OTHER.key.public_key(),), now=NOW)


def test_nothing_but_the_key_and_the_time_is_in_a_pass() -> None:
    said, _ = issued(KEY, MEMBER.public, now=NOW)
    content = base64.urlsafe_b64decode(said.partition(".")[0] + "==")
    assert content.decode() == f'{{"key":"{MEMBER.public}","until":"2026-03-05T13:00:00.000Z"}}'


def forged(content: bytes, key: Identity = KEY, begins: bytes = b"kedergi pass 1\n") -> str:
    parts = (content, key.key.sign(begins + content))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    "shown",
    [
        "", ".", "x", "é.é", "a.b.c", "=.=", "A" * 5000, "e30.e30",
        forged(b'{"key":"%s","until":"2027-01-01T00:00:00Z"}' % MEMBER.public.encode(), OTHER),
        forged(b'{"key":"%s","until":"2027-01-01T00:00:00Z"}' % MEMBER.public.encode(), begins=b""),
        forged(b'{"key":"AAAA","until":"2027-01-01T00:00:00Z"}'),
        forged(b'{"key":"%s"}' % MEMBER.public.encode()),
        forged(b"[]"),
    ],
)  # fmt: skip
def test_what_is_no_pass_opens_nothing(shown: str) -> None:
    with pytest.raises(NoPass):
        holder(shown, SERVERS, now=NOW)


# The control's door


@asynccontextmanager
async def shut(**more: int) -> AsyncIterator[FarAway]:
    async with far_away(servers=SERVERS, limits=Limits(**more)) as control:
        yield control


async def ask(
    control: FarAway, key: Identity = MEMBER, shown: str | None = None, *, ahead: timedelta = timedelta(), **more: str
) -> httpx.Response:
    """A question for bytes, which looks at no site."""
    body = b'{"bytes": 1}'
    signed = sign(key, "POST", f"{control.url}/v1/line", JSON, body, now=NOW + ahead, nonce=secrets.token_hex(8))
    good = issued(KEY, MEMBER.public, now=NOW)[0]
    headers = {**signed, passes.HEADER: good if shown is None else shown, **more}
    return await control.client.post("/v1/line", content=body, headers=headers)


async def test_who_shows_a_pass_and_signs_with_its_key_is_answered() -> None:
    async with shut() as control:
        assert (await ask(control)).status_code == 200


async def test_without_a_pass_or_with_another_s_nobody_is_answered() -> None:
    async with shut() as control:
        plain = await control.client.post("/v1/line", json={"bytes": 1})
        assert (plain.status_code, "with a pass from it" in plain.text) == (401, True)
        for key, shown, says in (
            (MEMBER, "", "with a pass from it"),
            (MEMBER, "nothing", "The pass"),
            (OTHER, None, "has the key"),
            (MEMBER, issued(OTHER, MEMBER.public, now=NOW)[0], "not from a server"),
            (MEMBER, issued(KEY, MEMBER.public, now=NOW - timedelta(hours=1))[0], "run out"),
        ):
            said = await ask(control, key, shown)
            assert (said.status_code, says in said.json()["detail"]) == (401, True), said.text


async def test_a_question_is_signed_whole_and_taken_once() -> None:
    async with shut() as control:
        body = b'{"bytes": 1}'
        signed = sign(MEMBER, "POST", f"{control.url}/v1/line", JSON, body, now=NOW, nonce="once")
        headers = {**signed, passes.HEADER: issued(KEY, MEMBER.public, now=NOW)[0]}
        assert (await control.client.post("/v1/line", content=b'{"bytes": 2}', headers=headers)).status_code == 401
        assert (await control.client.post("/v1/network", content=body, headers=headers)).status_code == 401
        assert (await control.client.post("/v1/line", content=body, headers=headers)).status_code == 200
        again = await control.client.post("/v1/line", content=body, headers=headers)
        assert (again.status_code, "was asked before" in again.text) == (401, True)


async def test_a_wrong_clock_is_told_as_one() -> None:
    async with shut() as control:
        assert "3600 s behind" in (await ask(control, ahead=-timedelta(hours=1))).json()["detail"]


async def test_a_member_has_limits_of_its_own_and_strangers_at_its_address_do_not_use_them_up() -> None:
    async with shut(per_minute=3) as control:
        strangers = [await ask(control, OTHER) for _ in range(5)]
        assert [said.status_code for said in strangers] == [401, 401, 401, 429, 429]
        mine = [await ask(control) for _ in range(4)]
        assert [said.status_code for said in mine] == [200, 200, 200, 429]
        assert int(mine[3].headers["retry-after"]) > 0


async def test_a_token_may_open_the_same_control() -> None:
    async with far_away(servers=SERVERS, token="SECRET") as control:
        assert (await ask(control)).status_code == 200
        said = await control.client.post("/v1/line", json={"bytes": 1}, headers={"authorization": "Bearer SECRET"})
        assert said.status_code == 200
        assert (await control.client.post("/v1/line", json={"bytes": 1})).status_code == 401


def test_nonces_are_forgotten_when_no_signature_of_then_is_believed_and_take_bounded_memory() -> None:
    now = NOW
    nonces = Nonces(lambda: now)
    assert nonces.is_new("a", "1")
    assert not nonces.is_new("a", "1")
    assert nonces.is_new("b", "1")
    now += timedelta(minutes=12)
    assert nonces.is_new("a", "2")
    assert len(nonces) == 1
    for number in range(200_100):
        nonces.is_new("flood", str(number))
    assert len(nonces) <= 200_000


# From the server to the control


def asked(sender: Sender) -> httpx.Response:
    return sender.post("/v1/pass", b"{}", JSON)


def test_a_member_gets_a_pass_and_a_revoked_one_no_other(server: Server) -> None:
    sender = server.joined()
    told = asked(sender).json()
    good_for = datetime.fromisoformat(told["until"]) - datetime.fromisoformat(told["at"])
    assert timedelta(minutes=59) < good_for <= timedelta(hours=1)
    found = holder(told["pass"], (server.key.key.public_key(),), now=datetime.now(UTC))
    assert found == sender.identity.key.public_key()
    joining.revoke(server.store, sender.name, now=datetime.now(UTC))
    assert "was revoked" in sentence(asked(sender), 401)
    assert "has not joined" in sentence(asked(Sender(server.client)), 401)


async def test_a_probe_gets_its_pass_by_itself_and_keeps_it_while_it_is_good(starting: Starting) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    services, now = Services(web_context(None)), datetime.now(UTC)
    shown = Passes(services, sender.identity, ["http://127.0.0.1:9", server.url], lambda: now)
    async with far_away(servers=(server.key.key.public_key(),), now=datetime.now(UTC)) as control, site(page()) as port:
        told = await asking.network(services, [control.url], shown, timeout_s=10)
        assert told is not None
        url = f"http://127.0.0.1:{port}/"
        answer = await asking.ask(services, [control.url], shown, url, ["127.0.0.1"], timeout_s=20)
        assert answer is not None
        assert answer.spoke, answer.detail
        await asyncio.to_thread(joining.revoke, server.store, sender.name, now=now)
        assert await asking.network(services, [control.url], shown, timeout_s=10) is not None  # good for its hour
        now += timedelta(hours=1)
        assert await asking.network(services, [control.url], shown, timeout_s=10) is None
    await shown.aclose()
    await services.aclose()


async def test_questions_that_come_together_ask_for_one_pass(starting: Starting) -> None:
    server = await asyncio.to_thread(starting)
    sender = await asyncio.to_thread(server.joined)
    services = Services(web_context(None))
    shown = Passes(services, sender.identity, [server.url], lambda: datetime.now(UTC))
    async with far_away(servers=(server.key.key.public_key(),), now=datetime.now(UTC)) as control:
        # Each would take one of the member's thirty a minute.
        several = (asking.network(services, [control.url], shown, timeout_s=20) for _ in range(40))
        assert None not in await asyncio.gather(*several)
    await shown.aclose()
    await services.aclose()
