"""The two kinds of transaction a verb can hold: a Reader cannot write, a Writer can.

Statements are SQLAlchemy Core. Results are rows with named fields. A statement that is asked with every
request is made once, with `bindparam` where `parameters` come: making it takes longer than most answers.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Delete, Executable, Insert, Row, Table, Update

Parameters = Mapping[str, Any]


class Reader(Protocol):
    """One consistent view of the facts."""

    now: datetime
    """The moment it began, in UTC: what ends at a time has ended or not by this one."""

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> Row[Any] | None:
        """The first row, or None."""
        ...

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        """All rows; statements limit themselves."""
        ...

    async def value(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The first field of the first row, or None."""
        ...


class Writer(Reader, Protocol):
    """One short transaction: all of it happens, or nothing. It never awaits a network or a stream."""

    def insert(self, table: Table) -> Any:
        """An INSERT for this database, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
        ...

    async def run(
        self, statement: Update | Delete | Insert | Executable, rows: Sequence[Parameters] | Parameters | None = None
    ) -> int:
        """Execute; the number of rows touched. With a list of `rows`, once for each; with one, once."""
        ...

    def attempt(self) -> AbstractAsyncContextManager[None]:
        """What happens in the block is undone when it raises, locks included; what happened before it stays."""
        ...

    async def lock(self, *names: str, shared: bool = False) -> None:
        """Wait until no other transaction holds any of `names`; keep them to the end of this one.

        For decisions that read before they write. Holders of a `shared` lock do not wait for each
        other. Everybody takes the same names in the same order.
        """
        ...
