"""how many bytes crossed the line."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("measurement", sa.Column("received_bytes", sa.BigInteger(), nullable=True))
    op.add_column("measurement", sa.Column("sent_bytes", sa.BigInteger(), nullable=True))
    op.add_column("round", sa.Column("traffic_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("round", "traffic_bytes")
    op.drop_column("measurement", "sent_bytes")
    op.drop_column("measurement", "received_bytes")
