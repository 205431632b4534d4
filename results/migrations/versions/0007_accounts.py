"""people's accounts on a server: sessions, one-time links, tries to sign in, and an audit that is only added to."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXT, _TIME = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
_SAYS = "the audit is only added to"
_SQLITE = [
    f"create trigger audit_no_{doing} before {doing} on audit begin select raise(abort, '{_SAYS}'); end"
    for doing in ("update", "delete")
] + [
    # INSERT OR REPLACE deletes without asking the trigger above.
    "create trigger audit_no_replace before insert on audit when exists "
    f"(select 1 from audit where number = new.number) begin select raise(abort, '{_SAYS}'); end"
]
_POSTGRESQL = [
    "create function audit_is_only_added_to() returns trigger language plpgsql as "
    f"$$ begin raise exception '{_SAYS}'; end $$",
    "create trigger audit_no_change before update or delete on audit "
    "for each row execute function audit_is_only_added_to()",
    "create trigger audit_no_truncate before truncate on audit "
    "for each statement execute function audit_is_only_added_to()",
]


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("role", _TEXT(), nullable=False),
        sa.Column("password", _TEXT(), nullable=True),
        sa.Column("totp", _TEXT(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("disabled_at", _TIME(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "session",
        sa.Column("digest", _TEXT(), nullable=False),
        sa.Column("account", _TEXT(), nullable=False),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("seen_at", _TIME(), nullable=False),
        sa.Column("expires_at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
    )
    op.create_table(
        "one_time_link",
        sa.Column("digest", _TEXT(), nullable=False),
        sa.Column("account", _TEXT(), nullable=True),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("expires_at", _TIME(), nullable=False),
        sa.Column("used_at", _TIME(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
        sa.ForeignKeyConstraint(["account"], ["account.name"]),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("who", _TEXT(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.Column("who", _TEXT(), nullable=False),
        sa.Column("what", _TEXT(), nullable=False),
        sa.Column("about", _TEXT(), nullable=False),
        sa.Column("digest", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for table, column in (
        ("session", "account"),
        ("session", "expires_at"),
        ("one_time_link", "account"),
        ("attempt", "at"),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("attempt_who", ["who", "at"], unique=False)
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("audit", "attempt", "one_time_link", "session", "account"):
        op.drop_table(table)  # with its triggers
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function audit_is_only_added_to()")
