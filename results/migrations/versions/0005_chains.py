"""chains of the vantages, and how far they were followed. What is stored already is linked in the order of its times."""

import zlib

import sqlalchemy as sa
import sqlmodel
from alembic import op

from results.chain import BEGINNING, digest

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("vantage", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("uid", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("vantage", "number"),
        sa.UniqueConstraint("uid"),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_digest"), ["digest"], unique=False)
    op.create_table(
        "followed",
        sa.Column("vantage", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vantage"),
    )
    _link()


def _link() -> None:
    connection = op.get_bind()
    link = sa.table("link", *(sa.column(name) for name in ("vantage", "number", "uid", "digest")))
    newest: dict[str, tuple[int, str]] = {}
    order = connection.execute(sa.text("select vantage, uid from measurement order by started_at, uid")).all()
    for vantage, uid in order:
        blob = connection.execute(sa.text("select blob from evidence where uid = :uid"), {"uid": uid}).scalar()
        if blob is None:
            continue
        number, before = newest.get(vantage, (0, BEGINNING))
        made = digest(before, uid, zlib.decompress(blob))
        newest[vantage] = (number + 1, made)
        values = {"vantage": vantage, "number": number + 1, "uid": uid, "digest": made}
        connection.execute(sa.insert(link).values(**values))


def downgrade() -> None:
    op.drop_table("followed")
    op.drop_table("link")
