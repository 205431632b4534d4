"""Which schema a store has, and how it becomes this program's. What the tables hold is in tables.py.

Each step from one schema to the next is in results/migrations.
"""

from pathlib import Path

import sqlalchemy as sa

HEAD = "0010"  # the newest schema; a test holds it against results/migrations
_MIGRATIONS = Path(__file__).with_name("migrations")


class WrongSchema(Exception):
    """The store can't be used as it is. The message is a sentence without its end."""


def up_to_date(engine: sa.Engine) -> None:
    """Makes the tables, or brings them up to date. Raises WrongSchema where a newer program made them."""
    newest = _newest(engine)
    if newest == HEAD:
        return
    # Only now: importing Alembic takes longer than all else that an up-to-date store needs.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.attributes["engine"] = engine
    command.upgrade(settings, HEAD)


def as_it_is(engine: sa.Engine) -> None:
    """The same for a server, whose store is changed when its operator says so: an older one raises WrongSchema too."""
    newest = _newest(engine)
    if newest not in {None, HEAD}:
        raise WrongSchema(
            f"it was made by an older program: its schema is {newest}, this program's is {HEAD}; make a copy of it, "
            "then `kedergi serve --migrate` brings it up to date"
        )
    up_to_date(engine)


def _newest(engine: sa.Engine) -> str | None:
    """The store's schema; None where it is empty."""
    with engine.connect() as connection:
        newest = None
        if sa.inspect(connection).has_table("alembic_version"):
            newest = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    if newest is not None and not list(_MIGRATIONS.glob(f"versions/{newest}_*.py")):
        raise WrongSchema(f"the store was made by a newer program: its schema is {newest}, this program's is {HEAD}")
    return newest
