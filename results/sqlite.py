"""How SQLite is used: one file that survives a power cut, read while it is written. No query is here."""

import time
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

import sqlalchemy as sa


def made_careful(engine: sa.Engine) -> None:
    """Its folder is made, and each connection told how to behave."""
    _make_folder(engine.url.database)
    sa.event.listen(engine, "connect", _careful_sqlite)
    sa.event.listen(engine, "begin", _begin)


def _careful_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, so that they hold DDL as well
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    _into_wal(cursor)  # pages read while a round writes
    cursor.execute("PRAGMA synchronous=FULL")  # a power cut loses at most the measurement in progress
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _into_wal(cursor: Any) -> None:
    """Two programs that open a new store at once: SQLite lets one in and doesn't make the other wait."""
    for last in (*[False] * 100, True):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except OperationalError:
            if last:
                raise
            time.sleep(0.05)
        else:
            return


def _begin(connection: sa.Connection) -> None:
    alone = connection.get_execution_options().get("alone")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
