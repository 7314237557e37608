"""Round: what the phases of one collection share: how old is old, what was done so far, and how fast to go."""

from datetime import datetime, timedelta
from typing import Final

from entrepot.db.transaction import Writer
from entrepot.upkeep.pacing import Pacer
from entrepot.upkeep.queries import collections
from entrepot.upkeep.room import Upkeep

RESTORE_SECONDS_MAX: Final = 3_600
"""For how long a push can have back what a review took away, or the grace time if that is shorter."""


class Round:
    """`run_id`: the collection that counts what is done; None outside of one."""

    def __init__(self, upkeep: Upkeep, run_id: str | None = None) -> None:
        self.upkeep = upkeep
        self._run_id = run_id
        self._grace = upkeep.settings.gc_grace_seconds
        self.began = upkeep.clock.now()
        self.pacer = Pacer(upkeep.db)

    @property
    def run(self) -> str:
        assert self._run_id is not None, "a round of a collection"
        return self._run_id

    @property
    def dropped_before(self) -> datetime:
        """What was dropped before it is reviewed in this round."""
        return self.began - timedelta(seconds=self._grace)

    @property
    def left_before(self) -> datetime:
        """Bytes that were left over before it go."""
        return self.upkeep.clock.now() - timedelta(seconds=min(self._grace, RESTORE_SECONDS_MAX))

    async def count(self, tx: Writer, **counts: int) -> None:
        if self._run_id is not None:
            await collections.count(tx, self._run_id, counts)

    async def enter(self, phase: str) -> None:
        if self._run_id is not None:
            async with self.upkeep.db.writing() as tx:
                await collections.set_run(tx, self._run_id, phase=phase)
