"""The tables. What was measured is written once and never changed; what it means stands apart and can be rebuilt.

No query is here (store.py), and a step is not defined again: the evidence is records.py's JSON, compressed.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, ColumnElement, Index, LargeBinary, UniqueConstraint, and_
from sqlmodel import Field, SQLModel

import results.account_tables
import results.rollup_tables
import results.server_tables  # noqa: F401 - so that whoever knows the tables knows these too
from results.records import Measurement, reference_tls_ms


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
    # PostgreSQL keeps a month of it in a table of its own (months.py): what is unique there has the time in it. That a
    # uid is there once is promised by LinkRow.
    __table_args__ = (
        Index("measurement_series", "url", "started_at"),
        Index("ix_measurement_started_at", "started_at"),  # for the newest and the oldest
        # For long stretches of time: a thousandth of the other's size (BRIN). SQLite has no such thing. Its kind stands
        # in the migrations: said here, it would load all of PostgreSQL's dialect on a volunteer's machine.
        Index("measurement_days", "started_at").ddl_if(dialect="postgresql"),
    )
    uid: str = Field(primary_key=True)  # made by the probe: storing twice is harmless
    started_at: datetime = Field(primary_key=True)  # UTC
    url: str
    vantage: str
    country: str | None = None
    asn: int | None = Field(default=None, sa_type=BigInteger)
    network: str | None = None
    vantage_class: str = "unknown"
    round_uid: str | None = Field(default=None, index=True)
    runtime_ms: float
    received_bytes: int | None = Field(default=None, sa_type=BigInteger)
    sent_bytes: int | None = Field(default=None, sa_type=BigInteger)
    reference_tls_ms: float | None = None  # the median of the round's references


class EvidenceRow(SQLModel, table=True):
    """The whole measurement as it was: records.Measurement as JSON, compressed (packing.py)."""

    __tablename__: ClassVar[Any] = "evidence"
    started_at: datetime = Field(primary_key=True)  # UTC, the measurement's; by it, evidence goes to the archive
    uid: str = Field(primary_key=True)
    codec: str
    blob: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VerdictRow(SQLModel, table=True):
    """What a measurement means under the newest rules that judged it."""

    __tablename__: ClassVar[Any] = "verdict"
    uid: str = Field(primary_key=True)
    started_at: datetime = Field(primary_key=True)  # UTC, the measurement's
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


class LinkRow(SQLModel, table=True):
    """Which measurement of a vantage followed which (results/chain.py). Outlives the measurement: that is its use."""

    __tablename__: ClassVar[Any] = "link"
    vantage: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)  # from 1, in the order in which they were stored
    uid: str = Field(unique=True)
    digest: str = Field(index=True)
    started_at: datetime | None = None  # UTC, the measurement's: tells in which month it is found


class ArchivedRow(SQLModel, table=True):
    """A file of the archive: it holds the evidence of measurements from one time to another, which left the store."""

    __tablename__: ClassVar[Any] = "archived"
    file: str = Field(primary_key=True)
    first_at: datetime  # UTC, of its oldest measurement
    last_at: datetime = Field(index=True)
    measurements: int
    sha256: str  # of the file as it lies there
    at: datetime


class InvitationRow(SQLModel, table=True):
    """A one-time code for one vantage to join with. The code itself is known to whoever got it alone."""

    __tablename__: ClassVar[Any] = "invitation"
    digest: str = Field(primary_key=True)  # SHA-256 of the code, hexadecimal
    vantage_class: str
    country: str
    made_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class MemberRow(SQLModel, table=True):
    """A vantage that has joined. Nothing is here that tells whose it is: no address, no person."""

    __tablename__: ClassVar[Any] = "member"
    key_id: str = Field(primary_key=True)  # SHA-256 of the public key, hexadecimal
    public_key: str  # Ed25519, 32 bytes in base64
    vantage: str = Field(unique=True)  # the random name that it was given
    vantage_class: str
    country: str
    joined_at: datetime
    revoked_at: datetime | None = None
    interval_s: float | None = None  # of its rounds, as it said last


class NonceRow(SQLModel, table=True):
    """A signature that was seen: it is not taken a second time. Kept for as long as it would be believed."""

    __tablename__: ClassVar[Any] = "nonce"
    key_id: str = Field(primary_key=True)
    nonce: str = Field(primary_key=True)
    at: datetime = Field(index=True)


class ReceiptRow(SQLModel, table=True):
    """On a probe: a measurement that the server has named in a receipt. What has none is still to be sent."""

    __tablename__: ClassVar[Any] = "receipt"
    uid: str = Field(primary_key=True)
    fate: str  # "stored", "there", "refused"
    says: str = ""  # why it was refused
    at: datetime


class MarkRow(SQLModel, table=True):
    """On a server: what is odd about a measurement that came in. It is kept all the same."""

    __tablename__: ClassVar[Any] = "mark"
    uid: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)  # "future", "before joining", "unlisted", "other network"


class FollowedRow(SQLModel, table=True):
    """How far a vantage's chain has been folded into episodes, whoever stored it."""

    __tablename__: ClassVar[Any] = "followed"
    vantage: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)  # of its newest link that was


class GapRow(SQLModel, table=True):
    """A time in which nothing was measured though it was due. A gap must never look like a site that is fine."""

    __tablename__: ClassVar[Any] = "gap"
    id: int | None = Field(default=None, primary_key=True)
    vantage: str
    began_at: datetime = Field(index=True)  # UTC
    ended_at: datetime
    why: str  # "asleep", "stopped", "busy", "budget"


class CheckpointRow(SQLModel, table=True):
    """How far the detector of a series was at a measurement: late ones make it go back no further than needed."""

    __tablename__: ClassVar[Any] = "checkpoint"
    __table_args__ = (UniqueConstraint("url", "network_key", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    url: str
    network_key: str  # the ASN's number, or the operator's name where no number is known
    at: datetime  # UTC, of the newest measurement it holds
    version: int  # of the detector
    state: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class EpisodeRow(SQLModel, table=True):
    """One episode of one series, as the detector of today tells it."""

    __tablename__: ClassVar[Any] = "episode"
    __table_args__ = (UniqueConstraint("url", "network_key", "kind", "first_bad_at"),)
    id: int | None = Field(default=None, primary_key=True)
    url: str
    network_key: str
    asn: int | None = Field(default=None, sa_type=BigInteger)
    network: str | None = None
    kind: str
    mechanisms: list[str] = Field(sa_column=Column(JSON, nullable=False))
    confidence: str | None = None
    last_good_at: datetime | None = None
    first_bad_at: datetime = Field(index=True)
    opened_at: datetime
    last_bad_at: datetime
    first_good_at: datetime | None = None
    closed_at: datetime | None = Field(default=None, index=True)
    measurements: int
    bad: int
    event_uid: str | None = Field(default=None, index=True)


class EventRow(SQLModel, table=True):
    """Episodes told together. `event` is results/events.py's Event as JSON."""

    __tablename__: ClassVar[Any] = "event"
    uid: str = Field(primary_key=True)
    kind: str
    opened_at: datetime = Field(index=True)
    closed_at: datetime | None = Field(default=None, index=True)
    event: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    told: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))  # as of its last flip
    untold_since: datetime | None = Field(default=None, index=True)  # something changed that no flip tells yet


class FlipRow(SQLModel, table=True):
    """A change of an event. Rows whose deliveries are not planned yet are the queue of alerts."""

    __tablename__: ClassVar[Any] = "flip"
    id: int | None = Field(default=None, primary_key=True)
    event_uid: str = Field(index=True)
    change: str
    at: datetime  # UTC, of the measurement that showed it
    noticed_at: datetime
    late: bool
    event: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))  # as it was then
    planned_at: datetime | None = Field(default=None, index=True)


class DeliveryRow(SQLModel, table=True):
    """One flip on its way to one address. The address is a digest: the configuration alone holds the secret."""

    __tablename__: ClassVar[Any] = "delivery"
    __table_args__ = (UniqueConstraint("flip_id", "address"),)
    id: int | None = Field(default=None, primary_key=True)
    flip_id: int = Field(foreign_key="flip.id")
    address: str
    due_at: datetime = Field(index=True)
    taken_until: datetime | None = None  # by a worker, which may die
    tries: int = 0
    sent_at: datetime | None = Field(default=None, index=True)
    given_up_at: datetime | None = None
    says: str = ""  # how the last try went, without addresses


def same(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether rows of two tables are of one measurement. The time spares PostgreSQL a look into every other month."""
    return and_(one.c.uid == other.c.uid, one.c.started_at == other.c.started_at)


def narrow(measurement: Measurement) -> dict[str, Any]:
    """The row of `measurement` that stands for this one."""
    vantage = measurement.vantage
    return {
        "uid": measurement.uid,
        "url": measurement.url,
        "vantage": vantage.name,
        "country": vantage.country,
        "asn": vantage.asn,
        "network": vantage.network,
        "vantage_class": vantage.vantage_class,
        "round_uid": measurement.round_uid,
        "started_at": measurement.started_at,
        "runtime_ms": measurement.runtime_ms,
        "received_bytes": measurement.received_bytes,
        "sent_bytes": measurement.sent_bytes,
        "reference_tls_ms": reference_tls_ms(measurement),
    }
