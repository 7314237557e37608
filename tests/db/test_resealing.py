"""Sealed columns, sealed anew on both databases: all of them, whenever it is broken off, and none that is forgotten."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from entrepot.accounts.keys import SEALED as SIGNING_KEYS
from entrepot.accounts.tables import signing_key
from entrepot.app import SEALED
from entrepot.db.database import Database
from entrepot.db.resealing import seal_anew
from entrepot.migrations import all_tables
from entrepot.plumbing.sealing import SealBroken, Sealer, new_key

PURPOSE = "token signing key"
OLD, NEW = new_key(), new_key()


async def fill(db: Database, sealer: Sealer, first: int, count: int) -> None:
    rows = [
        {"id": f"{number:04}", "sealed_private": sealer.seal(b"%d" % number, PURPOSE), "public": b"", "created_at": NOW}
        for number in range(first, first + count)
    ]
    async with db.writing() as tx:
        await tx.run(insert(signing_key), rows)


NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def opened(db: Database, key: bytes) -> list[bytes]:
    async with db.reading() as tx:
        rows = await tx.rows(select(signing_key).order_by(signing_key.c.id))
    return [Sealer(key).open(row.sealed_private, PURPOSE) for row in rows]


@pytest.mark.parametrize("batch", [1, 5, 10, 100])
async def test_everything_is_sealed_with_the_first_key(db: Database, batch: int) -> None:
    await fill(db, Sealer(OLD), 0, 7)
    await fill(db, Sealer(NEW), 7, 3)

    assert await seal_anew(db, Sealer(NEW, OLD), SIGNING_KEYS, batch) == 7

    assert await opened(db, NEW) == [b"%d" % number for number in range(10)]
    assert await seal_anew(db, Sealer(NEW, OLD), SIGNING_KEYS, batch) == 0


async def test_what_no_key_opens_stops_it_and_stays(db: Database) -> None:
    await fill(db, Sealer(OLD), 0, 3)

    with pytest.raises(SealBroken):
        await seal_anew(db, Sealer(NEW), SIGNING_KEYS)

    assert await opened(db, OLD) == [b"0", b"1", b"2"]


def test_every_sealed_column_is_in_the_table_of_them() -> None:
    """One that is missing there would be lost with the old key."""
    known = {(sealed.table.name, sealed.column.name) for sealed in SEALED}
    named = {
        (table.name, column.name)
        for table in all_tables().tables.values()
        for column in table.columns
        if column.name == "sealed" or column.name.startswith("sealed_")
    }

    assert named == known
