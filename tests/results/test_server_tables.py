"""The tables of what a server vouches for: made and taken back with data in them."""

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel

from tests.results.build import AT
from tests.results.test_store_troubles import columns, settings

ROWS = {
    "server_key": {"id": 1, "public_key": "k", "made_at": AT},
    "list_version": {"made_at": AT, "digest": "d"},
}


@pytest.fixture
def store_url(empty_url: str) -> str:
    """Nobody has opened it yet."""
    return empty_url


def test_what_a_server_vouches_for_comes_and_goes(store_url: str) -> None:
    engine = sa.create_engine(store_url)
    command.upgrade(settings(engine), "0009")
    before = columns(engine)
    for _ in range(2):
        command.upgrade(settings(engine), "0010")
        with engine.begin() as connection:
            for name, row in ROWS.items():
                connection.execute(sa.insert(SQLModel.metadata.tables[name]), row)
                assert connection.execute(sa.select(SQLModel.metadata.tables[name])).mappings().one() == row
        command.downgrade(settings(engine), "0009")
        assert columns(engine) == before
    engine.dispose()
