"""What the lists of /api/v1 cost: an index leads to what they tell, and a page looks at so many rows and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from results import paging
from results.paging import Mark, Wanted
from results.store import Store
from tests.server.simulated import NOW, site

AFTER = Mark(NOW, ("x",))
EPISODE = Mark(NOW, ("x", "y", "blocking"))
ONE = Wanted(urls=[site("ratel.kz")])
ALL = Wanted()
SPAN = Wanted(since=NOW - timedelta(days=1), until=NOW, network="9198", verdict="blocked")


@contextmanager
def planned(store: Store) -> Iterator[list[str]]:
    """The plan of each query that is asked within. PostgreSQL is told not to scan: tables of tests are small."""
    plans: list[str] = []
    engine = store._engine
    explaining: list[bool] = []

    def before(connection: sa.Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if explaining or not statement.lstrip().upper().startswith("SELECT"):
            return
        explaining.append(True)
        postgresql = connection.dialect.name == "postgresql"
        direct = connection.connection.cursor()
        if postgresql:
            direct.execute("set local enable_seqscan = off")
        direct.execute(("EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN ") + statement, parameters)  # type: ignore[arg-type]
        plans.append("\n".join(" ".join(map(str, row)) for row in direct.fetchall()))
        direct.close()
        explaining.clear()

    sa.event.listen(engine, "before_cursor_execute", before)
    try:
        yield plans
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)


@pytest.mark.parametrize("after", [None, AFTER], ids=["first", "next"])
@pytest.mark.parametrize("wanted", [ONE, ALL, SPAN], ids=["of a site", "all", "of a day"])
def test_checks_are_found_by_an_index_in_the_order_in_which_they_are_told(
    told: Store, wanted: Wanted, after: Mark | None
) -> None:
    with planned(told) as plans:
        paging.measurements(told, wanted, after=after, limit=10)
    assert plans
    for plan in plans:
        assert not [line for line in plan.splitlines() if "SCAN measurement" in line and "USING" not in line], plan
        assert "Seq Scan on measurement" not in plan
        used = ("measurement_series", "url_started_at") if wanted is ONE else ("started_at",)
        assert any(name in plan for name in used), plan
        assert "Materialize" not in plan  # all that a site ever had


@pytest.mark.parametrize("wanted", [ONE, ALL, SPAN], ids=["of a site", "all", "of a day"])
def test_episodes_and_events_are_found_by_an_index(told: Store, wanted: Wanted) -> None:
    with planned(told) as plans:
        paging.episodes(told, wanted, after=EPISODE, limit=10)
        paging.events(told, wanted, after=AFTER, limit=10)
        paging.flips(told, lambda _event: True, limit=10)
    assert len(plans) == 3
    for plan in plans:
        assert not [line for line in plan.splitlines() if line.split("SCAN")[-1].strip() in {"episode", "event"}], plan
        assert "Seq Scan" not in plan


def test_a_page_of_checks_looks_at_so_many_and_no_more(told: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("results.paging.READ_MOST", 50)
    looked = 0
    after: Mark | None = None
    while True:
        page = paging.measurements(told, Wanted(country="RU"), after=after, limit=1000)
        assert not page.entries
        looked += 1
        if page.next is None:
            break
        after = page.next
    with told.transaction() as connection:
        stored = connection.execute(sa.text("select count(*) from measurement")).scalar_one()
    assert looked == stored // 50 + 1
