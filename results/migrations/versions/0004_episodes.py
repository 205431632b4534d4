"""episodes, events, flips and deliveries, and how far each detector was."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("measurement", sa.Column("reference_tls_ms", sa.Float(), nullable=True))
    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("network_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("url", "network_key", "at"),
    )
    op.create_table(
        "episode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("network_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asn", sa.Integer(), nullable=True),
        sa.Column("network", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mechanisms", sa.JSON(), nullable=False),
        sa.Column("confidence", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("last_good_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("first_bad_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("opened_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_bad_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("first_good_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("closed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("measurements", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("event_uid", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("url", "network_key", "kind", "first_bad_at"),
    )
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episode_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_event_uid"), ["event_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_first_bad_at"), ["first_bad_at"], unique=False)

    op.create_table(
        "event",
        sa.Column("uid", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("closed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("untold_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("uid"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_untold_since"), ["untold_since"], unique=False)

    op.create_table(
        "flip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_uid", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("change", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("noticed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("planned_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("flip", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flip_event_uid"), ["event_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_flip_planned_at"), ["planned_at"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flip_id", sa.Integer(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("taken_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("given_up_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("says", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flip_id"],
            ["flip.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("flip_id", "address"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_sent_at"), ["sent_at"], unique=False)


def downgrade() -> None:
    op.drop_column("measurement", "reference_tls_ms")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_sent_at"))
        batch_op.drop_index(batch_op.f("ix_delivery_due_at"))

    op.drop_table("delivery")
    with op.batch_alter_table("flip", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_flip_planned_at"))
        batch_op.drop_index(batch_op.f("ix_flip_event_uid"))

    op.drop_table("flip")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_untold_since"))
        batch_op.drop_index(batch_op.f("ix_event_opened_at"))
        batch_op.drop_index(batch_op.f("ix_event_closed_at"))

    op.drop_table("event")
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_episode_first_bad_at"))
        batch_op.drop_index(batch_op.f("ix_episode_event_uid"))
        batch_op.drop_index(batch_op.f("ix_episode_closed_at"))

    op.drop_table("episode")
    op.drop_table("checkpoint")
