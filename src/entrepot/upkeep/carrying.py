"""Carrying out: one run deletes in one repository what its rules do not keep.

First everything is judged and counted; then it is judged again page by page, and what is to go goes in short
transactions. Each of them looks once more at all that decides: the rules, the tags counted as the newest, and of each
tag what it names, when it was pushed and pulled, whether it is signed, running or immutable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.jobs.closing import closed_for
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing import metrics
from entrepot.registry import deletion, reach
from entrepot.registry.immutability_rules import Immutability
from entrepot.registry.queries import names
from entrepot.upkeep.causes import Cause, RunState
from entrepot.upkeep.events import RetentionRan
from entrepot.upkeep.pacing import Pacer
from entrepot.upkeep.planning import Tally, clauses_of, fact_of, open_judge, spared, untagged_days_of, verdicts_by_page
from entrepot.upkeep.policies import lock_of
from entrepot.upkeep.queries import facts, retained, wishes
from entrepot.upkeep.retention import Judge, Verdict
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.safety import Stop, Stopped, check_share
from entrepot.upkeep.untagged import hand_over_untagged
from entrepot.upkeep.wide_policies import wide_lock_of
from entrepot.values.errors import InMaintenance, ReadOnly
from entrepot.values.names import RepositoryName, TagName

_ROUNDS_MAX: Final = 10


class _Overtaken(Exception):
    """What the judge saw does not hold any more: look at everything again."""


@dataclass(slots=True)
class _Run:
    """`deleted`: so far, also before it was broken off."""

    upkeep: Upkeep
    id: int
    cause: Cause
    is_forced: bool
    repository: Row[Any]
    deleted: int = 0


async def carry_out(
    upkeep: Upkeep, wish: Row[Any], repository_id: int, paused: Stopped | None, is_hopeless: bool
) -> bool:
    """Carry the rules out that reach a repository, going on with a run that was broken off; whether there was a run.

    `paused`: what stops it, if nobody insists. `is_hopeless`: it was tried too often, and is only ended.
    """
    async with upkeep.db.reading() as tx:
        repository = await facts.repository_by_id(tx, repository_id)
        if repository is None:
            return False
        clauses = await clauses_of(tx, repository)
        days = await untagged_days_of(tx, repository)
        last = await retained.last_run(tx, repository_id)
        is_closed = bool(await closed_for(tx, repository.organization))
        is_held = await wishes.hold_of(tx, repository_id) is not None
    is_broken_off = last is not None and last.ended_at is None
    if not is_broken_off and (is_hopeless or is_closed or (not clauses and days is None)):
        return False
    run = await _begin(upkeep, wish, repository, last if is_broken_off else None, [one.document for one in clauses])
    if is_hopeless:
        stopped: Stopped | None = Stopped(Stop.BROKEN_OFF, {"attempts": wish.attempts})
    elif is_closed:
        stopped = Stopped(Stop.CLOSED, {})
    elif not wish.is_forced and (paused or is_held):
        stopped = paused or Stopped(Stop.HELD, {})
    else:
        stopped = await _work(run)
    await _end(run, stopped, last)
    return True


async def _begin(
    upkeep: Upkeep, wish: Row[Any], repository: Row[Any], broken_off: Row[Any] | None, rules: Sequence[Any]
) -> _Run:
    cause = Cause(wish.cause)
    if broken_off is not None:
        return _Run(upkeep, broken_off.id, cause, wish.is_forced, repository, broken_off.deleted)
    async with upkeep.db.writing() as tx:
        made = await retained.save_run(
            tx,
            repository.organization_id,
            repository.id,
            cause=cause,
            asked_by=wish.asked_by,
            rules=rules,
            started_at=upkeep.clock.now(),
            state=RunState.RUNNING,
        )
    return _Run(upkeep, made, cause, wish.is_forced, repository)


async def _work(run: _Run) -> Stopped | None:
    """Delete what is to go; what stopped it before its end."""
    upkeep = run.upkeep
    for _ in range(_ROUNDS_MAX):
        async with upkeep.db.reading() as tx:
            repository = await facts.repository_by_id(tx, run.repository.id)
            if repository is None:
                return None
            clauses, days = await clauses_of(tx, repository), await untagged_days_of(tx, repository)
        run.repository = repository
        judge = await open_judge(upkeep, repository.id, clauses, upkeep.clock.now())
        tally = Tally()
        async for verdicts in verdicts_by_page(upkeep, repository, judge):
            tally = tally.plus(verdicts)
        await _note(run, tally)
        if run.cause is Cause.DUE and not run.is_forced and (stopped := check_share(tally, upkeep.settings)):
            return stopped
        try:
            await _delete(run, judge)
            if days is not None:
                await hand_over_untagged(upkeep, repository, days, run.id)
        except _Overtaken:
            continue
        except (ReadOnly, InMaintenance):
            return Stopped(Stop.CLOSED, {})
        return None
    return Stopped(Stop.OVERTAKEN, {})


async def _note(run: _Run, tally: Tally) -> None:
    async with run.upkeep.db.writing() as tx:
        await retained.set_run(
            tx,
            run.id,
            looked_at=tally.looked_at + run.deleted,
            kept=tally.kept,
            immutable=tally.immutable,
            running=tally.running,
        )


async def _delete(run: _Run, judge: Judge) -> None:
    pacer = Pacer(run.upkeep.db)
    async for verdicts in verdicts_by_page(run.upkeep, run.repository, judge):
        doomed = [one for one in verdicts if one.is_deleted]
        while doomed:
            batch, doomed = doomed[: pacer.size], doomed[pacer.size :]
            async with pacer.batch() as tx:
                deleted = await _delete_batch(tx, run, judge, batch)
            run.deleted += deleted
            metrics.retention_deleted_tags.inc(deleted)


async def _delete_batch(tx: Writer, run: _Run, judge: Judge, batch: Sequence[Verdict]) -> int:
    """Delete those of the tags that are as they were and are judged as they were; how many. Raises _Overtaken."""
    repository = await _unchanged(tx, run, judge)
    planned = {one.fact.name: one.fact for one in batch}
    rows, _ = await deletion.closable_tags(tx, repository, [TagName(name) for name in planned])
    now_there = {row.name: fact_of(row) for row in await facts.tags_among(tx, repository.id, planned, judge.asks_pulls)}
    same = [
        now_there[row.name]
        for row in rows
        if (now_there[row.name].id, now_there[row.name].pushed_at)
        == (planned[row.name].id, planned[row.name].pushed_at)
    ]
    verdicts = await spared(tx, run.upkeep, repository, judge, [judge.judge(fact) for fact in same], Immutability())
    going = {one.fact.name: one for one in verdicts if one.is_deleted}
    closing = [row for row in rows if row.name in going]
    now = run.upkeep.clock.now()
    await deletion.close_tags(tx, repository, closing, SYSTEM, now)
    told = [_told(run, one, one.fact.name, one.fact.digest) for one in going.values()]
    if told:
        await retained.save_deletions(tx, told)
        await retained.count(tx, run.id, deleted=len(told), kept=len(batch) - len(closing))
    await deletion.settle(tx, repository, len(told), now)
    return len(told)


async def _unchanged(tx: Writer, run: _Run, judge: Judge) -> Row[Any]:
    """The repository, in which until the end of the transaction no rule changes. Raises _Overtaken."""
    path = RepositoryName(run.repository.path)
    await reach.lock_content(tx, path, shared=True)
    repository = await names.repository_by_path(tx, path)
    if repository is None or repository.id != run.repository.id:
        raise _Overtaken
    await tx.lock(wide_lock_of(repository.organization_id), lock_of(repository.id), shared=True)
    if await clauses_of(tx, repository) != judge.clauses:
        raise _Overtaken
    counted = judge.counted
    if counted and await facts.open_count(tx, repository.id, counted) < len(counted):
        raise _Overtaken
    return repository


async def _end(run: _Run, stopped: Stopped | None, last: Row[Any] | None) -> None:
    state = RunState.DONE
    if stopped is not None:
        state = RunState.FAILED if stopped.by is Stop.BROKEN_OFF else RunState.STOPPED
    is_idle = run.cause is Cause.DUE and stopped is None and run.deleted == 0
    async with run.upkeep.db.writing() as tx:
        now = run.upkeep.clock.now()
        by, detail = ("", {}) if stopped is None else (stopped.by, dict(stopped.detail))
        await retained.set_run(tx, run.id, state=state, ended_at=now, stopped_by=by, detail=detail)
        if is_idle and last is not None and last.id != run.id and _was_idle(last):
            await retained.delete_run(tx, last.id)
        if not is_idle:
            ran = RetentionRan(run.repository.path, run.id, state, run.deleted, "" if stopped is None else stopped.by)
            domain_id = run.repository.domain_id
            await publish(tx, ran, actor=SYSTEM, at=now, domain_id=domain_id, though_closed=True)
    metrics.retention_runs.labels(state).inc()


def _was_idle(row: Row[Any]) -> bool:
    """A run that did nothing: of such in a row the last one says enough."""
    return bool(row.cause == Cause.DUE and row.state == RunState.DONE and row.deleted == 0)


def _told(run: _Run, verdict: Verdict, tag: str, digest: str) -> dict[str, Any]:
    clause = verdict.clause
    assert clause is not None, "it is deleted"
    return {
        "repository_id": run.repository.id,
        "policy_id": clause.policy_id,
        "rule": dict(clause.document),
        "tag": tag,
        "deleted_at": run.upkeep.clock.now(),
        "run_id": run.id,
        "digest": digest,
        "pushed_at": verdict.fact.pushed_at,
    }
