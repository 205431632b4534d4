"""rollups: a day of a URL on a network, a day of a vantage, and how far the chains are counted into them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT, _TIME = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    for table, of in (("rollup", "url"), ("vantage_rollup", "vantage")):
        op.create_table(
            table,
            sa.Column(of, _TEXT(), nullable=False),
            sa.Column("network_key", _TEXT(), nullable=False),
            sa.Column("country", _TEXT(), nullable=False),
            sa.Column("vantage_class", _TEXT(), nullable=False),
            sa.Column("day", sa.Date(), nullable=False),
            sa.Column("asn", sa.BigInteger(), nullable=True),
            sa.Column("network", _TEXT(), nullable=True),
            *([sa.Column("last_at", _TIME(), nullable=False)] if of == "vantage" else []),
            sa.Column("whole", sa.JSON(), nullable=False),
            sa.Column("hours", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint(of, "network_key", "country", "vantage_class", "day"),
        )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_day"), ["day"], unique=False)
    with op.batch_alter_table("rollup", schema=None) as batch_op:
        batch_op.create_index("rollup_network", ["network_key", "day"], unique=False)
    op.create_table(
        "counted",
        sa.Column("vantage", _TEXT(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vantage"),
    )


def downgrade() -> None:
    for table in ("counted", "vantage_rollup", "rollup"):
        op.drop_table(table)
