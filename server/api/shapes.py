"""What /api/v1 answers: the objects, field by field, as the OpenAPI document tells them. Nothing is asked for here.

A field without a value is null, never absent; times are ISO 8601 in UTC with milliseconds and `Z`.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from results.episodes import Kind
from results.events import EventKind, Severity
from results.judgement import Confidence, Fault, Verdict
from results.records import iso
from server.pages.cells import Empty

Time = Annotated[
    datetime, PlainSerializer(iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
Next = Annotated[str | None, Field(description="`cursor` of the next page; null: there is no more.")]
Page = Annotated[str, Field(description="The page that shows it.")]


class Shape(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)


class Refusal(Shape):
    error: str = Field(description="What is wrong, in one sentence.")


class Target(Shape):
    url: str
    outlet: str | None
    role: str
    category: str | None
    language: str | None
    page: Page


class Targets(Shape):
    targets: list[Target]
    next: Next


class Network(Shape):
    key: str = Field(description="Its number, or its name where it has none: what filters take.")
    asn: int | None
    name: str = Field(description="As Kedergi's own table has it, else as its vantages call it.")
    page: Page


class HeardNetwork(Network):
    vantages: int = Field(description="How many looked from it in thirty days.")
    last_at: Time


class Networks(Shape):
    networks: list[HeardNetwork]
    next: Next


class Vantage(Shape):
    name: str = Field(description="Random: whose it is, nobody knows.")
    network: Network | None
    country: str | None
    vantage_class: str | None = Field(serialization_alias="class")
    last_at: Time | None
    joined_at: Time | None
    interval_s: float | None
    silent: bool
    page: Page


class Vantages(Shape):
    vantages: list[Vantage]
    next: Next


class MeasuredFrom(Shape):
    name: str
    country: str | None
    asn: int | None
    network: str | None
    vantage_class: str = Field(serialization_alias="class")


class Reason(Shape):
    rule: str
    says: str


class Timings(Shape):
    dns: float | None
    tcp: float | None
    tls: float | None
    ttfb: float | None
    total: float | None


class Measurement(Shape):
    """As `kedergi check --format json` prints it, without its evidence."""

    uid: str
    url: str
    started_at: Time
    runtime_ms: float
    vantage: MeasuredFrom
    verdict: Verdict
    mechanisms: list[str]
    confidence: Confidence | None
    fault: Fault | None
    reasons: list[Reason]
    rules_version: int
    timings_ms: Timings
    kbps: float | None
    status: int | None
    page: Page


class Measurements(Shape):
    measurements: list[Measurement]
    next: Annotated[Next, Field(description="A page may be empty and go on: ask until this is null.")]


class WholeMeasurement(Shape):
    """As `kedergi check --format json` prints it; `kedergi judge` reads it."""

    model_config = ConfigDict(extra="allow")
    json_schema: int = Field(serialization_alias="schema")
    uid: str
    url: str
    verdict: Verdict
    evidence: dict[str, Any]


class Episode(Shape):
    """It began in (`last_good_at`, `first_bad_at`] and ended in (`last_bad_at`, `first_good_at`]."""

    url: str
    network: Network
    kind: Kind
    state: str
    mechanisms: list[str]
    confidence: Confidence | None
    last_good_at: Time | None
    first_bad_at: Time
    opened_at: Time
    last_bad_at: Time
    first_good_at: Time | None
    closed_at: Time | None
    measurements: int
    bad: int
    intermittent: bool
    event: str | None = Field(description="The uid of the event that it belongs to.")
    page: Page


class Episodes(Shape):
    episodes: list[Episode]
    next: Next


class Event(Shape):
    uid: str
    kind: EventKind
    state: str
    urls: list[str]
    networks: list[Network]
    vantage: str | None
    mechanisms: list[str]
    confidence: Confidence | None
    confirmed: bool = Field(description="Seen on networks of two owners at least, and not only weakly.")
    severity: Severity
    last_good_at: Time | None
    first_bad_at: Time
    opened_at: Time
    last_bad_at: Time
    first_good_at: Time | None
    closed_at: Time | None
    measurements: int
    bad: int
    intermittent: bool
    page: Page


class Events(Shape):
    events: list[Event]
    next: Next


class Cell(Shape):
    start: Time
    end: Time
    checks: int
    accessible: int
    blocked: int
    throttled: int
    down: int
    inconclusive: int
    mechanisms: dict[str, int] = Field(description="How many of its checks led with each.")
    empty: str | None = Field(description=f"Why it has no checks: {', '.join(Empty)}.")


class Cells(Shape):
    url: str
    network: Network
    start: Time
    end: Time
    cell_s: float
    cells: list[Cell]
