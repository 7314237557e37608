"""Deletion of many tags at once, and what it would free and break, told before.

With `with_content` the images go, too, that nothing names any more: their blobs wait for upkeep then, like all that
lost its last reference.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, reach
from entrepot.registry.events import ManifestDeleted, TagDeleted
from entrepot.registry.queries import changed, content, deletion, tags
from entrepot.registry.room import Registry
from entrepot.registry.usage import REPORT_DAYS
from entrepot.values.errors import ParameterInvalid, TooMany
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

    @property
    def is_last(self) -> bool:
        """Whether nothing names the image any more afterwards."""
        return not self.other_tags and self.index is None


@dataclass(frozen=True, slots=True)
class Plan:
    """`manifests`: how many would go, with platforms and referrers that nothing else names.

    `exclusive_bytes`: of blobs that nothing else in the registry needs than those.
    """

    doomed: Sequence[Doomed]
    manifests: int
    exclusive_bytes: int


@dataclass(frozen=True, slots=True)
class Deleted:
    tags: int
    manifests: int


async def plan_deletion(registry: Registry, actor: Actor, path: RepositoryName, wanted: Collection[TagName]) -> Plan:
    """What deleting these tags, with the images that nothing else names, would free and break.

    Tags that are not there are left out. Raises Unauthenticated, AccessDenied, RepositoryUnknown or ParameterInvalid.
    """
    _check(wanted)
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path)
        rows = await deletion.tags_with_manifests(tx, repository.id, wanted)
        digests = {row.digest for row in rows}
        staying = await deletion.other_tags(tx, repository.id, digests, wanted)
        indexes = await deletion.indexes_of(tx, repository.id, digests)
        referrers = await deletion.referrer_counts(tx, repository.id, digests)
        since = tx.now.date() - timedelta(days=REPORT_DAYS - 1)
        pulls = await deletion.pulls_of_tags(tx, repository.id, wanted, since)
        doomed = [
            Doomed(
                row.name,
                row.digest,
                row.content_size or row.size,
                staying.get(row.digest, ()),
                min(indexes.get(row.digest, ()), default=None),
                referrers.get(row.digest, 0),
                *pulls.get(row.name, (0, None)),
            )
            for row in rows
        ]
        going = await _unnamed(tx, repository.id, digests, wanted)
        return Plan(doomed, len(going), await deletion.exclusive_bytes(tx, repository.id, going))


async def delete_tags(
    registry: Registry, actor: Actor, path: RepositoryName, wanted: Collection[TagName], with_content: bool = False
) -> Deleted:
    """Close tags, all in one transaction; with their images that nothing names then, when `with_content`.

    Tags that are not there are left out: whoever repeats the call gets the same end.
    Raises Unauthenticated, AccessDenied, RepositoryUnknown or ParameterInvalid.
    """
    _check(wanted)
    async with registry.db.writing() as tx:
        action = Action.REPOSITORY_DELETE_CONTENT
        repository = await reach.changing(tx, actor, action, path, alone=with_content)
        await tx.lock(*[f"tag:{repository.id}:{tag}" for tag in sorted(wanted)])
        rows = await deletion.tags_with_manifests(tx, repository.id, wanted)
        now = registry.clock.now()
        for row in rows:
            await tags.close_tag(tx, row.tag_id, now)
            closed = TagDeleted(path, row.name, row.digest)
            await publish(tx, closed, actor=actor.subject, at=now, domain_id=repository.domain_id)
        digests = {row.digest for row in rows} if with_content else set()
        gone = await _delete_unnamed(tx, registry, actor, repository, digests)
        if rows:
            await changed.set_changed(tx, repository.id, now)
            await charging.take(tx, repository, tags=-len(rows))
        return Deleted(len(rows), gone)


async def _delete_unnamed(
    tx: Writer, registry: Registry, actor: Actor, repository: Row[Any], digests: Collection[str]
) -> int:
    """Delete the images that nothing names any more; how many manifests."""
    now = registry.clock.now()
    going = await _unnamed(tx, repository.id, digests, ())
    for digest, manifest_id in sorted((await deletion.manifest_ids(tx, repository.id, going)).items()):
        await content.delete_manifest(tx, repository.id, manifest_id, now)
        deleted = ManifestDeleted(repository.path, digest, [])
        await publish(tx, deleted, actor=actor.subject, at=now, domain_id=repository.domain_id)
    return len(going)


async def _unnamed(tx: Reader, repository_id: int, digests: Collection[str], closing: Collection[str]) -> set[str]:
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
            raise TooMany(f"At most {_MANIFESTS_MAX} manifests are deleted at once.", limit=_MANIFESTS_MAX)
        candidates = await deletion.dependants(tx, repository_id, found) - going if found else set()
    return going


def _check(wanted: Collection[TagName]) -> None:
    if not 0 < len(wanted) <= TAGS_MAX:
        raise ParameterInvalid(f"Name from 1 to {TAGS_MAX} tags.", field="tags")
