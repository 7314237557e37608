"""Loading: the rows of a dump into the empty tables of a new schema, whichever database it is.

The tables are written as the dump describes them, not as this version declares them: the schema is that of the dump,
and migrations bring it forward afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select, text

from entrepot.backups.errors import SnapshotDamaged
from entrepot.backups.kinds import TYPES
from entrepot.backups.pieces import read_rows
from entrepot.backups.snapshot import Dumped, Snapshot
from entrepot.blobs.store import BlobStore

_CONTINUE: Final = text("SELECT setval(CAST(pg_get_serial_sequence(:table, :column) AS regclass), :number)")
_IS_COUNTED: Final = text("SELECT 1 FROM sqlite_master WHERE name = :table AND sql LIKE '%AUTOINCREMENT%'")
_CONTINUE_SQLITE: Final = text("UPDATE sqlite_sequence SET seq = :number WHERE name = :table AND seq < :number")
_BEGIN_SQLITE: Final = text(
    "INSERT INTO sqlite_sequence (name, seq) SELECT :table, 0 "
    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :table)"
)


@dataclass(frozen=True, slots=True)
class Without:
    """What is not restored: the rows of `tables`, and the values of `columns` by table."""

    tables: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)


def without_sealed(sealed: Sequence[Column[Any]], tables: Sequence[Table]) -> Without:
    """Nothing that was sealed, for whoever has lost the key. `tables`: all, each after those that it refers to.

    Where a value may be missing, it is; else the row goes, and the rows of tables that refer to such rows.
    """
    gone = {column.table.name for column in sealed if not column.nullable}
    for table in tables:
        if any(key.column.table.name in gone for key in table.foreign_keys):
            gone.add(table.name)
    return Without(frozenset(gone), {column.table.name: column.name for column in sealed if column.nullable})


async def load(
    connection: Connection,
    snapshot: Snapshot,
    store: BlobStore,
    numbered: Mapping[str, str],
    without: Without,
    tell: Callable[[int], None],
) -> None:
    """Fill the tables. `numbered`: of tables whose rows the database numbers, the column with the number.

    Nothing else happens in this process meanwhile: the connection blocks it. Every table is counted afterwards. Raises
    SnapshotDamaged.
    """
    is_postgres = connection.dialect.name == "postgresql"
    for dumped in snapshot.tables:
        table = Table(dumped.name, MetaData(), *[Column(name, TYPES[kind]) for name, kind in dumped.columns])
        names = [name for name, _ in dumped.columns]
        for piece in dumped.pieces if dumped.name not in without.tables else ():
            rows = await read_rows(store, dumped, piece)
            if dumped.name in without.columns:
                place = names.index(without.columns[dumped.name])
                rows = [[*row[:place], None, *row[place + 1 :]] for row in rows]
            if is_postgres:
                _copy(connection, dumped, rows)
            else:
                connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
            tell(len(rows))
        if dumped.last_number and dumped.name in numbered:
            _go_on(connection, is_postgres, dumped, numbered[dumped.name])
        _count(connection, table, dumped, without)


def _count(connection: Connection, table: Table, dumped: Dumped, without: Without) -> None:
    expected = 0 if dumped.name in without.tables else dumped.rows
    found = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if found != expected:
        raise SnapshotDamaged(f"The table {dumped.name} has {found} rows; it should have {expected}.")


def _copy(connection: Connection, dumped: Dumped, rows: Sequence[Sequence[Any]]) -> None:
    """By COPY, which is many times as fast as INSERT; as part of the connection's transaction."""
    from psycopg import Connection as Driver
    from psycopg import sql
    from psycopg.types.json import Jsonb

    driver = connection.connection.dbapi_connection
    assert isinstance(driver, Driver), "psycopg is what SQLAlchemy was told to use"
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in dumped.columns)
    documents = [place for place, (_, kind) in enumerate(dumped.columns) if kind == "json"]
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(dumped.name), columns)
    with driver.cursor() as cursor, cursor.copy(command) as copy:
        for row in rows:
            fields = list(row)
            for place in documents:
                fields[place] = None if row[place] is None else Jsonb(row[place])
            copy.write_row(fields)


def _go_on(connection: Connection, is_postgres: bool, dumped: Dumped, column: str) -> None:
    """No number is given a second time, also if the row that had it is gone."""
    numbers = {"table": dumped.name, "number": dumped.last_number}
    if is_postgres:
        connection.execute(_CONTINUE, {**numbers, "table": f'"{dumped.name}"', "column": column})
    elif connection.execute(_IS_COUNTED, numbers).scalar():
        connection.execute(_BEGIN_SQLITE, numbers)
        connection.execute(_CONTINUE_SQLITE, numbers)
