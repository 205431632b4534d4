"""Answers of a control that has gone mad: what the probe makes of them can be judged, printed and stored."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from probe.check import check
from probe.config import Settings
from probe.tools import opened
from results.formats import jsonl
from results.judgement import Verdict
from results.records import Control, Source, adapter, control_adapter
from results.verdict import judge
from tests.fuzz.family import Case
from tests.fuzz.mutate import mutated, warped
from tests.probe.servers import Reader, Writer, response, site
from tests.results.build import HTTPS, Hop, answer, by, dns, page, placed, tcp, tls, udp

URL = "http://127.0.0.1:9/"  # nothing is dialled for it, and the control is asked all the same
_CHAIN = Hop(
    HTTPS, [dns(), udp("10.10.34.35"), tcp(), tls(), page(), *by(Source.PROBE, tcp(), tls(), at="151.101.1.69")]
)


def _good(url: str) -> Control:
    """An answer as a control gives it."""
    there = answer(Hop(url, _CHAIN.steps), _CHAIN)
    assert there.steps == placed([Hop(url, _CHAIN.steps), _CHAIN])
    return there


def _reply(dice: Random) -> bytes:
    value = json.loads(control_adapter().dump_json(_good(URL)))
    value |= {"at": "2026-11-23T06:00:00Z", "asker_asn": 9198, "asker_country": "KZ"}
    way = dice.random()
    if way < 0.1:
        return mutated(dice, response(json.dumps(value).encode(), content_type="application/json"))
    text = json.dumps(value if way < 0.25 else warped(dice, value)).encode()
    return response(mutated(dice, text) if way < 0.25 else text, content_type="application/json")


@asynccontextmanager
async def answers() -> AsyncIterator[Case]:
    """A whole check, with such a control beside it."""
    now: list[Random] = []

    async def peer(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(length)
        writer.write(_reply(now.pop()))
        await writer.drain()

    async with site(peer) as port:
        settings = Settings.model_validate(
            {
                "control": {"url": f"http://127.0.0.1:{port}"},
                "dns": {"trusted": ()},
                "reference": {"urls": ("http://127.0.0.1:1/",)},
                "vantage": {"name": "fuzz"},
            }
        )
        async with opened(settings) as tools:

            async def case(dice: Random) -> None:
                now.append(dice)
                async with asyncio.timeout(20):
                    measurement = await check(URL, tools)
                assert measurement.control is not None
                for seen in (measurement, adapter().validate_json(adapter().dump_json(measurement))):
                    found = judge(seen)
                    assert found.verdict is Verdict.INCONCLUSIVE
                    json.loads(jsonl.line(seen, found))

            yield case
