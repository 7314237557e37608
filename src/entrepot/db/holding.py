"""Names that at most one process holds at a time, let go by the system when that process ends.

On PostgreSQL they are advisory locks of one connection; on SQLite, locks on files beside the
database, since all its processes are on one machine.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url


class Holder(Protocol):
    async def try_hold(self, name: str) -> bool:
        """True when `name` is ours now, or was already; False while another process holds it.

        Raises DatabaseUnreachable.
        """
        ...

    async def release(self, name: str) -> None:
        """Let others hold `name`; harmless when it is not ours."""
        ...

    async def lost(self) -> frozenset[str]:
        """Names that another process holds since the database, and with it our hold, was away for a moment.

        Raises DatabaseUnreachable while it is away.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


def open_holder(url: str) -> Holder:
    """A holder at the database `url`; connects at the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database, "checked when the database was opened"
        return FileHolder(Path(parsed.database))
    from entrepot.db.postgres_holding import PostgresHolder  # here, because it brings the driver along

    return PostgresHolder(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


class FileHolder:
    def __init__(self, database: Path) -> None:
        self._database = database
        self._held: dict[str, int] = {}

    async def try_hold(self, name: str) -> bool:
        if name in self._held:
            return True
        handle = os.open(f"{self._database}.{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held[name] = handle
        return True

    async def release(self, name: str) -> None:
        handle = self._held.pop(name, None)
        if handle is not None:
            os.close(handle)

    async def lost(self) -> frozenset[str]:
        return frozenset()

    async def close(self) -> None:
        for name in list(self._held):
            await self.release(name)
