"""The tables of what a server vouches for: the public half of its key, and its lists. A probe's store has them empty.

The private half is a file and never here (server/key.py).
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field, SQLModel


class ServerKeyRow(SQLModel, table=True):
    """Whose store this is: all servers on it have this key."""

    __tablename__: ClassVar[Any] = "server_key"
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # 1: there is one
    public_key: str  # 32 bytes in base64
    made_at: datetime


class ListVersionRow(SQLModel, table=True):
    """A list that was given out from a moment on. The latest moment is what probes take for the newest list."""

    __tablename__: ClassVar[Any] = "list_version"
    made_at: datetime = Field(primary_key=True)
    digest: str  # SHA-256 of its targets
