"""An INSERT that can be told what to do about a row that is there already: each database has its own.

Only that of the database at hand is loaded: the other's would take some megabytes of a small machine. What is inserted
where stands with the tables' users.
"""

from functools import cache
from importlib import import_module
from typing import Any

import sqlalchemy as sa


def insert_into(table: sa.Table, connection: sa.Connection) -> Any:
    """For this connection's database."""
    return _dialect(connection.dialect.name).insert(table)


@cache
def _dialect(name: str) -> Any:
    return import_module(f"sqlalchemy.dialects.{name}")
