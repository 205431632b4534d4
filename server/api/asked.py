"""What may be asked of /api/v1: every list's filters, checked. What can't be understood is refused, not passed over.

A program that misspells a filter must not take all for some. (A page does otherwise: many/choice.py.)
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from results.episodes import Kind
from results.events import EventKind
from results.judgement import Verdict
from server.api.cursors import LONGEST
from server.pages.many.choice import Choice, whole
from server.pages.times import LONG_SPANS

MOST = 1000
_LONGEST_WORD = 200
_LONGEST_URL = 2100


def _in_our_time(moment: datetime) -> datetime:
    if not 1990 <= moment.year <= 2200:
        raise ValueError("Years from 1990 to 2200 are known")
    return moment.astimezone(UTC)


def _a_zone(name: str) -> str:
    if name and not Choice.of({"tz": name}).tz:
        raise ValueError("Such a time zone is not known")
    return name


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
Word = Annotated[str, Field(max_length=_LONGEST_WORD), AfterValidator(whole)]
Url = Annotated[str, Field(max_length=_LONGEST_URL), AfterValidator(whole)]
NetworkKey = Annotated[
    str,
    Field(max_length=_LONGEST_WORD, description="A network's `key`: its number, or its name where it has none."),
    AfterValidator(whole),
]
Since = Annotated[Moment | None, Field(description="From when on, with a time zone.")]
Until = Annotated[Moment | None, Field(description="Until when; that moment is not in it.")]


class Asked(BaseModel):
    """A question. What it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    limit: int = Field(100, ge=1, le=MOST, description="How many entries at once.")
    cursor: str = Field("", max_length=LONGEST, description="`next` of the answer before; empty: the beginning.")


class Targets(Paged):
    category: Word = Field("", description="A Citizen Lab code, as in NEWS.")
    outlet: Word = ""
    q: Word = Field("", description="Words of the address or the outlet.")


class Networks(Paged):
    country: Word = ""


class Vantages(Paged):
    country: Word = ""
    network: NetworkKey = ""


class Measurements(Paged):
    url: Url = ""
    category: Word = ""
    outlet: Word = ""
    network: NetworkKey = ""
    country: Word = ""
    vantage_class: Word = Field("", alias="class", description="home, mobile, office, hosting or unknown.")
    verdict: Verdict | None = None
    since: Since = None
    until: Until = None


class Episodes(Paged):
    url: Url = ""
    category: Word = ""
    outlet: Word = ""
    network: NetworkKey = ""
    kind: Kind | None = None
    state: Annotated[str, Field(pattern="^(open|closed)?$")] = ""
    since: Annotated[Since, Field(description="Those that began then or later.")] = None
    until: Annotated[Until, Field(description="Those that began before.")] = None


class Events(Paged):
    url: Url = ""
    category: Word = ""
    outlet: Word = ""
    network: NetworkKey = ""
    kind: EventKind | None = None
    state: Annotated[str, Field(pattern="^(open|closed)?$")] = ""
    since: Annotated[Since, Field(description="Those that were opened then or later.")] = None
    until: Annotated[Until, Field(description="Those that were opened before.")] = None


class Cells(Asked):
    url: Url = Field(min_length=1)
    network: NetworkKey
    span: Annotated[str, Field(pattern=f"^({'|'.join(LONG_SPANS)})$")] = "7d"
    to: Annotated[Until, Field(description="Until when; now where nothing is said.")] = None
    tz: Annotated[Word, AfterValidator(_a_zone)] = Field(
        "", description="Where days begin, as in Europe/Berlin; Almaty's where nothing is said."
    )
    country: Word = ""
    vantage_class: Word = Field("", alias="class")


def refusal(exc: RequestValidationError) -> str:
    """The first thing that is wrong, in one sentence."""
    first: Mapping[str, Any] = exc.errors()[0]
    name = str(first["loc"][-1])
    if first["type"] == "extra_forbidden":
        return f"{name!r:.100} is not known here; /api/v1/openapi.json has what is."
    if first["type"] == "missing":
        return f"{name} is missing."
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{name} is {str(first['input'])!r:.100}: {said[:1].lower()}{said[1:]}."
