"""One database, of either kind, as the rooms see it."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from sqlalchemy import Select

from entrepot.db.transaction import Reader, Writer

Dialect = Literal["sqlite", "postgresql"]


class HotRead(Protocol):
    """One statement that is asked all the time, compiled once, run on the raw driver."""

    async def row(self, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """The first row as the driver gives it, or None; outside any transaction."""
        ...

    async def named(self, parameters: dict[str, Any]) -> Any:
        """The same with named fields, of the types that transactions give them."""
        ...


class Database(Protocol):
    dialect: Dialect

    def reading(self) -> AbstractAsyncContextManager[Reader]:
        """A consistent view; ends with the block."""
        ...

    def looking(self) -> AbstractAsyncContextManager[Reader]:
        """The same without the one view: each statement sees what is so when it runs.

        Cheaper, for one question alone, and for several whose answers need not agree.
        """
        ...

    def writing(self) -> AbstractAsyncContextManager[Writer]:
        """A transaction: committed, durably, when the block ends; undone when it raises.

        Raises DatabaseUnreachable or DatabaseBusy (both worth a retry), StorageFull or StorageFailed.
        """
        ...

    def hot(self, statement: Select[Any]) -> HotRead:
        """`statement`, ready to be asked often. Its bound parameters become the keys of `row`."""
        ...

    async def check(self) -> None:
        """Answer a trivial question, or raise DatabaseUnreachable."""
        ...

    async def close(self) -> None: ...
