"""Copy: an image comes to be in another repository of this registry, too. No bytes move: its blobs are linked there.

Everything is written by the same verb as a push, what is named before what names it, and the tag points at it last:
a copy that breaks off leaves content nobody sees, and is complete when it is made again.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.push import push_manifest
from entrepot.registry.queries import content, names, tags
from entrepot.registry.retag import check_free, point_tag
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, TooMany, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

MANIFESTS_MAX: Final = 2_000
"""Manifests that one copy may take along: platforms of an index, and what refers to them."""
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Copied:
    """`manifests`: how many came along, with platforms and referrers."""

    digest: Digest
    manifests: int


async def copy_image(
    registry: Registry,
    actor: Actor,
    source: RepositoryName,
    reference: Reference,
    target: RepositoryName,
    tag: TagName | None = None,
    may_move: bool = False,
    with_referrers: bool = True,
) -> Copied:
    """Let `target` hold what `reference` names in `source`, and let its `tag` name it.

    Platforms of an index come along, and so do signatures, SBOMs and whatever else refers to any of it, unless
    `with_referrers` is off. A tag that is there already moves only with `may_move`.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, OrganizationUnknown, ManifestUnknown, TagExists,
    TagImmutable, QuotaExceeded, ManifestBlobUnknown for what an incomplete index lacks, or TooMany.
    """
    async with registry.db.reading() as tx:
        row = await _found(tx, actor, source, reference)
        digest = Digest.parse(row.digest)
        order = await _in_order(tx, registry, row, with_referrers)
        if tag is not None and not may_move:
            await _check_free(tx, actor, target, tag, row.digest)

    async for body, media_type in _bodies(registry, actor, source, order):
        await push_manifest(registry, actor, target, Digest.of(body), body, media_type)
    if tag is not None:
        await point_tag(registry, actor, target, tag, digest, may_move)
    return Copied(digest, len(order))


async def _found(tx: Reader, actor: Actor, path: RepositoryName, reference: Reference) -> Row[Any]:
    repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
    if isinstance(reference, TagName):
        row = await tags.manifest_by_tag(tx, repository.id, reference)
    else:
        row = await content.manifest_by_digest(tx, repository.id, str(reference))
    if row is None:
        raise ManifestUnknown(
            worded("{path} has no manifest {reference}.", path=path, reference=reference), reference=str(reference)
        )
    return row


async def _in_order(tx: Reader, registry: Registry, root: Row[Any], with_referrers: bool) -> list[str]:
    """The digests to copy, children before their index and subjects before what refers to them.

    Raises TooMany.
    """
    order: dict[str, None] = {}

    async def take(row: Row[Any]) -> None:
        if row.digest in order:
            return
        for child in Manifest.parse(row.body, row.media_type, registry.settings.manifest).children:
            held = await content.manifest_by_digest(tx, root.repository_id, str(child.digest))
            if held is not None:  # a sparse index need not have it
                await take(held)
        order[row.digest] = None
        if len(order) > MANIFESTS_MAX:
            raise TooMany(
                worded("A copy takes at most {manifests_max} manifests along.", manifests_max=MANIFESTS_MAX),
                limit=MANIFESTS_MAX,
            )

    await take(root)
    if with_referrers:
        waiting = list(order)
        while waiting:
            for digest in await _referrers(tx, root.repository_id, waiting.pop()):
                if digest not in order:
                    held = await content.manifest_by_digest(tx, root.repository_id, digest)
                    assert held is not None, "found in the same transaction"
                    await take(held)
                    waiting.append(digest)
    return list(order)


async def _referrers(tx: Reader, repository_id: int, subject: str) -> list[str]:
    found: list[str] = []
    while page := await content.referrers(tx, repository_id, subject, None, found[-1] if found else "", _PAGE):
        found += [row.digest for row in page]
        if len(found) > MANIFESTS_MAX:
            raise TooMany(
                worded("A copy takes at most {manifests_max} manifests along.", manifests_max=MANIFESTS_MAX),
                limit=MANIFESTS_MAX,
            )
    return found


async def _check_free(tx: Reader, actor: Actor, target: RepositoryName, tag: TagName, digest: str) -> None:
    """Refuse early what `point_tag` would refuse at the end."""
    await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, target)
    repository = await names.repository_by_path(tx, target)
    if repository is not None:
        await check_free(tx, repository, tag, digest)


async def _bodies(
    registry: Registry, actor: Actor, source: RepositoryName, order: list[str]
) -> AsyncGenerator[tuple[bytes, str], None]:
    """One after the other: together they may be gigabytes. What was deleted meanwhile ends the copy."""
    for digest in order:
        async with registry.db.reading() as tx:
            row = await _found(tx, actor, source, Digest.parse(digest))
        yield row.body, row.media_type
