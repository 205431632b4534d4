"""Reads a question, in bounded bytes and time. What is none gets one sentence that says why.

Nothing is looked at here.
"""

from ipaddress import ip_address
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from results.records import is_address
from server.body import Refused, body_of, type_of

BODY_MAX_BYTES = 64 * 1024
LINE_MAX_BYTES = 256 * 1024
_URL_MAX, _ADDRESSES_MAX = 2048, 12
Asked = TypeVar("Asked", bound=BaseModel)


def _address(value: str) -> str:
    if not is_address(value) or "%" in value:
        raise ValueError("allowed is an IPv4 or IPv6 address")
    return str(ip_address(value))


class Question(BaseModel):
    """What a probe asks about."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: Annotated[str, Field(max_length=_URL_MAX)]
    addresses: Annotated[list[Annotated[str, AfterValidator(_address)]], Field(max_length=_ADDRESSES_MAX)] = []


class Amount(BaseModel):
    """How many bytes a probe wants, to see what its line brings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bytes: Annotated[int, Field(ge=1, le=LINE_MAX_BYTES)]


async def read(request: Request, body: bytes | None = None, *, timeout_s: float) -> Question:
    """The question in a request's body, where that was not read already. Raises Refused."""
    return await _read(Question, request, body, timeout_s)


async def read_amount(request: Request, body: bytes | None = None, *, timeout_s: float) -> Amount:
    """The same where bytes are asked for. Raises Refused."""
    return await _read(Amount, request, body, timeout_s)


async def _read(kind: type[Asked], request: Request, body: bytes | None, timeout_s: float) -> Asked:
    if type_of(request) != "application/json":
        raise Refused(415, "The question is JSON, with the content type application/json.")
    if body is None:
        body = await body_of(request, most_bytes=BODY_MAX_BYTES, timeout_s=timeout_s, called="question")
    try:
        return kind.model_validate_json(body)
    except ValidationError as exc:
        raise Refused(422, f"{_sentence(exc.errors(include_url=False)[0])}.") from exc


def _sentence(error: Any) -> str:
    """What is wrong where; never the value, which may be anything."""
    path = ".".join(str(part) for part in error["loc"])
    says = error["msg"].removeprefix("Value error, ")
    return f"{path}: {says[:1].lower()}{says[1:]}" if path else says
