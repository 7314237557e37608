"""SQL behind the search: tags by the beginning of their name, manifests by the beginning of their digest.

Where most is readable, an index over all is walked; else the repositories that are readable are gone through, and what
fits in them is gathered, up to a bound.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, select, union_all

from entrepot.access.actor import Actor
from entrepot.db.transaction import Reader
from entrepot.registry.queries.browse import has_path_part
from entrepot.registry.queries.readable import Readable
from entrepot.registry.tables import manifest, repository, tag

_GATHERED_MAX: Final = 1_000
_IMAGES_MAX: Final = 200
_LAST: Final = "z"  # follows every hex digit


async def tags_beginning(tx: Reader, actor: Actor, beginning: str, image: str, limit: int) -> Sequence[Row[Any]]:
    """Open tags whose name begins so, by name: path, name, digest, pushed_at.

    `image`: a part of the path, or empty; of the images that have it, the first ones by name are looked at.
    """
    conditions = [
        tag.c.valid_until.is_(None),
        tag.c.name >= beginning,
        tag.c.name < _after(beginning),
    ]
    columns = (repository.c.path, tag.c.name, tag.c.digest, tag.c.pushed_at)
    joined = tag.join(repository, repository.c.id == tag.c.repository_id)
    if image:
        inside = await _repositories(tx, actor, image)
        within = select(*columns).select_from(joined).where(tag.c.repository_id.in_(inside), *conditions)
        return await tx.rows(within.order_by(tag.c.name, repository.c.path).limit(limit))
    return await _found(tx, actor, columns, joined, conditions, ("name", "path"), limit)


async def _repositories(tx: Reader, actor: Actor, part: str) -> Sequence[int]:
    """Readable repositories with the part in their path, the first ones by path."""
    readable = await Readable.of(tx, actor)
    fits = has_path_part(part)
    if readable.is_administrator:
        found = select(repository.c.id).where(readable.condition(), fits).order_by(repository.c.path)
    else:
        few = union_all(*[one.where(fits) for one in readable.parts(repository.c.id, repository.c.path)]).subquery()
        found = select(few.c.id).order_by(few.c.path)
    return [row.id for row in await tx.rows(found.limit(_IMAGES_MAX))]


async def manifests_beginning(tx: Reader, actor: Actor, beginning: str, limit: int) -> Sequence[Row[Any]]:
    """Manifests whose digest begins so, by digest, with the path of their repository."""
    conditions = [manifest.c.digest >= beginning, manifest.c.digest < beginning + _LAST]
    columns = (
        repository.c.path,
        manifest.c.repository_id,
        manifest.c.digest,
        manifest.c.media_type,
        manifest.c.artifact_type,
        manifest.c.pushed_at,
    )
    joined = manifest.join(repository, repository.c.id == manifest.c.repository_id)
    return await _found(tx, actor, columns, joined, conditions, ("digest", "path"), limit)


async def tags_naming(
    tx: Reader, repository_ids: Collection[int], digests: Collection[str]
) -> dict[tuple[int, str], list[str]]:
    """The open tags that name manifests, by (repository, digest)."""
    found = (
        select(tag.c.repository_id, tag.c.digest, tag.c.name)
        .where(tag.c.repository_id.in_(repository_ids), tag.c.digest.in_(digests), tag.c.valid_until.is_(None))
        .order_by(tag.c.name)
        .limit(_GATHERED_MAX)
    )
    names: dict[tuple[int, str], list[str]] = {}
    for row in await tx.rows(found):
        names.setdefault((row.repository_id, row.digest), []).append(row.name)
    return names


async def _found(
    tx: Reader,
    actor: Actor,
    columns: Sequence[ColumnElement[Any]],
    joined: Any,
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[str],
    limit: int,
) -> Sequence[Row[Any]]:
    readable = await Readable.of(tx, actor)
    if readable.is_administrator:
        walked: Select[Any] = select(*columns).select_from(joined).where(readable.condition(), *conditions)
        named = {column.name: column for column in columns}
        return await tx.rows(walked.order_by(*[named[one] for one in order]).limit(limit))
    parts = [part.select_from(joined).where(*conditions).limit(_GATHERED_MAX) for part in readable.parts(*columns)]
    few = union_all(*[select(part.subquery()) for part in parts]).subquery()
    return await tx.rows(select(few).order_by(*[few.c[one] for one in order]).limit(limit))


def _after(beginning: str) -> str:
    """The first text that comes after all that begin so; tags are ASCII, and their order is that of bytes."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)
