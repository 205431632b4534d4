"""A lease on a store: one program at a time has it, and it ends with whoever has it. What it is for is not known here.

On PostgreSQL it is an advisory lock of a session, so that it needs no clock: a program that is killed loses its
connection, and with it the lease. On SQLite whoever asks has it: several workers on one file are not started.
"""

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from results.store import StoreError

_NUMBER = 5245376  # any, the same for all; beside that of results/history.py
# A machine that has vanished says nothing: PostgreSQL asks for it, and ends its session within half a minute.
_ALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class Lease:
    """Calls block; callers on an event loop put them on a thread, one at a time."""

    def __init__(self, url: str) -> None:
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        if sa.make_url(url).get_backend_name() == "postgresql":
            # Not from the store's pool: a session in its transaction for weeks would keep PostgreSQL from tidying.
            self._engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def take(self) -> bool:
        """Whether it is ours now. Raises StoreError."""
        if self._engine is None:
            return True
        self.leave()
        try:
            connection = self._engine.connect()
            for setting in _ALIVE:
                connection.exec_driver_sql(f"set {setting}")
            taken = bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(_NUMBER))).scalar())
        except DatabaseError as exc:
            raise StoreError("Can't ask the store for the lease on the work in the background.") from exc
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken

    def hold(self) -> None:
        """Raises StoreError where it is lost."""
        if self._connection is not None:
            try:
                self._connection.execute(sa.select(1))
            except DatabaseError as exc:
                self.leave()
                raise StoreError(
                    "The store ended the session that had the lease on the work in the background."
                ) from exc

    def leave(self) -> None:
        """Another one may have it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
