"""Alembic's entry: runs the migrations on the engine that results/store.py hands over."""

from alembic import context
from sqlmodel import SQLModel

import results.tables  # noqa: F401 - fills the metadata

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
