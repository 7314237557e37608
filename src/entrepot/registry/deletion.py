"""Deletion of many tags at once, and what it would free and break, told before.

With `with_content` the images go, too, that nothing names any more: their blobs wait for upkeep then, like all that
lost its last reference.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, immutable, reach
from entrepot.registry.companions import companion_tags, drop_companions
from entrepot.registry.events import ManifestDeleted, TagDeleted
from entrepot.registry.immutability_rules import Standing
from entrepot.registry.last_pulls import LastPull, last_pulls_of_tags
from entrepot.registry.queries import changed, companions, content, deletion, tags
from entrepot.registry.room import Registry
from entrepot.registry.usage import REPORT_DAYS
from entrepot.values.errors import ParameterInvalid, TooMany, worded
from entrepot.values.names import RepositoryName, TagName

TAGS_MAX: Final = 1_000
"""Tags that one call may delete."""
_MANIFESTS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Doomed:
    """A tag that would go, and what depends on it.

    `other_tags` name the same image and stay. `index`: one that names the image, which stays for it. `referrers`:
    signatures, SBOMs and the like that refer to it. `pulls` are those of the last 30 days.
    """

    tag: str
    digest: str
    size: int
    other_tags: Sequence[str]
    index: str | None
    referrers: int
    pulls: int
    last_pulled: date | None
    last_pull: LastPull | None

    @property
    def is_last(self) -> bool:
        """Whether nothing names the image any more afterwards."""
        return not self.other_tags and self.index is None


@dataclass(frozen=True, slots=True)
class Plan:
    """`manifests`: how many would go, with platforms and referrers that nothing else names.

    `exclusive_bytes`: of blobs that nothing else in the registry needs than those. `kept`: tags that are immutable,
    and by which rule; they stay.
    """

    doomed: Sequence[Doomed]
    manifests: int
    exclusive_bytes: int
    kept: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Deleted:
    """`kept`: tags that are immutable, and by which rule; they are there still."""

    tags: int
    manifests: int
    kept: Mapping[str, Standing]


async def plan_deletion(registry: Registry, actor: Actor, path: RepositoryName, wanted: Collection[str]) -> Plan:
    """What deleting these tags, with the images that nothing else names, would free and break.

    Tags that are not there are left out. Raises Unauthenticated, AccessDenied, RepositoryUnknown or ParameterInvalid.
    """
    _check(wanted)
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path)
        found = await deletion.tags_with_manifests(tx, repository.id, wanted)
        kept = (await immutable.immutability_of(tx, repository)).among(row.name for row in found)
        rows = [row for row in found if row.name not in kept]
        wanted = {row.name for row in rows}
        digests = {row.digest for row in rows}
        staying = await deletion.other_tags(tx, repository.id, digests, wanted)
        indexes = await deletion.indexes_of(tx, repository.id, digests)
        referrers = await deletion.referrer_counts(tx, repository.id, digests)
        since = tx.now.date() - timedelta(days=REPORT_DAYS - 1)
        pulls = await deletion.pulls_of_tags(tx, repository.id, wanted, since)
        pullers = await last_pulls_of_tags(tx, actor, repository, wanted)
        doomed = [
            Doomed(
                row.name,
                row.digest,
                row.content_size or row.size,
                staying.get(row.digest, ()),
                min(indexes.get(row.digest, ()), default=None),
                referrers.get(row.digest, 0),
                *pulls.get(row.name, (0, None)),
                pullers.get(row.name),
            )
            for row in rows
        ]
        going = await _going(tx, repository.id, digests, wanted)
        return Plan(doomed, len(going), await deletion.exclusive_bytes(tx, repository.id, going), kept)


async def freed_bytes(tx: Reader, repository_id: int, wanted: Mapping[str, str]) -> int | None:
    """Bytes of blobs that nothing else needs than these tags, which are given with their digests.

    None when there is too much to look at at once: more than `TAGS_MAX` tags, or too many images that hang on them.
    """
    if len(wanted) > TAGS_MAX:
        return None
    try:
        going = await _going(tx, repository_id, set(wanted.values()), wanted)
    except TooMany:
        return None
    return await deletion.exclusive_bytes(tx, repository_id, going)


async def _going(tx: Reader, repository_id: int, digests: Collection[str], wanted: Collection[str]) -> set[str]:
    """The images that nothing names once the tags `wanted` are gone, with what clients keep beside them as tags."""
    going = await unnamed(tx, repository_id, digests, wanted)
    beside = await companions.tags_among(tx, repository_id, companion_tags(going))
    hanging = {row.digest for row in beside}
    return going | await unnamed(tx, repository_id, hanging, {*wanted, *[row.name for row in beside]})


async def delete_tags(
    registry: Registry, actor: Actor, path: RepositoryName, wanted: Collection[TagName], with_content: bool = False
) -> Deleted:
    """Close tags, all in one transaction; with their images that nothing names then, when `with_content`.

    Tags that are not there are left out: whoever repeats the call gets the same end. Immutable ones stay.
    Raises Unauthenticated, AccessDenied, RepositoryUnknown or ParameterInvalid.
    """
    _check(wanted)
    async with registry.db.writing() as tx:
        action = Action.REPOSITORY_DELETE_CONTENT
        repository = await reach.changing(tx, actor, action, path, alone=with_content)
        rows, kept = await closable_tags(tx, repository, wanted)
        now = registry.clock.now()
        await close_tags(tx, repository, rows, actor.subject, now)
        digests = {row.digest for row in rows} if with_content else set()
        gone, beside = await _delete_unnamed(tx, registry, actor, repository, digests)
        await settle(tx, repository, len(rows) + beside, now)
        return Deleted(len(rows), gone, kept)


async def delete_images(registry: Registry, actor: Actor, path: RepositoryName, digests: Collection[str]) -> Deleted:
    """Delete images with all their tags, and what nothing names then, all in one transaction.

    One that is not there is left out; one with an immutable tag stays, and so does one that an index names.
    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ReadOnly or InMaintenance.
    """
    async with registry.db.writing() as tx:
        action = Action.REPOSITORY_DELETE_CONTENT
        repository = await reach.changing(tx, actor, action, path, alone=True)
        named = await deletion.other_tags(tx, repository.id, digests, ())
        found, kept = await closable_tags(tx, repository, [name for names in named.values() for name in names])
        staying = {digest for digest, names in named.items() if not kept.keys().isdisjoint(names)}
        rows, now = [row for row in found if row.digest not in staying], registry.clock.now()
        await close_tags(tx, repository, rows, actor.subject, now)
        gone, beside = await _delete_unnamed(tx, registry, actor, repository, set(digests) - staying)
        await settle(tx, repository, len(rows) + beside, now)
        return Deleted(len(rows), gone, kept)


async def closable_tags(
    tx: Writer, repository: Row[Any], wanted: Collection[str]
) -> tuple[Sequence[Row[Any]], Mapping[str, Standing]]:
    """Those of the tags that are there and may go, as rows; and those that are immutable, with the rule.

    Nobody else moves or removes them before the end of the transaction. For who decides on more than their names
    before it calls `close_tags`.
    """
    await tx.lock(*[f"tag:{repository.id}:{tag}" for tag in sorted(wanted)])
    found = await deletion.tags_with_manifests(tx, repository.id, wanted)
    kept = (await immutable.held(tx, repository)).among(row.name for row in found)
    return [row for row in found if row.name not in kept], kept


async def close_tags(tx: Writer, repository: Row[Any], rows: Sequence[Row[Any]], by: str, at: datetime) -> None:
    """Close tags that `closable_tags` gave, and tell so. Then call `settle`, as the last thing of the transaction.

    `by`: a subject. Raises ReadOnly or InMaintenance.
    """
    if not rows:
        return
    await tags.close_tags(tx, [row.tag_id for row in rows], at)
    closed = [TagDeleted(repository.path, row.name, row.digest) for row in rows]
    await publish(tx, *closed, actor=by, at=at, domain_id=repository.domain_id)


async def settle(tx: Writer, repository: Row[Any], count: int, at: datetime) -> None:
    """Let the repository have changed, and limits count so many tags fewer."""
    if count:
        await changed.set_changed(tx, repository.id, at)
        await charging.take(tx, repository, tags=-count)


async def _delete_unnamed(
    tx: Writer, registry: Registry, actor: Actor, repository: Row[Any], digests: Collection[str]
) -> tuple[int, int]:
    """Delete the images that nothing names any more; how many manifests, and tags that kept something of theirs."""
    now = registry.clock.now()
    going = await unnamed(tx, repository.id, digests, ())
    ids = await deletion.manifest_ids(tx, repository.id, going)
    await content.delete_manifests(tx, ids.values(), now)
    for digest in sorted(ids):
        deleted = ManifestDeleted(repository.path, digest, [])
        await publish(tx, deleted, actor=actor.subject, at=now, domain_id=repository.domain_id)
    return len(going), await drop_companions(tx, repository, going, actor.subject, now, now)


async def unnamed(tx: Reader, repository_id: int, digests: Collection[str], closing: Collection[str]) -> set[str]:
    """Those of the images that nothing names once the tags `closing` are gone, with what hangs in the air then.

    That are platforms that no other index names, and referrers.
    """
    going: set[str] = set()
    candidates = set(digests)
    while candidates:
        tagged = await deletion.other_tags(tx, repository_id, candidates, closing)
        indexes = await deletion.indexes_of(tx, repository_id, candidates)
        found = {one for one in candidates if one not in tagged and indexes.get(one, set()) <= going}
        going |= found
        if len(going) > _MANIFESTS_MAX:
            raise TooMany(
                worded("At most {manifests_max} manifests are deleted at once.", manifests_max=_MANIFESTS_MAX),
                limit=_MANIFESTS_MAX,
            )
        candidates = await deletion.dependants(tx, repository_id, found) - going if found else set()
    return going


def _check(wanted: Collection[str]) -> None:
    if not 0 < len(wanted) <= TAGS_MAX:
        raise ParameterInvalid(worded("Name from 1 to {tags_max} tags.", tags_max=TAGS_MAX), field="tags")
