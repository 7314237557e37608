"""Statements that are made once and asked often, and conditions on many values, on both databases alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, bindparam, func, select

from entrepot.db.among import among, not_among
from entrepot.db.database import Database
from entrepot.db.gathered import gathered
from entrepot.db.opening import open_database
from entrepot.db.schema import Name, UtcTime
from tests.make.databases import create_tables

TABLES = MetaData()
thing = Table(
    "thing",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Name(255), nullable=False, unique=True),
    Column("at", UtcTime),
    Column("is_new", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
BY_NAME = select(thing, func.length(thing.c.name).label("chars")).where(thing.c.name == bindparam("name", type_=String))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    create_tables(database_url, TABLES)
    opened = open_database(database_url)
    async with opened.writing() as tx:
        for number, name in enumerate(("app", "base", 'odd "one", \\ {two}', "überall"), start=1):
            row = {"id": number, "name": name, "at": AT if number == 1 else None, "is_new": number == 1, "body": b"\0x"}
            await tx.run(tx.insert(thing).values(**row))
    yield opened
    await opened.close()


async def test_a_statement_made_once_takes_parameters(db: Database) -> None:
    async with db.reading() as tx:
        assert [await tx.value(BY_NAME, {"name": name}) for name in ("app", "base", "none")] == [1, 2, None]
        row = await tx.row(BY_NAME, {"name": "app"})
        assert row is not None and (row.at, row.is_new, row.chars) == (AT, True, 3)
        assert [one.name for one in await tx.rows(BY_NAME, {"name": "base"})] == ["base"]


async def test_a_hot_read_has_the_names_and_types_that_transactions_give(db: Database) -> None:
    hot = db.hot(BY_NAME)
    for name in ("app", "base"):
        async with db.reading() as tx:
            row = await tx.row(BY_NAME, {"name": name})
        assert row is not None
        found = await hot.named({"name": name})

        assert found._asdict() == dict(row._mapping)
        assert {key: type(value) for key, value in found._asdict().items()} == {
            key: type(value) for key, value in row._mapping.items()
        }
    assert await hot.named({"name": "none"}) is None


@pytest.mark.parametrize("values", [[], ["app"], ["base", "none"], ['odd "one", \\ {two}', "überall", "app"]])
async def test_a_row_is_among_values_or_not(db: Database, values: list[str]) -> None:
    every = ["app", "base", 'odd "one", \\ {two}', "überall"]
    async with db.reading() as tx:
        inside = await tx.rows(select(thing.c.name).where(among(thing.c.name, values)))
        outside = await tx.rows(select(thing.c.name).where(not_among(thing.c.name, values)))
        named = await tx.rows(select(thing.c.name).where(among(thing.c.name, "names")), {"names": values})

    assert {row.name for row in inside} == {row.name for row in named} == set(every) & set(values)
    assert {row.name for row in outside} == set(every) - set(values)


async def test_ten_thousand_values_are_one_parameter(db: Database) -> None:
    many = select(func.count()).where(among(thing.c.id, "ids"), not_among(thing.c.id, [2]))

    async with db.reading() as tx:
        assert await tx.value(many, {"ids": range(10_000)}) == 3
        assert await tx.value(many, {"ids": []}) == 0


async def test_rows_of_a_question_inside_another_come_as_one_list_in_their_order(db: Database) -> None:
    other = thing.alias()
    later = select(other.c.name).where(other.c.id > thing.c.id).order_by(other.c.id.desc()).limit(2)
    async with db.reading() as tx:
        rows = await tx.rows(select(thing.c.id, gathered(later).label("later")).order_by(thing.c.id))

    third, fourth = 'odd "one", \\ {two}', "überall"
    assert [row.later for row in rows] == [[fourth, third], [fourth, third], [fourth], []]
