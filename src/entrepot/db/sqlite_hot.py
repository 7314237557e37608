"""Hot reads on SQLite: one connection, statements compiled once, and answers that still hold.

SQLite numbers the state of the database (`PRAGMA data_version`): the number changes when any other
connection, of any process, has committed. This connection never writes. So while the number
stands, an answer read before is the answer that reading again would give, and a quarter of the
price: no answer is ever older than the last commit before the question.

Questions that wait together are answered after one look at the number: whoever stands in the event
loop's queue ahead of `_look_away` asked before the look was taken. A look lets another thread take
the interpreter, and getting it back costs more than the rest of an answer.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.sqlite import dialect

from entrepot.db.named import naming

_ANSWER_BYTES_MAX = 64 * 1024
_ANSWERS_BYTES_MAX = 16 * 1024 * 1024
_ANSWER_OVERHEAD_BYTES = 1024
_UNKNOWN = object()

Answer = tuple[Any, ...] | None


class HotConnection:
    """The connection that hot reads share; opened at the first of them."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], meaning: Callable[[sqlite3.Error], Exception]
    ) -> None:
        self._connect = connect
        self._meaning = meaning
        self._connection: sqlite3.Connection | None = None
        self._state = -1
        self._is_looked_at = False
        self._answers: dict[tuple[Any, ...], Answer] = {}
        self._answers_bytes = 0

    def row(self, sql: str, parameters: dict[str, Any]) -> Answer:
        """The first row of the statement, as the database is now. Raises what `meaning` makes of an error."""
        try:
            connection = self._connection or self._open()
            if not self._is_looked_at:
                self._look(connection)
            key = (sql, *parameters.values())
            known = self._answers.get(key, _UNKNOWN)
            if known is not _UNKNOWN:
                return known  # type: ignore[return-value]  # all that is not _UNKNOWN
            cursor = connection.execute(sql, parameters)
            found: Answer = cursor.fetchone()
            # An unfinished cursor would hold its snapshot, and the write-ahead log could not be reset.
            cursor.close()
        except sqlite3.DatabaseError as error:
            raise self._meaning(error) from None
        self._remember(key, found)
        return found

    def _look(self, connection: sqlite3.Connection) -> None:
        (state,) = connection.execute("PRAGMA data_version").fetchone()
        if state != self._state or self._answers_bytes > _ANSWERS_BYTES_MAX:
            self._answers.clear()
            self._answers_bytes = 0
            self._state = state
        self._is_looked_at = True
        asyncio.get_running_loop().call_soon(self._look_away)

    def _look_away(self) -> None:
        self._is_looked_at = False

    def _open(self) -> sqlite3.Connection:
        self._connection = self._connect()
        return self._connection

    def _remember(self, key: tuple[Any, ...], found: Answer) -> None:
        size = sum(len(field) for field in found if isinstance(field, bytes)) if found else 0
        if size <= _ANSWER_BYTES_MAX:
            self._answers[key] = found
            self._answers_bytes += size + _ANSWER_OVERHEAD_BYTES

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        # The number of a state means something to its own connection only.
        self._answers.clear()
        self._answers_bytes, self._state, self._is_looked_at = 0, -1, False


class SqliteHotRead:
    """See `HotRead`."""

    def __init__(self, connection: HotConnection, statement: Select[Any]) -> None:
        self._connection = connection
        spoken = dialect(paramstyle="named")
        self._sql = str(statement.compile(dialect=spoken))
        self._name = naming(statement, spoken)

    async def row(self, parameters: dict[str, Any]) -> Answer:
        return self._connection.row(self._sql, parameters)

    async def named(self, parameters: dict[str, Any]) -> Any:
        found = self._connection.row(self._sql, parameters)
        return None if found is None else self._name(found)
