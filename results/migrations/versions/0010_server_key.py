"""what a server vouches for: the public half of its key, and the lists that it gave out."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXT, _TIME = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "server_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", _TEXT(), nullable=False),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "list_version",
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("digest", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("made_at"),
    )


def downgrade() -> None:
    op.drop_table("list_version")
    op.drop_table("server_key")
