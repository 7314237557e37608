"""Storage: how many bytes a thing holds, and how many of them would be freed if it alone were gone.

What also others hold is shared: layers of a common base, a second tag of the same image. Upkeep frees bytes some time
after the last of those who hold them is gone. Who manages a thing is told what it holds alone; others only how much
it holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import effective
from entrepot.access.levels import Action, Level
from entrepot.db.transaction import Reader
from entrepot.registry import counting, deletion, reach
from entrepot.registry.counting import Storage, counted, repository_scope
from entrepot.registry.inspect import find_version
from entrepot.registry.organizations import reachable
from entrepot.registry.queries import deletion as queries
from entrepot.registry.queries import measured, removal, tags
from entrepot.registry.quota_rules import Resource, organization_scope
from entrepot.registry.room import Registry
from entrepot.values.errors import TooMany, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from entrepot.values.reference import Reference

_MANIFESTS_MAX: Final = 1_000
_TAGS_MAX: Final = 1_000


async def show_organization_storage(registry: Registry, actor: Actor, name: OrganizationName) -> Storage:
    """Of an organization. Raises Unauthenticated or OrganizationUnknown."""
    async with registry.db.reading() as tx:
        row = await reachable(tx, actor, Action.ORGANIZATION_READ, name)
        scope = organization_scope(row.id)
        stored = (await counted(tx, scope, [Resource.BYTES]))[Resource.BYTES]
        own = await counting.exclusive_bytes(tx, scope) if _manages(actor, name, row) else None
        if own is None:
            return Storage(stored.number, None, stored.measured_at)
        return Storage(stored.number, own.number, stored.measured_at or own.measured_at)


async def show_repository_storage(registry: Registry, actor: Actor, path: RepositoryName) -> Storage:
    """Of a repository. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        manages = _manages(actor, path, repository)
        last = await measured.measure_of(tx, repository_scope(repository.id))
        if last is not None:
            return Storage(last.bytes, last.exclusive_bytes if manages else None, last.measured_at)
        is_few = await removal.links_at_most(tx, repository.id, counting.LINKS_MANY)
        own = await removal.own_bytes(tx, repository.id) if is_few and manages else None
        return Storage(await removal.held_bytes(tx, repository.id), own)


async def storage_of_managed(tx: Reader, ids: Sequence[int]) -> Mapping[int, Storage]:
    """The same of several repositories that the actor manages, by id."""
    last = await measured.measures_of(tx, [repository_scope(one) for one in ids])
    little = [one for one in ids if repository_scope(one) not in last]
    many = {one for one, links in (await removal.links_of(tx, little)).items() if links > counting.LINKS_MANY}
    numbers = await removal.held_and_own_bytes(tx, [one for one in little if one not in many])
    found: dict[int, Storage] = {}
    for one in ids:
        if (row := last.get(repository_scope(one))) is not None:
            found[one] = Storage(row.bytes, row.exclusive_bytes, row.measured_at)
        elif one in many:  # since the last measure
            found[one] = Storage(await removal.held_bytes(tx, one), None)
        else:
            found[one] = Storage(*numbers.get(one, (0, 0)))
    return found


async def show_version_storage(registry: Registry, actor: Actor, path: RepositoryName, reference: Reference) -> Storage:
    """Of what a tag names, or of an image with all its tags, with platforms and what refers to it.

    What a tag names that others name, too, would not be freed with it. Raises Unauthenticated, AccessDenied,
    RepositoryUnknown, ManifestUnknown, or TooMany when there is too much of it to look at.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path)
        row = await find_version(tx, repository, reference)
        whole = await _whole(tx, repository.id, row.digest)
        closing = await _closing(tx, repository.id, reference, row.digest)
        going = await deletion.unnamed(tx, repository.id, {row.digest}, closing)
        stored = await queries.named_bytes(tx, repository.id, whole)
        return Storage(stored, await queries.exclusive_bytes(tx, repository.id, going))


async def _whole(tx: Reader, repository_id: int, digest: str) -> set[str]:
    """The manifest with its platforms and what refers to any of them."""
    found, following = {digest}, {digest}
    while following:
        following = await queries.dependants(tx, repository_id, following) - found
        found |= following
        if len(found) > _MANIFESTS_MAX:
            raise TooMany(
                worded(
                    "More than {manifests_max} manifests belong to {digest}.",
                    manifests_max=_MANIFESTS_MAX,
                    digest=digest,
                ),
                limit=_MANIFESTS_MAX,
            )
    return found


async def _closing(tx: Reader, repository_id: int, reference: Reference, digest: str) -> Sequence[str]:
    """The tags that would go: the one that was named, or all of an image."""
    if isinstance(reference, TagName):
        return [reference]
    names = await tags.tag_names(tx, repository_id, "", _TAGS_MAX + 1, digest)
    if len(names) > _TAGS_MAX:
        raise TooMany(
            worded("More than {tags_max} tags name {digest}.", tags_max=_TAGS_MAX, digest=digest), limit=_TAGS_MAX
        )
    return names


def _manages(actor: Actor, name: str, row: Row[Any]) -> bool:
    return effective(actor, name, row.level) >= Level.MANAGE
