"""The tables of rollups: what a day of a series comes to, and a day of a vantage. All of it can be counted anew.

What stands in their JSON is written in sums.py, and who keeps them up to date in rollups.py.
"""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel


class RollupRow(SQLModel, table=True):
    """A day (UTC) of one URL on one network, by country and class of the vantages that looked."""

    __tablename__: ClassVar[Any] = "rollup"
    __table_args__ = (Index("rollup_network", "network_key", "day"),)
    url: str = Field(primary_key=True)
    network_key: str = Field(primary_key=True)  # as of an episode: the number, or the name where none is known
    country: str = Field(primary_key=True)  # empty where it is not known
    vantage_class: str = Field(primary_key=True)
    day: dt.date = Field(primary_key=True, index=True)
    asn: int | None = Field(default=None, sa_type=BigInteger)
    network: str | None = None  # as it was called last
    whole: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    hours: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class VantageRollupRow(SQLModel, table=True):
    """A day (UTC) of one vantage on one network, over all URLs."""

    __tablename__: ClassVar[Any] = "vantage_rollup"
    vantage: str = Field(primary_key=True)
    network_key: str = Field(primary_key=True)
    country: str = Field(primary_key=True)
    vantage_class: str = Field(primary_key=True)
    day: dt.date = Field(primary_key=True, index=True)
    asn: int | None = Field(default=None, sa_type=BigInteger)
    network: str | None = None
    last_at: dt.datetime  # UTC, of the newest that it holds
    whole: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    hours: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class CountedRow(SQLModel, table=True):
    """How far a vantage's chain is counted into the rollups."""

    __tablename__: ClassVar[Any] = "counted"
    vantage: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)  # of its newest link that was
