"""Alembic's entry: runs the migrations on the engine that results/store.py hands over.

All in one transaction that keeps others out: two programs that start at once don't both make the tables, and one that
is killed leaves none half made.
"""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import results.tables  # noqa: F401 - fills the metadata

_LOCK = 5245374  # any number, the same for all who migrate

with context.config.attributes["engine"].connect().execution_options(alone=True) as connection:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        context.run_migrations()
