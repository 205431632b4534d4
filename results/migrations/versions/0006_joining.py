"""vantages that join a server: invitations, members, nonces, marks; and on a probe, receipts."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT, _TIME = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("digest", _TEXT(), nullable=False),
        sa.Column("vantage_class", _TEXT(), nullable=False),
        sa.Column("country", _TEXT(), nullable=False),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("expires_at", _TIME(), nullable=False),
        sa.Column("used_at", _TIME(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "member",
        sa.Column("key_id", _TEXT(), nullable=False),
        sa.Column("public_key", _TEXT(), nullable=False),
        sa.Column("vantage", _TEXT(), nullable=False),
        sa.Column("vantage_class", _TEXT(), nullable=False),
        sa.Column("country", _TEXT(), nullable=False),
        sa.Column("joined_at", _TIME(), nullable=False),
        sa.Column("revoked_at", _TIME(), nullable=True),
        sa.Column("interval_s", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("vantage"),
    )
    op.create_table(
        "nonce",
        sa.Column("key_id", _TEXT(), nullable=False),
        sa.Column("nonce", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "nonce"),
    )
    op.create_table(
        "receipt",
        sa.Column("uid", _TEXT(), nullable=False),
        sa.Column("fate", _TEXT(), nullable=False),
        sa.Column("says", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_table(
        "mark",
        sa.Column("uid", _TEXT(), nullable=False),
        sa.Column("mark", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("uid", "mark"),
    )
    for table, column in (("invitation", "expires_at"), ("nonce", "at")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def downgrade() -> None:
    for table in ("mark", "receipt", "nonce", "member", "invitation"):
        op.drop_table(table)
