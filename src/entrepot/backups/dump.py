"""Dump: every table of one moment, page by page along its primary key, whichever database it is."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Row, Select, Table, func, literal, select, text, tuple_

from entrepot.backups.kinds import kind_of, line_of
from entrepot.backups.pieces import PieceWriter
from entrepot.backups.snapshot import Dumped
from entrepot.blobs.store import BlobStore
from entrepot.db.database import Dialect
from entrepot.db.transaction import Reader

_PAGE: Final = 5_000
_SEQUENCE: Final = text(
    "SELECT coalesce(pg_sequence_last_value(CAST(pg_get_serial_sequence(:table, :column) AS regclass)), 0)"
)
_WIDE_PAGE: Final = 250
"""Rows read at once of a table whose rows can be long: a manifest may have megabytes."""


async def dump_table(
    tx: Reader, dialect: Dialect, table: Table, store: BlobStore, tell: Callable[[int], None]
) -> Dumped:
    """One table as `tx` sees it; `tell` is called with the rows of each page."""
    columns = [(column.name, kind_of(column)) for column in table.columns]
    page = _WIDE_PAGE if {kind for _, kind in columns} & {"bytes", "json"} else _PAGE
    writer, count, last = PieceWriter(store), 0, None
    while True:
        rows = await tx.rows(_page(table, last, page))
        for row in rows:
            await writer.add(line_of(row))
        count += len(rows)
        tell(len(rows))
        if len(rows) < page:
            break
        last = rows[-1]
    await writer.flush()
    return Dumped(table.name, columns, count, await _last_number(tx, dialect, table), writer.pieces)


def _page(table: Table, last: Row[Any] | None, limit: int) -> Select[Any]:
    key = list(table.primary_key)
    found = select(*table.columns).order_by(*key).limit(limit)
    if last is None:
        return found
    values = [literal(last._mapping[column], column.type) for column in key]  # noqa: SLF001  # SQLAlchemy's public name for it
    return found.where(tuple_(*key) > tuple_(*values))


async def _last_number(tx: Reader, dialect: Dialect, table: Table) -> int | None:
    numbered = table.autoincrement_column
    if numbered is None:
        return None
    if dialect == "postgresql":
        names = {"table": f'"{table.name}"', "column": numbered.name}
        return int(await tx.value(_SEQUENCE, names))
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return int(await tx.value(select(func.coalesce(func.max(numbered), 0))))
    used = await tx.value(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    return int(used or 0)
