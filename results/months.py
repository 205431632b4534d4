"""A month of measurements is a table of its own on PostgreSQL, made before the month begins. SQLite has none of this.

What belongs to no month that was made, as a time far in the future does, goes into the table `default` of the three.
"""

import re
from datetime import UTC, datetime
from itertools import product

import sqlalchemy as sa

from results.store import Store

TABLES = ("measurement", "evidence", "verdict")
AHEAD = 3
WORTH = 1000  # measurements of a month gone by, for which a table is made
_PATIENCE = "3s"  # for a moment without readers
_LOCK = 5245377  # any number, the same for all who make months; the lease (lease.py) has another
_NAME = re.compile(rf"(?:{'|'.join(TABLES)})_(?:\d{{4}}_\d\d|default)")


def is_month(table: str) -> bool:
    """Whether a table is a part of one of the three."""
    return _NAME.fullmatch(table) is not None


def ensure(store: Store, now: datetime, *, ahead: int = AHEAD) -> list[str]:
    """Makes the tables of this month and so many more, and of those before for which much has come; their names.

    What waits in `default` for such a month is moved into it. Of two programs at once, either makes what is missing.
    Raises StoreError, also where somebody reads for so long that there was no moment for it: then it is for later.
    """
    this = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with store.transaction() as connection:
        if connection.dialect.name != "postgresql":
            return []
        before = [month for month in _waiting(connection) if month < this]
    months = [*before, *(_later(this, months) for months in range(ahead + 1))]
    return [_named(*each) for each in product(TABLES, months) if _made(store, *each)]


def _made(store: Store, table: str, month: datetime) -> bool:
    """A transaction each, so that nobody waits for more than one; whether it was not there yet."""
    with store.transaction() as connection:
        # Without it the second would begin with what it saw before the first was done.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if connection.execute(sa.select(sa.func.to_regclass(_named(table, month)))).scalar() is not None:
            return False
        _make(connection, table, month)
    return True


def _waiting(connection: sa.Connection) -> list[datetime]:
    """Months of which much lies in the default table."""
    found = connection.execute(
        sa.text(
            "select date_trunc('month', started_at at time zone 'UTC') as month from measurement_default "
            "group by month having count(*) >= :worth order by month"
        ),
        {"worth": WORTH},
    )
    return [row.month.replace(tzinfo=UTC) for row in found]


def _make(connection: sa.Connection, table: str, month: datetime) -> None:
    name, limits = _named(table, month), {"first": month, "after": _later(month, 1)}
    here = "started_at >= :first and started_at < :after"
    connection.execute(sa.text(f"create table {name} (like {table} including all)"))
    # PostgreSQL wants the default table to itself when a month is joined, and who waits for it stops all behind.
    connection.execute(sa.text(f"set local lock_timeout = '{_PATIENCE}'"))
    connection.execute(sa.text(f"lock table {table}_default in access exclusive mode"))
    moved = f"with moved as (delete from {table}_default where {here} returning *)"  # noqa: S608 - names of ours
    connection.execute(sa.text(f"{moved} insert into {name} select * from moved"), limits)  # noqa: S608
    ends = " to ".join(f"('{limit:%Y-%m-%d} 00:00:00+00')" for limit in limits.values())
    connection.execute(sa.text(f"alter table {table} attach partition {name} for values from {ends}"))


def _named(table: str, month: datetime) -> str:
    return f"{table}_{month:%Y_%m}"


def _later(month: datetime, months: int) -> datetime:
    years, index = divmod(month.month - 1 + months, 12)
    return month.replace(year=month.year + years, month=index + 1)
