"""Dry run: what retention would delete now, and for each tag why. Nothing is changed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.jobs.closing import closed_for
from entrepot.registry import organizations, reach
from entrepot.upkeep.clauses import Clause
from entrepot.upkeep.planning import Tally, clauses_of, open_judge, untagged_days_of, verdicts_by_page
from entrepot.upkeep.queries import facts, policies, wishes
from entrepot.upkeep.retention import Reason, Verdict
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.safety import Stop, Stopped, check_share, paused_by
from entrepot.upkeep.trials import AS_KEPT, Trial
from entrepot.upkeep.untagged import count_untagged
from entrepot.values.errors import RuleUnknown, Worded, worded
from entrepot.values.names import OrganizationName, RepositoryName

_REPOSITORIES: Final = 100


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run would do in a repository. `untagged`: images without a tag that go to garbage collection.

    `stopped`: why a run that is due by the clock would delete nothing all the same.
    """

    repository_id: int
    path: str
    clauses: Sequence[Clause]
    tally: Tally
    untagged: int
    stopped: Stopped | None


@dataclass(frozen=True, slots=True)
class Planned:
    """Verdicts about some tags of a repository, by name."""

    path: str
    verdicts: Sequence[Verdict]


async def plan(
    upkeep: Upkeep, actor: Actor, place: RepositoryName | OrganizationName, trial: Trial = AS_KEPT
) -> AsyncIterator[Planned | Summary]:
    """What would become of every tag, by pages, and after those of a repository its summary.

    Of an organization, its repositories that some rule reaches, the oldest first. `trial`: rules that count though they
    are not in force. For who may change the rules. Raises Unauthenticated, AccessDenied, RepositoryUnknown,
    OrganizationUnknown or RuleUnknown, before anything is given.
    """
    async with upkeep.db.reading() as tx:
        if isinstance(place, RepositoryName):
            row = await reach.existing(tx, actor, Action.REPOSITORY_RETAIN, place)
            await _check_known(tx, row.organization_id, place.organization, trial.policy_id)
            return _of_repositories(upkeep, [row.id], trial)
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_MANAGE, place)
        await _check_known(tx, row.id, place, trial.policy_id)
        return _of_organization(upkeep, row.id, trial)


async def _check_known(tx: Reader, organization_id: int, organization: str, policy_id: int) -> None:
    if policy_id and policy_id not in [row.id for row in await policies.wide_policies(tx, organization_id)]:
        raise RuleUnknown(
            worded("{path} has no retention policy {policy_id}.", path=organization, policy_id=policy_id),
            kind="retention-unknown",
        )


async def _of_organization(upkeep: Upkeep, organization_id: int, trial: Trial) -> AsyncIterator[Planned | Summary]:
    after = 0
    while True:
        async with upkeep.db.reading() as tx:
            found = await facts.repositories_of(
                tx, organization_id, after, _REPOSITORIES, is_tried=trial.policy is not None
            )
        async for one in _of_repositories(upkeep, found, trial, only_reached=True):
            yield one
        if len(found) < _REPOSITORIES:
            return
        after = found[-1]


async def _of_repositories(
    upkeep: Upkeep, repository_ids: Sequence[int], trial: Trial, only_reached: bool = False
) -> AsyncIterator[Planned | Summary]:
    for repository_id in repository_ids:
        async with upkeep.db.reading() as tx:
            repository = await facts.repository_by_id(tx, repository_id)
            if repository is None:
                continue
            clauses, days = await clauses_of(tx, repository, trial), await untagged_days_of(tx, repository, trial)
        if clauses or days is not None or not only_reached:
            async for one in _of_repository(upkeep, repository, clauses, days):
                yield one


async def _of_repository(
    upkeep: Upkeep, repository: Row[Any], clauses: Sequence[Clause], days: int | None
) -> AsyncIterator[Planned | Summary]:
    judge, tally = await open_judge(upkeep, repository.id, clauses, upkeep.clock.now()), Tally()
    async for verdicts in verdicts_by_page(upkeep, repository, judge):
        tally = tally.plus(verdicts)
        yield Planned(repository.path, verdicts)
    untagged = 0 if days is None else await count_untagged(upkeep, repository, days)
    stopped = await _stopped(upkeep, repository, tally)
    yield Summary(repository.id, repository.path, clauses, tally, untagged, stopped)


async def _stopped(upkeep: Upkeep, repository: Row[Any], tally: Tally) -> Stopped | None:
    async with upkeep.db.reading() as tx:
        if await closed_for(tx, repository.organization):
            return Stopped(Stop.CLOSED, {})
        if await wishes.hold_of(tx, repository.id) is not None:
            return Stopped(Stop.HELD, {})
        return paused_by(await wishes.clock(tx), upkeep.clock.now(), upkeep.settings) or check_share(
            tally, upkeep.settings
        )


_PLAIN: Final[Mapping[Reason, Worded]] = {
    Reason.EXPIRED: worded("No rule keeps it."),
    Reason.NO_RULE: worded("No rule is about it."),
    Reason.ACCESSORY: worded("It belongs to an image, and goes when that does."),
    Reason.EXCEPTED: worded("A rule excepts it."),
    Reason.SIGNED: worded("It is signed."),
    Reason.RUNNING: worded("It is running somewhere."),
    Reason.IMMUTABLE: worded("It is immutable."),
}


def why(verdict: Verdict) -> Worded:
    """The sentence that tells why a tag is kept or deleted."""
    clause = verdict.clause
    if verdict.reason in _PLAIN or clause is None:
        return _PLAIN[verdict.reason]
    if verdict.reason is Reason.NEWEST:
        return worded("It is one of the newest {number}.", number=clause.newest)
    if verdict.reason is Reason.PULLED:
        return worded("It was pulled within {days} days.", days=clause.pulled_days)
    days = max(clause.pushed_days or 0, clause.pulled_days or 0)
    return worded("It was pushed within {days} days.", days=days)
