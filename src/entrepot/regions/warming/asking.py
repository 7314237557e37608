"""Asking: an image is to come to nodes of regions before anybody pulls it there; and it is called off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, Bound
from entrepot.access.check import level_within
from entrepot.access.levels import Action, Level
from entrepot.accounts.operators import is_operator
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror.queries.sync import region_by_name
from entrepot.mirror.regions import unknown as unknown_region
from entrepot.plumbing import metrics
from entrepot.regions import queries as edges
from entrepot.regions.known import state_of as state_of_edge
from entrepot.regions.nodes import NodeState
from entrepot.regions.reports import patterns_of
from entrepot.regions.room import Regions
from entrepot.regions.warming import queries
from entrepot.regions.warming.events import WarmupCancelled, WarmupCreated
from entrepot.regions.warming.orders import lock_of
from entrepot.regions.warming.rules import Candidate, WarmState, Wish, check_platforms, check_waiting, choose
from entrepot.registry import reach
from entrepot.registry.queries import content, names, tags
from entrepot.values.errors import (
    ManifestUnknown,
    ParameterInvalid,
    RepositoryUnknown,
    RuleUnknown,
    Unauthenticated,
    worded,
)
from entrepot.values.manifest import Manifest
from entrepot.values.names import RegionName, RepositoryName, TagName
from entrepot.values.reference import Reference

_OPEN: Final = "warm-ups"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that is here. `reference`: as it was asked for. `rule`: the name of the one that wants it."""

    repository_id: int
    path: str
    reference: str
    digest: str
    domain_id: str
    rule: str = ""


async def start_warmup(regions: Regions, actor: Actor, path: RepositoryName, reference: Reference, wish: Wish) -> int:
    """Let nodes of regions fetch an image; the number of the warm-up.

    Whoever may pull it and edit its repository may, and operators. Raises Unauthenticated, AccessDenied,
    RepositoryUnknown, ManifestUnknown, RuleUnknown for a region, ParameterInvalid or TooMany.
    """
    async with regions.db.writing() as tx:
        row = await permitted(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        manifest = await _manifest(tx, row.id, path, reference)
        if wish.platforms:
            check_platforms(Manifest.parse(manifest.body, manifest.media_type), wish)
        for region in wish.regions:
            if await region_by_name(tx, RegionName(region)) is None:
                raise unknown_region(RegionName(region))
        await lock_open(tx)
        found = await candidates(tx, regions, path)
        for region in wish.regions:
            if not any(one.region == region for one in found):
                raise ParameterInvalid(
                    worded("No node of the region {region} may hold {path}.", region=region, path=path),
                    field="regions",
                )
        wanted = Wanted(row.id, path, str(reference), manifest.digest, row.domain_id)
        chosen = choose(found, wish, manifest.digest)
        return await begin(tx, wanted, wish, chosen, actor.subject, actor.id, regions.clock.now())


async def cancel_warmup(regions: Regions, actor: Actor, warmup_id: int) -> None:
    """Call a warm-up off; what nodes have of it stays there until they need the room.

    Who may begin it may. Raises Unauthenticated, AccessDenied, RuleUnknown, or ParameterInvalid when it has ended.
    """
    async with regions.db.writing() as tx:
        await tx.lock(lock_of(warmup_id))
        row = await existing(tx, actor, Action.REPOSITORY_AUTOMATE, warmup_id)
        if row.ended_at is not None:
            raise ParameterInvalid("The warm-up has ended already.", kind="state")
        now = regions.clock.now()
        count = await queries.cancel_parts(tx, warmup_id, now)
        await queries.set_warmup(tx, warmup_id, cancelled_at=now, ended_at=now)
        cancelled = WarmupCancelled(row.path, warmup_id, row.reference, row.digest, count)
        await publish(tx, cancelled, actor=actor.subject, at=now, domain_id=row.domain_id)
    metrics.warmups.labels(WarmState.CANCELLED).inc(count)


async def existing(tx: Reader, actor: Actor, action: Action, warmup_id: int) -> Row[Any]:
    """The row of a warm-up, with its repository's `path`, for who may do that to the repository and for operators.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    row = await queries.warmup_by_id(tx, warmup_id)
    if row is None:
        raise unknown(warmup_id)
    if not await is_operator(tx, actor):
        try:
            await reach.existing(tx, actor, action, RepositoryName(row.path))
        except RepositoryUnknown as error:
            raise unknown(warmup_id) from error
    return row


async def permitted(tx: Reader, actor: Actor, action: Action, path: RepositoryName) -> Row[Any]:
    """The repository's row, for who may do that and for operators.

    Raises Unauthenticated, AccessDenied or RepositoryUnknown.
    """
    if not await is_operator(tx, actor):
        return await reach.existing(tx, actor, action, path)
    row = await names.repository_by_path(tx, path)
    if row is None:
        raise reach.unknown(path)
    return row


async def candidates(tx: Reader, regions: Regions, path: str) -> list[Candidate]:
    """The nodes that may hold what is in a repository, but for those that are drained. The lost are among them."""
    found: list[Candidate] = []
    now = regions.clock.now()
    for row in await edges.edges(tx, regions.settings.edges_max):
        bounds = [Bound(one, Level.READ) for one in patterns_of(row.patterns)]
        if not row.is_draining and level_within(bounds, path) >= Level.READ:
            is_ready = state_of_edge(row, now, regions.settings.report_seconds) is NodeState.READY
            found.append(Candidate(row.id, row.name, row.region, is_ready))
    return found


async def begin(
    tx: Writer, wanted: Wanted, wish: Wish, chosen: Sequence[Candidate], subject: str, creator_id: str, at: datetime
) -> int:
    """Write a warm-up down for these nodes, of which there is one at least; its number."""
    warmup_id = await queries.save_warmup(
        tx,
        repository_id=wanted.repository_id,
        reference=wanted.reference,
        digest=wanted.digest,
        platforms=list(wish.platforms),
        copies=wish.copies,
        rule=wanted.rule,
        creator_id=creator_id,
        created_at=at,
    )
    waiting = {"warmup_id": warmup_id, "state": WarmState.WAITING, "next_at": at, "changed_at": at}
    await queries.save_nodes(tx, [waiting | {"edge_id": one.id} for one in chosen])
    created = WarmupCreated(
        wanted.path,
        warmup_id,
        wanted.reference,
        wanted.digest,
        list(wish.regions),
        [one.name for one in chosen],
        wanted.rule,
    )
    await publish(tx, created, actor=subject, at=at, domain_id=wanted.domain_id)
    metrics.warmups.labels(WarmState.WAITING).inc(len(chosen))
    return warmup_id


async def lock_open(tx: Writer) -> None:
    """Nobody else begins a warm-up until the end of the transaction. Raises TooMany when there are enough."""
    await tx.lock(_OPEN)
    check_waiting(await queries.open_count(tx))


def unknown(warmup_id: int) -> RuleUnknown:
    return RuleUnknown(
        worded("There is no warm-up {number}, or you may not see it.", number=warmup_id), kind="warmup-unknown"
    )


async def _manifest(tx: Reader, repository_id: int, path: RepositoryName, reference: Reference) -> Row[Any]:
    row = (
        await tags.manifest_by_tag(tx, repository_id, reference)
        if isinstance(reference, TagName)
        else await content.manifest_by_digest(tx, repository_id, str(reference))
    )
    if row is None:
        raise ManifestUnknown(
            worded("{path} has no manifest {reference}.", path=path, reference=reference), reference=str(reference)
        )
    return row
