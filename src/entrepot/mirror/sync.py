"""Synchronisation of a repository with other regions (contract §10): rules for tags to come, copies of tags there are.

A copy that is asked for is kept, and waits; a worker carries it out (`copier.py`). What became of it: `copies.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import SyncRequested, SyncRuleCreated, SyncRuleDeleted
from entrepot.mirror.kept import keep
from entrepot.mirror.queries import copies
from entrepot.mirror.queries import sync as queries
from entrepot.mirror.regions import lock_of, unknown
from entrepot.mirror.room import Mirror
from entrepot.registry import reach
from entrepot.registry.queries import tags as tag_queries
from entrepot.values.errors import ManifestUnknown, ParameterInvalid, RuleExists, RuleUnknown, worded
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName

_GONE: Final = worded("The rule was deleted.")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where copies go: an organization of another region; whether they replace what has their name there."""

    region: RegionName
    organization: OrganizationName
    overrides: bool = False


@dataclass(frozen=True, slots=True)
class SyncRule:
    id: int
    to: Destination
    is_automatic: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Owner:
    """The domain that a repository belongs to."""

    domain_id: str
    domain_name: str


async def create_rule(mirror: Mirror, actor: Actor, path: RepositoryName, to: Destination, is_automatic: bool) -> None:
    """Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown, RuleExists or TooMany."""
    async with mirror.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await hold(tx, repository.id, to.region)
        rules.check_rules(await queries.rules_count(tx, repository.id))
        now = mirror.clock.now()
        made = await queries.save_rule(
            tx, repository.id, to.region, to.organization, is_automatic, to.overrides, actor.id, now
        )
        if not made:
            raise RuleExists(
                worded(
                    "{path} has a rule for {organization} in {region} already; delete it to make another.",
                    path=path,
                    organization=to.organization,
                    region=to.region,
                ),
                kind="sync-rule-exists",
            )
        event = SyncRuleCreated(path, to.region, to.organization, is_automatic, to.overrides)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def list_rules(mirror: Mirror, actor: Actor, path: RepositoryName) -> tuple[Sequence[SyncRule], Owner]:
    """All of a repository, the newest first. Raises Unauthenticated or RepositoryUnknown."""
    async with mirror.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows = await queries.rules_of(tx, repository.id, rules.RULES_MAX)
        domains = await domain_names_of(tx, [repository.domain_id])
    found = [
        SyncRule(
            row.id,
            Destination(RegionName(row.region), OrganizationName(row.remote_organization), row.overrides),
            row.is_automatic,
            row.created_at,
        )
        for row in rows
    ]
    return found, Owner(repository.domain_id, domains.get(repository.domain_id, ""))


async def delete_rule(mirror: Mirror, actor: Actor, path: RepositoryName, region: str, organization: str) -> None:
    """Copies that it asked for, and that wait or run, are cancelled.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleUnknown.
    """
    async with mirror.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await tx.lock(lock_of_copies(repository.id))
        row = await queries.rule_to(tx, repository.id, region, organization)
        if row is None:
            raise RuleUnknown(
                worded("{path} has no rule for that organization and region.", path=path), kind="sync-rule-unknown"
            )
        await queries.delete_rule(tx, repository.id, region, organization)
        now = mirror.clock.now()
        cancelled = await copies.cancel_of_rule(tx, row.id, keep(_GONE), now)
        before = {"is_automatic": row.is_automatic, "overrides": row.overrides}
        event = SyncRuleDeleted(path, region, organization, before, cancelled)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def request_copies(
    mirror: Mirror, actor: Actor, path: RepositoryName, to: Destination, tags: Sequence[TagName]
) -> None:
    """Let a copy of each tag wait; one that waits for the same already is not doubled.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown, ManifestUnknown or TooMany.
    """
    wanted = list(dict.fromkeys(tags))
    rules.check_waiting(len(wanted))
    async with mirror.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await hold(tx, repository.id, to.region)
        there = await tag_queries.digests_of(tx, repository.id, wanted)
        if missing := [tag for tag in wanted if tag not in there]:
            raise ManifestUnknown(
                worded("{path} has no tag {missing}.", path=path, missing=missing[0]), reference=missing[0]
            )
        waiting = await copies.waiting_copies(tx, repository.id, rules.WAITING_MAX)
        doubled = {row.tag for row in waiting if (row.region, row.remote_organization) == (to.region, to.organization)}
        new = [tag for tag in wanted if tag not in doubled]
        rules.check_waiting(len(waiting) + len(new))
        if not new:
            return
        now = mirror.clock.now()
        place = (to.region, to.organization)
        rows = [copies.waiting(repository.id, *place, tag, to.overrides, actor.id, now) for tag in new]
        await copies.save_copies(tx, rows)
        event = SyncRequested(path, to.region, to.organization, new, to.overrides)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def hold(tx: Writer, repository_id: int, region: RegionName) -> None:
    """The region stays until the end of the transaction, and nobody else changes what is counted of the repository."""
    await tx.lock(lock_of(region), shared=True)
    await tx.lock(lock_of_copies(repository_id))
    await check_region(tx, region)


async def check_region(tx: Reader, region: RegionName) -> None:
    """Pass when copies can go to a region, or come from it. Raises RuleUnknown, or ParameterInvalid for no address."""
    row = await queries.region_by_name(tx, region)
    if row is None:
        raise unknown(region)
    if not row.url:
        raise ParameterInvalid(
            worded(
                "Nothing can be copied to the region {region}: it has no address. An operator says where its "
                "installation is: entrepot region update {region} --url URL",
                region=region,
            ),
            kind="region",
        )


def lock_of_copies(repository_id: int) -> str:
    return f"sync:{repository_id}"
