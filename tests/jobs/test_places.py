"""Places in the feed, compared in SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import ColumnElement, create_engine, select

from entrepot.db.database import Database
from entrepot.jobs import places
from entrepot.jobs.events import Event, publish
from entrepot.jobs.tables import event
from tests.make.databases import create_tables

Compare = Callable[[Any, Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Happened(Event):
    type: ClassVar[str] = "test.happened"


@pytest.mark.parametrize(
    ("compare", "fitting"),
    [(places.before, "ab"), (places.up_to, "abc"), (places.from_, "cde"), (places.after, "de")],
)
async def test_a_place_parts_the_feed(db: Database, compare: Compare, fitting: str) -> None:
    for name in "abcde":
        async with db.writing() as tx:
            await publish(tx, Happened(name), actor="user:1", at=tx.now)
    async with db.reading() as tx:
        third = await tx.row(select(event.c.xid, event.c.seq).where(event.c.subject == "c"))
        assert third is not None
        found = await tx.rows(
            select(event.c.subject).where(compare(third.xid, third.seq)).order_by(event.c.xid, event.c.seq)
        )
    assert "".join(row.subject for row in found) == fitting


@pytest.mark.parametrize(
    ("compare", "bound"),
    [(places.before, "seq<?"), (places.up_to, "seq<?"), (places.from_, "seq>?"), (places.after, "seq>?")],
)
def test_sqlite_goes_straight_to_the_place(sqlite_url: str, compare: Compare, bound: str) -> None:
    """And does not read the feed from its beginning, which has millions of events."""
    create_tables(sqlite_url)
    engine = create_engine(sqlite_url)
    statement = select(event).where(compare(0, 7)).order_by(event.c.xid, event.c.seq).compile(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (7,)).fetchall()
    engine.dispose()
    assert [row.detail for row in found] == [f"SEARCH event USING INDEX ix_event_feed (xid=? AND {bound})"]
