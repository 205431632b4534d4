"""The tables. What was measured is written once and never changed; what it means stands apart and can be rebuilt.

No query is here (store.py), and a step is not defined again: the evidence is records.py's JSON, compressed.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class RoundRow(SQLModel, table=True):
    """One tour over the due targets. `ended_at` stays empty where the program was killed in the middle."""

    __tablename__: ClassVar[Any] = "round"
    uid: str = Field(primary_key=True)
    vantage: str
    started_at: datetime = Field(index=True)  # UTC
    ended_at: datetime | None = None
    planned: int  # targets that were due
    measured: int | None = None
    line_up: bool | None = None  # whether any reference answered; empty where none is configured
    traffic_bytes: int | None = Field(default=None, sa_type=BigInteger)  # both ways, for its own looks at the line


class MeasurementRow(SQLModel, table=True):
    """One check: narrow, for lists and timelines. The evidence is in EvidenceRow of the same uid."""

    __tablename__: ClassVar[Any] = "measurement"
    __table_args__ = (Index("measurement_series", "url", "started_at"),)
    uid: str = Field(primary_key=True)  # made by the probe: storing twice is harmless
    url: str
    vantage: str
    country: str | None = None
    asn: int | None = None
    network: str | None = None
    vantage_class: str = "unknown"
    round_uid: str | None = Field(default=None, index=True)
    started_at: datetime = Field(index=True)  # UTC
    runtime_ms: float
    received_bytes: int | None = Field(default=None, sa_type=BigInteger)
    sent_bytes: int | None = Field(default=None, sa_type=BigInteger)


class EvidenceRow(SQLModel, table=True):
    """The whole measurement as it was: records.Measurement as JSON, compressed."""

    __tablename__: ClassVar[Any] = "evidence"
    uid: str = Field(primary_key=True, foreign_key="measurement.uid")
    codec: str = "json+zlib"
    blob: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VerdictRow(SQLModel, table=True):
    """What a measurement means under the newest rules that judged it."""

    __tablename__: ClassVar[Any] = "verdict"
    uid: str = Field(primary_key=True, foreign_key="measurement.uid")
    rules_version: int
    verdict: str = Field(index=True)
    mechanisms: list[str] = Field(sa_column=Column(JSON, nullable=False))
    confidence: str | None = None
    fault: str | None = None
    reasons: list[dict[str, str]] = Field(sa_column=Column(JSON, nullable=False))
    dns_ms: float | None = None
    tcp_ms: float | None = None
    tls_ms: float | None = None
    ttfb_ms: float | None = None
    total_ms: float | None = None
    kbps: float | None = None
    throttling: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    status: int | None = None


class GapRow(SQLModel, table=True):
    """A time in which nothing was measured though it was due. A gap must never look like a site that is fine."""

    __tablename__: ClassVar[Any] = "gap"
    id: int | None = Field(default=None, primary_key=True)
    vantage: str
    began_at: datetime = Field(index=True)  # UTC
    ended_at: datetime
    why: str  # "asleep", "stopped", "busy", "budget"
