"""a month of measurements, evidence and verdicts is a table of its own (PostgreSQL), and old evidence has an archive."""

import zlib

import sqlalchemy as sa
import sqlmodel
import zstandard
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXT, _TIME = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def _measurement() -> list[sa.Column]:
    return [
        sa.Column("url", _TEXT(), nullable=False),
        sa.Column("vantage", _TEXT(), nullable=False),
        sa.Column("country", _TEXT(), nullable=True),
        sa.Column("asn", sa.BigInteger(), nullable=True),
        sa.Column("network", _TEXT(), nullable=True),
        sa.Column("vantage_class", _TEXT(), nullable=False),
        sa.Column("round_uid", _TEXT(), nullable=True),
        sa.Column("runtime_ms", sa.Float(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sent_bytes", sa.BigInteger(), nullable=True),
        sa.Column("reference_tls_ms", sa.Float(), nullable=True),
    ]


def _evidence() -> list[sa.Column]:
    return [
        sa.Column("codec", _TEXT(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
    ]


def _verdict() -> list[sa.Column]:
    return [
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("verdict", _TEXT(), nullable=False),
        sa.Column("mechanisms", sa.JSON(), nullable=False),
        sa.Column("confidence", _TEXT(), nullable=True),
        sa.Column("fault", _TEXT(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("dns_ms", "tcp_ms", "tls_ms", "ttfb_ms", "total_ms")),
        sa.Column("kbps", sa.Float(), nullable=True),
        sa.Column("throttling", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
    ]


_TABLES = {"measurement": _measurement, "evidence": _evidence, "verdict": _verdict}
_KEYS = {
    "measurement": ("uid", "started_at"),
    "evidence": ("started_at", "uid"),
    "verdict": ("uid", "started_at"),
}
_INDEXES = {
    "measurement": {
        "ix_measurement_round_uid": ["round_uid"],
        "ix_measurement_started_at": ["started_at"],
        "measurement_days": ["started_at"],
        "measurement_series": ["url", "started_at"],
    },
    "evidence": {},
    "verdict": {"ix_verdict_verdict": ["verdict"]},
}


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def upgrade() -> None:
    op.create_table(
        "archived",
        sa.Column("file", _TEXT(), nullable=False),
        sa.Column("first_at", _TIME(), nullable=False),
        sa.Column("last_at", _TIME(), nullable=False),
        sa.Column("measurements", sa.Integer(), nullable=False),
        sa.Column("sha256", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_index("ix_archived_last_at", "archived", ["last_at"])
    op.add_column("link", sa.Column("started_at", _TIME(), nullable=True))
    op.execute("update link set started_at = (select started_at from measurement where measurement.uid = link.uid)")
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.alter_column("asn", existing_type=sa.Integer(), type_=sa.BigInteger())  # numbers have 32 bits
    months = _months() if _is_postgresql() else []
    # What refers to measurements goes first.
    for name in ("evidence", "verdict", "measurement"):
        columns = [sa.Column("uid", _TEXT(), nullable=False), sa.Column("started_at", _TIME(), nullable=False)]
        op.create_table(
            f"{name}_new",
            *columns,
            *_TABLES[name](),
            sa.PrimaryKeyConstraint(*_KEYS[name]),
            postgresql_partition_by="RANGE (started_at)",
        )
        for first, after in months:
            op.execute(
                f"create table {name}_{first:%Y_%m} partition of {name}_new "
                f"for values from ('{first:%Y-%m-%d} 00:00:00+00') to ('{after:%Y-%m-%d} 00:00:00+00')"
            )
        if _is_postgresql():
            op.execute(f"create table {name}_default partition of {name}_new default")
        own = ", ".join(column.name for column in _TABLES[name]())
        at = (
            "started_at from measurement"
            if name == "measurement"
            else f"m.started_at from {name} t join measurement m using (uid)"
        )
        op.execute(
            f"insert into {name}_new (uid, {own}, started_at) select uid, {own if name == 'measurement' else _of('t', own)}, {at}"
        )
        _in_place(name, without=set() if _is_postgresql() else {"measurement_days"})


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))


def _in_place(name: str, *, without: set[str]) -> None:
    """The new table under the old one's name, with its indexes."""
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)
    if _is_postgresql():
        op.execute(f"alter index {name}_new_pkey rename to {name}_pkey")
    for index, columns in _INDEXES[name].items():
        if index not in without:
            op.create_index(index, name, columns, postgresql_using="brin" if index == "measurement_days" else None)


def _months() -> list[tuple]:
    """First days of the months in which something was measured, of this one and the next three; each with the next's."""
    found = op.get_bind().execute(
        sa.text(
            "with known as ("
            " select date_trunc('month', started_at at time zone 'UTC') as first from measurement"
            " where started_at < now() + interval '3 months'"
            " union select date_trunc('month', now() at time zone 'UTC') + number * interval '1 month'"
            " from generate_series(0, 3) as number"
            ") select first, first + interval '1 month' from known order by first"
        )
    )
    return [tuple(row) for row in found]


def _repack() -> None:
    """An older program unpacks nothing but zlib."""
    connection = op.get_bind()
    newer = connection.execute(sa.text("select uid from evidence where codec = 'json+zstd'")).scalars().all()
    for uid in newer:
        blob = connection.execute(sa.text("select blob from evidence where uid = :uid"), {"uid": uid}).scalar_one()
        older = zlib.compress(zstandard.ZstdDecompressor().decompress(blob), 3)
        connection.execute(
            sa.text("update evidence set codec = 'json+zlib', blob = :blob where uid = :uid"),
            {"blob": older, "uid": uid},
        )


def downgrade() -> None:
    _repack()
    for name in ("measurement", "evidence", "verdict"):
        columns = [sa.Column("uid", _TEXT(), nullable=False), *_TABLES[name]()]
        refers = [] if name == "measurement" else [sa.ForeignKeyConstraint(["uid"], ["measurement.uid"])]
        own = ", ".join(["uid", *(column.name for column in _TABLES[name]())])
        if name == "measurement":
            columns.append(sa.Column("started_at", _TIME(), nullable=False))
            own += ", started_at"
        op.create_table(f"{name}_new", *columns, *refers, sa.PrimaryKeyConstraint("uid"))
        op.execute(f"insert into {name}_new ({own}) select {own} from {name}")
        _in_place(name, without={"measurement_days"})
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.alter_column("asn", existing_type=sa.BigInteger(), type_=sa.Integer())
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_column("started_at")
    op.drop_table("archived")
