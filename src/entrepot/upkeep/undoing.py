"""Undoing: what a run deleted comes back, as far as tag history still has it, and its repository is held.

The repository is held because the same rules would delete the same tags again. Tags come back as old as they were,
so that they do not count as the newest.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.registry import reach
from entrepot.registry.retag import Closed, Outcome, reopen_tags
from entrepot.upkeep.causes import Cause
from entrepot.upkeep.events import RetentionUndone
from entrepot.upkeep.policies import lock_of
from entrepot.upkeep.queries import facts, retained, wishes
from entrepot.upkeep.room import Upkeep
from entrepot.values.errors import InMaintenance, ParameterInvalid, QuotaExceeded, ReadOnly, RunUnknown, worded
from entrepot.values.names import RepositoryName, TagName

BATCH: Final = 100
NO_ROOM: Final = "quota"
"""The outcome of tags that a quota left no room for; others are `retag.Outcome`."""


async def undo_run(upkeep: Upkeep, actor: Actor, path: RepositoryName, run_id: int) -> None:
    """Have the tags brought back that a run deleted, and the repository held until its rules change.

    A worker does it. Harmless the second time; it goes on when it could not end. Raises Unauthenticated,
    AccessDenied, RepositoryUnknown, RunUnknown, or ParameterInvalid for a run that goes on or that deleted nothing.
    """
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        await tx.lock(lock_of(repository.id))
        run = await retained.run_by_id(tx, repository.id, run_id)
        if run is None:
            raise unknown(path, run_id)
        if run.ended_at is None:
            raise ParameterInvalid(worded("This run is not over yet; undo it then."), kind="retention-running")
        if not run.deleted:
            raise ParameterInvalid(worded("This run deleted nothing."), kind="retention-nothing")
        now = upkeep.clock.now()
        await retained.set_run(tx, run_id, undone_at=now, undone_by=actor.subject)
        await wishes.save_hold(tx, repository.id, actor.subject, now)
        await wishes.save_wish(
            tx, repository.organization_id, repository.id, Cause.UNDO, actor.subject, now, run_id=run_id
        )
        undone = RetentionUndone(path, run_id)
        await publish(tx, undone, actor=actor.subject, at=now, domain_id=repository.domain_id)


def unknown(path: RepositoryName, run_id: int) -> RunUnknown:
    return RunUnknown(
        worded("{path} has no run of retention {run_id}, or it was too long ago.", path=path, run_id=run_id)
    )


async def bring_back(upkeep: Upkeep, wish: Row[Any], is_hopeless: bool) -> None:
    """Bring back the tags of the run that a wish names, in short transactions."""
    after, size = 0, BATCH
    while not is_hopeless:
        async with upkeep.db.reading() as tx:
            rows = await retained.deletions_of_run(tx, wish.run_id, after, size, without_outcome=True)
        if not rows:
            return
        try:
            async with upkeep.db.writing() as tx:
                if not await _reopen(tx, upkeep, wish, rows):
                    return
        except QuotaExceeded:
            if size == 1:
                await _refuse_rest(upkeep, wish.run_id)
                return
            size = max(1, size // 10)
            continue
        except (ReadOnly, InMaintenance):
            return
        after = rows[-1].id


async def _reopen(tx: Writer, upkeep: Upkeep, wish: Row[Any], rows: Sequence[Row[Any]]) -> bool:
    """Whether the repository is still there."""
    found = await facts.repository_by_id(tx, wish.repository_id)
    if found is None:
        return False
    await reach.lock_content(tx, RepositoryName(found.path), shared=True)
    repository = await facts.repository_by_id(tx, wish.repository_id)
    if repository is None or repository.path != found.path:
        return False
    wanted = [Closed(TagName(row.tag), row.digest, row.pushed_at) for row in rows]
    outcomes = await reopen_tags(tx, repository, wanted, wish.asked_by, upkeep.clock.now())
    for outcome in Outcome:
        ids = [row.id for row in rows if outcomes[TagName(row.tag)] is outcome]
        if ids:
            await retained.set_outcomes(tx, outcome, ids)
            is_back = outcome is Outcome.RESTORED
            await retained.count(tx, wish.run_id, **{"restored" if is_back else "refused": len(ids)})
    return True


async def _refuse_rest(upkeep: Upkeep, run_id: int) -> None:
    """There is no room for one more: the others are not tried."""
    while True:
        async with upkeep.db.writing() as tx:
            rows = await retained.deletions_of_run(tx, run_id, 0, BATCH, without_outcome=True)
            if not rows:
                return
            await retained.set_outcomes(tx, NO_ROOM, [row.id for row in rows])
            await retained.count(tx, run_id, refused=len(rows))
