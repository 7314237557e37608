"""Sealed columns: all of one sealed anew, a few rows at a time, while servers run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Row, Table, select, update

from entrepot.db.database import Database
from entrepot.db.transaction import Writer
from entrepot.plumbing.sealing import Sealer

_SEALING = "sealing"
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column whose values are sealed, each for the purpose that its row says; `key` is the table's primary key."""

    table: Table
    key: Column[Any]
    column: Column[Any]
    purpose: Callable[[Row[Any]], str]


async def keep_sealed(tx: Writer) -> None:
    """Before sealing what this transaction writes: no rotation ends without having seen it."""
    await tx.lock(_SEALING, shared=True)


async def seal_anew(db: Database, sealer: Sealer, sealed: Sealed, batch: int = _BATCH) -> int:
    """Seal with the sealer's first key what is sealed with another; the number of values.

    It may be broken off and begun again. Raises SealBroken for a value that no key opens.
    """
    after: Any = None
    total = 0
    while True:
        async with db.writing() as tx:
            await tx.lock(_SEALING)  # whoever sealed with the key before has written it down by now
            found = select(*sealed.table.c).where(sealed.column.is_not(None)).order_by(sealed.key).limit(batch)
            rows = await tx.rows(found if after is None else found.where(sealed.key > after))
            for row in rows:
                total += await _seal_anew(tx, sealer, sealed, row)
        if len(rows) < batch:
            return total
        after = rows[-1]._mapping[sealed.key]  # noqa: SLF001  # SQLAlchemy's public name for it


async def _seal_anew(tx: Writer, sealer: Sealer, sealed: Sealed, row: Row[Any]) -> int:
    value, purpose = row._mapping[sealed.column], sealed.purpose(row)  # noqa: SLF001
    if sealer.is_current(value, purpose):
        return 0
    fresh = sealer.seal(sealer.open(value, purpose), purpose)
    own = sealed.key == row._mapping[sealed.key]  # noqa: SLF001
    return await tx.run(update(sealed.table).where(own).values({sealed.column.name: fresh}))
