"""The tables of accounts: made and taken back with data in them, and an audit that no statement changes."""

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from results.store import Store
from tests.results.build import AT
from tests.results.test_store_troubles import columns, settings

ACCOUNT = {"name": "a", "role": "admin", "password": "$argon2id$", "totp": "t", "totp_step": 2**40, "made_at": AT}
ROWS = {
    "account": ACCOUNT,
    "session": {"digest": "s", "account": "a", "made_at": AT, "seen_at": AT, "expires_at": AT},
    "one_time_link": {"digest": "l", "account": "a", "made_at": AT, "expires_at": AT},
    "attempt": {"who": "d", "known": False, "at": AT},
    "audit": {"number": 1, "at": AT, "who": "a", "what": "signed in", "about": "", "digest": "d"},
}


@pytest.fixture
def store_url(empty_url: str) -> str:
    """Nobody has opened it yet."""
    return empty_url


def fill(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for name, row in ROWS.items():
            connection.execute(sa.insert(SQLModel.metadata.tables[name]), row)


def test_accounts_come_and_go_with_what_is_in_them(store_url: str) -> None:
    engine = sa.create_engine(store_url)
    command.upgrade(settings(engine), "0006")
    before = columns(engine)
    with engine.begin() as connection:
        member = {"key_id": "k", "public_key": "p", "vantage": "v", "vantage_class": "home", "country": "KZ"}
        connection.execute(sa.insert(SQLModel.metadata.tables["member"]), {**member, "joined_at": AT})
    command.upgrade(settings(engine), "0007")
    fill(engine)
    command.downgrade(settings(engine), "0006")
    assert columns(engine) == before
    command.upgrade(settings(engine), "0007")
    fill(engine)
    with engine.connect() as connection:
        found = connection.execute(sa.select(SQLModel.metadata.tables["account"])).mappings().one()
        assert connection.execute(sa.text("select count(*) from member")).scalar() == 1
    engine.dispose()
    assert dict(found) == {**ACCOUNT, "disabled_at": None}


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set what = 'nothing'",
        "update audit set number = 2",
        "delete from audit",
        "truncate audit",
        "insert or replace into audit select number, at, who, 'nothing', about, digest from audit",
        "insert into audit select * from audit where true on conflict (number) do update set what = 'nothing'",
    ],
)
def test_the_database_itself_refuses_to_change_the_audit(store: Store, statement: str) -> None:
    spoken = {"truncate": "postgresql", "insert or": "sqlite"}
    if spoken.get(statement[:9].strip(), dialect := store._engine.dialect.name) != dialect:
        pytest.skip(f"{dialect} knows no such statement")
    fill(store._engine)
    with pytest.raises(DatabaseError, match="the audit is only added to"), store._engine.begin() as connection:
        connection.execute(sa.text(statement))
    with store._engine.connect() as connection:
        assert connection.execute(sa.text("select number, what from audit")).all() == [(1, "signed in")]
