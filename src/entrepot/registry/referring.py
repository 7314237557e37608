"""Referring: what belongs to a version, for people: signatures, lists of parts, attestations, with their files.

Of three ways that clients keep it: manifests that name their subject, the fallback tag of clients that know no such
list, and the tags in which cosign says what it signs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.accessories import KEPT
from entrepot.registry.lists import kept_by_fallback
from entrepot.registry.queries import content, inspect, tag_rows, tags
from entrepot.registry.room import Registry
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName

_BODIES_BYTES_MAX: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Referring:
    """`files` are its layers, empty when the manifest is not here. `tag`: under which an older client keeps it."""

    digest: str
    media_type: str
    artifact_type: str
    kind: Kind
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    files: Sequence[Descriptor] = ()
    tag: str = ""


async def list_referring(
    registry: Registry, actor: Actor, path: RepositoryName, subject: Digest, after: str, limit: int
) -> tuple[Sequence[Referring], str | None]:
    """What belongs to a manifest, by digest, those after `after`; what continues the list, None at its end.

    What older clients keep by tags comes on the first page. Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows = await content.referrers(tx, repository.id, str(subject), None, after, limit + 1)
        found = {row.digest: _of_row(row) for row in rows[:limit]}
        if not after:
            for one in (
                *await _fallback(tx, registry, repository.id, subject),
                *await _by_tags(tx, repository.id, subject),
            ):
                found.setdefault(one.digest, one)
        with_files = await _with_files(tx, registry, repository.id, list(found.values()))
    return with_files, rows[limit - 1].digest if len(rows) > limit else None


async def count_referring(registry: Registry, actor: Actor, path: RepositoryName, subject: Digest, most: int) -> int:
    """How many belong to a manifest, counted up to `most`. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        count = await inspect.referrers_count(tx, repository.id, str(subject), most)
        older = (*await _fallback(tx, registry, repository.id, subject), *await _by_tags(tx, repository.id, subject))
    return min(most, count + len({one.digest for one in older}))


def _of_row(row: Any) -> Referring:
    kind = kind_of(row.media_type, row.artifact_type)
    return Referring(row.digest, row.media_type, row.artifact_type or "", kind, row.size, row.annotations)


async def _fallback(tx: Reader, registry: Registry, repository_id: int, subject: Digest) -> Sequence[Referring]:
    kept = await kept_by_fallback(tx, registry, repository_id, subject, None)
    among = await content.referrers_among(tx, repository_id, str(subject), [one["digest"] for one in kept])
    return [
        Referring(
            one["digest"],
            one["mediaType"],
            one.get("artifactType", ""),
            kind_of(one["mediaType"], one.get("artifactType")),
            one["size"],
            one.get("annotations", {}),
        )
        for one in kept
        if one["digest"] not in among
    ]


async def _by_tags(tx: Reader, repository_id: int, subject: Digest) -> Sequence[Referring]:
    names = {f"{subject.algorithm}-{subject.hex}{ending}": kind for ending, kind in KEPT.items()}
    digests = await tags.digests_of(tx, repository_id, [name for name in names if len(name) <= 128])
    rows = await inspect.manifests_among(tx, repository_id, list(digests.values()))
    return [
        Referring(digest, row.media_type, row.artifact_type or "", names[name], row.size, tag=name)
        for name, digest in sorted(digests.items())
        if (row := rows.get(digest))
    ]


async def _with_files(
    tx: Reader, registry: Registry, repository_id: int, found: Sequence[Referring]
) -> Sequence[Referring]:
    """The same with their layers, of as many as may be read at once."""
    left, wanted = _BODIES_BYTES_MAX, []
    for one in found:
        left -= one.size
        if left < 0:
            break
        wanted.append(one.digest)
    bodies = await tag_rows.bodies(tx, repository_id, wanted)
    return [_with_layers(registry, one, bodies.get(one.digest)) for one in found]


def _with_layers(registry: Registry, one: Referring, body: bytes | None) -> Referring:
    if body is None:
        return one
    layers = Manifest.parse(body, one.media_type, registry.settings.manifest).layers
    return Referring(
        one.digest, one.media_type, one.artifact_type, one.kind, one.size, one.annotations, layers, one.tag
    )
