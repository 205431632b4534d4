"""the numbers of a verdict about speed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("verdict", sa.Column("throttling", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("verdict", "throttling")
