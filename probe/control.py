"""Asks the controls: the same URL and our addresses, looked at from an uncensored place. An answer is more steps.

How a control looks is not here (server/control/), nor what a difference means (results/verdict.py).
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from probe.classify import NETWORK_ERRORS, failure_of
from probe.net import Garbage, place
from probe.scrub import scrubbed_url
from probe.services import Services
from probe.showing import Credential, Passes
from results.failure import Failure
from results.records import Control, TlsStep, control_adapter

PATH = "/v1/control"
NETWORK_PATH = "/v1/network"
LINE_PATH = "/v1/line"
_ANSWER_BYTES = 4 * 1024 * 1024
_NETWORK_BYTES = 4096
_SILENT_S = 3.5  # a control that is silent for so long gets company: a dead one must not cost the whole time

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a control knows of whoever asks it, without a look at a site."""

    name: str = ""  # which control: its URL
    asn: int | None
    country: str | None
    at: AwareDatetime  # its clock when it answered
    round_trip_s: float = 0.0  # so long did the question and the answer take, on our clock


async def ask(
    services: Services,
    controls: Iterable[str],
    token: Credential,
    url: str,
    addresses: Iterable[str],
    *,
    timeout_s: float,
) -> Control | None:
    """The first control's answer that came, else the last one's failure; None where none is configured."""
    return await ask_all(services, list(controls), token, url, addresses, timeout_s=timeout_s, in_vain=[])


async def ask_all(
    services: Services,
    controls: Sequence[str],
    token: Credential,
    url: str,
    addresses: Iterable[str],
    *,
    timeout_s: float,
    in_vain: list[Control],
    silent_s: float = _SILENT_S,
) -> Control | None:
    """The controls in their order until one speaks: its answer, else the last one's failure; None where there is none.

    The next is asked as soon as one fails, and beside one that is silent for `silent_s`; the first answer counts.
    `in_vain` gets the failures of the others as they happen, so that they are there also when nobody waits any more.
    """
    about = scrubbed_url(place(url).url)
    question = json.dumps({"url": url, "addresses": list(addresses)}).encode()

    async def one(control: str) -> Control:
        content = await _post(services, control, PATH, token, question, _ANSWER_BYTES)
        return _read(content, control, about)

    answer = await _first(controls, one, in_vain, timeout_s=timeout_s, silent_s=silent_s)
    if answer is None and in_vain:
        return in_vain.pop()
    return answer


async def network(
    services: Services, controls: Sequence[str], token: Credential, *, timeout_s: float, silent_s: float = _SILENT_S
) -> Told | None:
    """From which network we ask, and the time there; None where no control says so."""

    async def one(control: str) -> Told:
        asked = time.monotonic()
        content = await _post(services, control, NETWORK_PATH, token, b"{}", _NETWORK_BYTES)
        told = _told_adapter().validate_json(content)
        return replace(told, name=control, round_trip_s=time.monotonic() - asked)

    return await _first(controls, one, [], timeout_s=timeout_s, silent_s=silent_s)


async def line(services: Services, control: str, token: Credential, amount: int, heard: Callable[[int], None]) -> int:
    """So many bytes of nothing from a control, for the time that they take; how many came. Raises OSError, Garbage.

    `heard` is told how many there are, each time that some have come.
    """
    question = json.dumps({"bytes": amount}).encode()
    return len(await _post(services, control, LINE_PATH, token, question, amount, heard))


async def _first(
    controls: Sequence[str],
    one: Callable[[str], Coroutine[Any, Any, Answer]],
    in_vain: list[Control],
    *,
    timeout_s: float,
    silent_s: float,
) -> Answer | None:
    """The first answer; `one` asks one control and may raise what the network does."""
    waiting = deque(controls)
    asked: dict[asyncio.Task[Answer], str] = {}
    ends = asyncio.get_running_loop().time() + timeout_s
    try:
        while waiting or asked:
            if waiting:
                control = waiting.popleft()
                asked[asyncio.create_task(_until(ends, one(control)))] = control
            await asyncio.wait(asked, timeout=silent_s if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in asked if task.done()]:
                control = asked.pop(task)
                failed = _failed(control, task.exception())
                if failed is None:
                    in_vain += (_interrupted(other) for other in asked.values())
                    return task.result()
                in_vain.append(failed)
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return None


async def _until(ends: float, asking: Coroutine[Any, Any, Answer]) -> Answer:
    async with asyncio.timeout_at(ends):
        return await asking


def _failed(control: str, exc: BaseException | None) -> Control | None:
    """What stands for a control that did not answer; None where it did. Raises what is no failure of the network."""
    if exc is None:
        return None
    failure = Failure.HTTP_GARBAGE if isinstance(exc, ValidationError) else None
    if isinstance(exc, NETWORK_ERRORS):
        failure = failure_of(exc)
    if failure is None:
        raise exc
    return Control(name=control, failure=failure, detail=_words(exc))


def _words(exc: BaseException) -> str:
    if isinstance(exc, ValidationError):
        return "the answer has not the form of one"
    return (str(exc) or type(exc).__name__)[:200]


def _interrupted(control: str) -> Control:
    return Control(name=control, failure=Failure.INTERRUPTED, detail="another control answered first")


async def _post(
    services: Services,
    control: str,
    path: str,
    token: Credential,
    body: bytes,
    limit_bytes: int,
    heard: Callable[[int], None] = lambda _amount: None,
) -> bytes:
    """The answer's body. Raises OSError, or Garbage where it is none."""
    url = control.rstrip("/") + path
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    if isinstance(token, Passes):
        await token.ready()

    def shown() -> Mapping[str, str]:
        if isinstance(token, Passes):
            return token.shown(url, headers, body)
        return headers | ({"Authorization": f"Bearer {token}"} if token else {})

    answer = await services.answer(url, shown, body, limit_bytes=limit_bytes, heard=heard)
    if answer.status != 200:
        raise Garbage(f"the control answered with HTTP status {answer.status}: {_sentence(answer.body)}")
    return answer.body


def _read(content: bytes, control: str, about: str) -> Control:
    """A control's answer about this URL. Raises ValidationError, or Garbage where it is about something else."""
    answer = control_adapter().validate_json(content)
    if answer.failure is not None:
        raise Garbage(f"the control failed itself: {answer.failure}")
    if answer.hops[:1] != (about,):
        raise Garbage("the control's answer is about another URL")
    if any(moment.tzinfo is None for moment in _moments(answer)):
        raise Garbage("the control's answer has a time without its zone")
    return replace(answer, name=control)


def _sentence(content: bytes) -> str:
    """Why a control refuses, in its own words; or the beginning of whatever came."""
    with suppress(ValueError):
        match json.loads(content):
            case {"detail": str(says)}:
                return says[:150]
    return content[:150].decode(errors="replace")


@cache
def _told_adapter() -> TypeAdapter[Told]:
    return TypeAdapter(Told)


def _moments(answer: Control) -> Iterator[datetime]:
    if answer.at is not None:
        yield answer.at
    for step in answer.steps:
        for certificate in step.chain if isinstance(step, TlsStep) else ():
            yield from (moment for moment in (certificate.not_before, certificate.not_after) if moment is not None)
