"""Progress: how far an import is, told to the database now and then; and whether it is still wanted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from entrepot.intake import queries
from entrepot.intake.room import Intake
from entrepot.intake.rules import State
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import Elsewhere, Refused

_TOLD_SECONDS: Final = 1.0

_log = get_logger()


class ImportCancelled(Refused):
    """Whoever handed the archive in has cancelled it."""


class Progress:
    """What an import does, counted by whoever does it, in any thread."""

    def __init__(self) -> None:
        self.state = State.READING
        self.done_bytes = 0
        self.total_bytes = 0
        self.is_cancelled = False

    def watch(self, count: int) -> None:
        """So many bytes more. Raises ImportCancelled when nobody wants them any more."""
        self.done_bytes += count
        if self.is_cancelled:
            raise ImportCancelled

    def begin(self, state: State, total_bytes: int) -> None:
        """From here on something else is counted; `total_bytes` is 0 when nobody can know."""
        self.state, self.done_bytes, self.total_bytes = state, 0, total_bytes
        self.watch(0)


@asynccontextmanager
async def told(intake: Intake, archive_id: str, progress: Progress) -> AsyncIterator[None]:
    """During the block the archive's row follows `progress`; when the row is gone, `progress` says so."""
    stop = asyncio.Event()
    telling = asyncio.create_task(_tell(intake, archive_id, progress, stop))
    try:
        yield
    finally:
        stop.set()
        await telling


async def _tell(intake: Intake, archive_id: str, progress: Progress, stop: asyncio.Event) -> None:
    while not stop.is_set() and not progress.is_cancelled:
        try:
            async with intake.db.writing() as tx:
                is_there = await queries.set_archive(
                    tx,
                    archive_id,
                    intake.clock.now(),
                    state=progress.state,
                    done_bytes=progress.done_bytes,
                    total_bytes=progress.total_bytes,
                )
            progress.is_cancelled = not is_there
        except Elsewhere as error:
            _log.warning("the progress of an archive was not told", archive=archive_id, error=error.message)
        try:
            await asyncio.wait_for(stop.wait(), _TOLD_SECONDS)
        except TimeoutError:
            continue
