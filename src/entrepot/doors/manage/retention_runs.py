"""Executions of retention: planned, asked for, looked back at, undone. The contract has no call for them."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query
from pydantic import BaseModel

from entrepot.doors.manage.audit import Lines
from entrepot.doors.manage.call import TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Flag, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.upkeep import runs, undoing
from entrepot.upkeep.causes import Cause, RunState
from entrepot.upkeep.dry_run import Planned, Summary, plan, why
from entrepot.upkeep.retention import Verdict
from entrepot.upkeep.runs import RetentionRun
from entrepot.upkeep.trials import AS_KEPT, Trial
from entrepot.values.errors import RunUnknown, quoted
from entrepot.values.names import OrganizationName, RepositoryName

_DIGITS_MAX: Final = 18
Only = Annotated[bool, Query(description="Leave the tags out that are kept.")]


async def _number(retention_run: Annotated[str, Path(description="The number of a run.")]) -> int:
    if len(retention_run) > _DIGITS_MAX or not retention_run.isascii() or not retention_run.isdigit():
        raise RunUnknown(f"A run of retention has a number; {quoted(retention_run)} is none.")
    return int(retention_run)


TheRun = Annotated[int, Depends(_number)]


class RunRetention(Body):
    """`force`: though the clock jumped, or a run was undone there."""

    force: Flag = False


class RetentionRunRow(BaseModel):
    """`by`: who changed a rule or asked; `system` when it was due. `stopped`: why it deleted less than it would have.

    `looked_at` tags, of which some were `deleted`, and of those `kept` some only as they are `immutable` or `running`.
    `untagged` images were handed to garbage collection. `restored` and `refused`: tags, when it was undone.
    """

    id: int
    repository: str
    cause: Cause
    by: str
    rules: list[dict[str, Any]]
    started_at: str
    ended_at: str | None = None
    seconds: float | None = None
    state: RunState
    stopped: str | None = None
    looked_at: int
    deleted: int
    kept: int
    immutable: int
    running: int
    untagged: int
    undone_at: str | None = None
    undone_by: str | None = None
    restored: int
    refused: int


class RetentionRuns(BaseModel):
    runs: list[RetentionRunRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class RetainedTag(BaseModel):
    """A tag that a run deleted, by which rule. `outcome` of undoing it: `restored`, `taken`, `gone` or `quota`."""

    tag: str
    digest: str
    pushed_at: str | None = None
    deleted_at: str
    retention_id: int
    rule: dict[str, Any]
    outcome: str | None = None


class RetainedTags(BaseModel):
    tags: list[RetainedTag]
    nextMarker: str | None = None  # noqa: N815


async def plan_repo_retention(
    call: TheCall, repository: TheRepository, only_deleted: Only = False, policy: WordParameter = None
) -> Lines:
    """What retention would delete now, and why each tag is kept or deleted: JSON lines, the last one a summary.

    `policy`: one of the organization that counts as enabled, to try it.
    """
    planned = await plan(call.rooms.upkeep, call.actor, repository, _tried(policy))
    return Lines(_lines(planned, only_deleted))


async def plan_namespace_retention(
    call: TheCall, namespace: TheOrganization, only_deleted: Only = False, policy: WordParameter = None
) -> Lines:
    """The same of all repositories of an organization that a rule reaches, with a summary of each."""
    planned = await plan(call.rooms.upkeep, call.actor, namespace, _tried(policy))
    return Lines(_lines(planned, only_deleted))


async def run_repo_retention(call: TheCall, repository: TheRepository, body: RunRetention) -> Empty:
    """Have the rules carried out now that reach a repository. A worker does it; look at its runs."""
    await runs.request_run(call.rooms.upkeep, call.actor, repository, body.force)
    return Empty()


async def run_namespace_retention(call: TheCall, namespace: TheOrganization, body: RunRetention) -> Empty:
    """Have all rules of an organization and of its repositories carried out now."""
    await runs.request_run(call.rooms.upkeep, call.actor, namespace, body.force)
    return Empty()


async def list_repo_retention_runs(
    call: TheCall, repository: TheRepository, limit: WordParameter = None, marker: WordParameter = None
) -> RetentionRuns:
    """Executions in a repository, the newest first, those after `marker`."""
    return await _runs(call, repository, limit, marker)


async def list_namespace_retention_runs(
    call: TheCall, namespace: TheOrganization, limit: WordParameter = None, marker: WordParameter = None
) -> RetentionRuns:
    """Executions in all repositories of an organization, the newest first, those after `marker`."""
    return await _runs(call, namespace, limit, marker)


async def show_retention_run(call: TheCall, repository: TheRepository, retention_run: TheRun) -> RetentionRunRow:
    """One execution."""
    return _row(await runs.show_run(call.rooms.upkeep, call.actor, repository, retention_run))


async def list_retained_tags(
    call: TheCall,
    repository: TheRepository,
    retention_run: TheRun,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> RetainedTags:
    """The tags that an execution deleted, those after `marker`."""
    after = 0 if marker is None else parse_marker(marker)
    found, has_more = await runs.list_deleted(
        call.rooms.upkeep, call.actor, repository, retention_run, after, parse_limit(limit)
    )
    rows = [
        RetainedTag(
            tag=one.tag,
            digest=one.digest,
            pushed_at=rfc3339_or_none(one.pushed_at),
            deleted_at=rfc3339(one.deleted_at),
            retention_id=one.policy_id,
            rule=dict(one.rule),
            outcome=one.outcome or None,
        )
        for one in found
    ]
    return RetainedTags(tags=rows, nextMarker=str(found[-1].id) if has_more else None)


async def undo_retention_run(call: TheCall, repository: TheRepository, retention_run: TheRun) -> Empty:
    """Bring back what an execution deleted, and hold the repository until its rules change. A worker does it."""
    await undoing.undo_run(call.rooms.upkeep, call.actor, repository, retention_run)
    return Empty()


def _tried(policy: str | None) -> Trial:
    return AS_KEPT if policy is None else Trial(parse_marker(policy))


async def _runs(
    call: TheCall, place: RepositoryName | OrganizationName, limit: str | None, marker: str | None
) -> RetentionRuns:
    before = None if marker is None else parse_marker(marker)
    found, has_more = await runs.list_runs(call.rooms.upkeep, call.actor, place, before, parse_limit(limit))
    return RetentionRuns(runs=[_row(one) for one in found], nextMarker=str(found[-1].id) if has_more else None)


def _row(one: RetentionRun) -> RetentionRunRow:
    ended = one.ended_at
    return RetentionRunRow(
        id=one.id,
        repository=one.path,
        cause=one.cause,
        by=one.by,
        rules=[dict(rule) for rule in one.rules],
        started_at=rfc3339(one.started_at),
        ended_at=rfc3339_or_none(ended),
        seconds=None if ended is None else (ended - one.started_at).total_seconds(),
        state=one.state,
        stopped=one.said,
        looked_at=one.looked_at,
        deleted=one.deleted,
        kept=one.kept,
        immutable=one.immutable,
        running=one.running,
        untagged=one.untagged,
        undone_at=rfc3339_or_none(one.undone_at),
        undone_by=one.undone_by or None,
        restored=one.restored,
        refused=one.refused,
    )


async def _lines(planned: AsyncIterator[Planned | Summary], only_deleted: bool) -> AsyncGenerator[bytes, None]:
    async for one in planned:
        if isinstance(one, Summary):
            yield _line(_summary(one))
        else:
            told = [verdict for verdict in one.verdicts if verdict.is_deleted or not only_deleted]
            if told:
                yield b"".join(_line(_verdict(one.path, verdict)) for verdict in told)


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _verdict(path: str, verdict: Verdict) -> dict[str, Any]:
    fact, clause = verdict.fact, verdict.clause
    return {
        "repository": path,
        "tag": fact.name,
        "digest": fact.digest,
        "pushed_at": rfc3339(fact.pushed_at),
        "pulled_at": rfc3339_or_none(fact.pulled_at),
        "is_deleted": verdict.is_deleted,
        "reason": verdict.reason,
        "because": why(verdict),
        "retention_id": clause.policy_id if clause else None,
        "rule": clause.document if clause else None,
    }


def _summary(one: Summary) -> dict[str, Any]:
    return {
        "summary": one.path,
        "rules": [clause.document for clause in one.clauses],
        "looked_at": one.tally.looked_at,
        "deleted": one.tally.deleted,
        "kept": one.tally.kept,
        "immutable": one.tally.immutable,
        "running": one.tally.running,
        "untagged": one.untagged,
        "stopped": one.stopped.said if one.stopped else None,
    }
