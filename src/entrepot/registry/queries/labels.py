"""SQL about labels of versions: those not looked at yet, writing them down, who has which."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Row, and_, delete, exists, func, insert, select, union_all

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.readable import FEW
from entrepot.registry.tables import (
    blob,
    label_wait,
    manifest,
    manifest_child,
    repository,
    repository_blob,
    version_label,
)
from entrepot.values.label import WantedLabel

_GATHERED_MAX: Final = 10_000
_LAST: Final = "\U0010ffff"  # follows every letter
_EACH_CHILDREN_MAX: Final = 500  # rows of labels of an index's images

Label = tuple[str, str]
_other = version_label.alias("other")


async def waiting_sizes(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """The first manifests whose labels were not looked at: id, and the size of the document."""
    first = select(label_wait.c.manifest_id).order_by(label_wait.c.manifest_id).limit(limit).subquery()
    found = select(manifest.c.id, manifest.c.size).join(first, first.c.manifest_id == manifest.c.id)
    return await tx.rows(found.order_by(manifest.c.id))


async def described(tx: Reader, manifest_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Manifests by id, with the size of their configuration where their repository holds it."""
    held = and_(
        repository_blob.c.repository_id == manifest.c.repository_id,
        repository_blob.c.digest == manifest.c.config_digest,
    )
    found = (
        select(
            manifest.c.id,
            manifest.c.repository_id,
            manifest.c.media_type,
            manifest.c.artifact_type,
            manifest.c.annotations,
            manifest.c.config_digest,
            blob.c.size.label("config_size"),
        )
        .select_from(manifest)
        .join(repository_blob, held, isouter=True)
        .join(blob, blob.c.digest == repository_blob.c.digest, isouter=True)
        .where(among(manifest.c.id, manifest_ids))
    )
    return await tx.rows(found.order_by(manifest.c.id))


async def still_there(tx: Writer, manifest_ids: Collection[int]) -> Sequence[int]:
    """Those of the manifests that wait still, and that nobody is deleting. They stay until the end of the transaction.

    Whoever holds one is not waited for, so that no two can wait for each other.
    """
    waits = (
        select(label_wait.c.manifest_id)
        .where(among(label_wait.c.manifest_id, manifest_ids))
        .with_for_update(skip_locked=True)
    )
    ours = [row.manifest_id for row in await tx.rows(waits)]
    kept = (
        select(manifest.c.id)
        .where(among(manifest.c.id, ours))
        .with_for_update(read=True, key_share=True, skip_locked=True)
    )
    return [row.id for row in await tx.rows(kept)]


async def labels_of_children(tx: Reader, manifest_id: int) -> Sequence[Label]:
    """The labels of the images that an index names, as far as they were looked at."""
    child, parent = manifest.alias("child"), manifest.alias("parent")
    found = (
        select(version_label.c.key, version_label.c.value)
        .select_from(manifest_child)
        .join(parent, parent.c.id == manifest_child.c.manifest_id)
        .join(child, and_(child.c.repository_id == parent.c.repository_id, child.c.digest == manifest_child.c.digest))
        .join(version_label, version_label.c.manifest_id == child.c.id)
        .where(manifest_child.c.manifest_id == manifest_id, child.c.id != parent.c.id)
        .order_by(child.c.id, version_label.c.number)
        .limit(_EACH_CHILDREN_MAX)
    )
    return [(row.key, row.value) for row in await tx.rows(found)]


async def save_labels(tx: Writer, labels: Mapping[tuple[int, int], Sequence[Label]]) -> None:
    """Write down the labels of manifests, by (manifest, repository): from now on they do not wait."""
    ids = [manifest_id for manifest_id, _ in labels]
    await tx.run(delete(label_wait).where(among(label_wait.c.manifest_id, ids)))
    rows = [
        {"manifest_id": manifest_id, "number": number, "repository_id": repository_id, "key": key, "value": value}
        for (manifest_id, repository_id), found in labels.items()
        for number, (key, value) in enumerate(found)
    ]
    if rows:
        await tx.run(insert(version_label), rows)


async def has_label(tx: Reader, wanted: WantedLabel) -> ColumnElement[bool]:
    """A condition on repositories: a version of it has the label.

    Where few have it, they are found first and said by value; else each repository is asked, by an index.
    """
    fits = _fits(wanted)
    some = select(version_label.c.repository_id).where(*fits).limit(_GATHERED_MAX + 1).subquery()
    counted = select(some.c.repository_id, func.count().label("number")).group_by(some.c.repository_id)
    rows = await tx.rows(counted.limit(FEW + 1))
    if len(rows) <= FEW and sum(row.number for row in rows) <= _GATHERED_MAX:
        return among(repository.c.id, [row.repository_id for row in rows])
    return exists(select(version_label.c.number).where(version_label.c.repository_id == repository.c.id, *fits))


async def versions_with(
    tx: Reader, repository_ids: Collection[int], wanted: Sequence[WantedLabel], limit: int
) -> Sequence[Row[Any]]:
    """Manifests of the repositories that have all these labels, the newest first, no more than `limit` of each."""
    first, *others = wanted
    further = [
        exists(select(_other.c.number).where(_other.c.manifest_id == version_label.c.manifest_id, *_fits(one, _other)))
        for one in others
    ]
    parts = [
        select(version_label.c.manifest_id)
        .where(version_label.c.repository_id == one, *_fits(first), *further)
        .distinct()
        .order_by(version_label.c.manifest_id.desc())
        .limit(limit)
        .subquery()
        for one in repository_ids
    ]
    if not parts:
        return []
    few = union_all(*[select(part.c.manifest_id) for part in parts]).subquery()
    found = (
        select(
            repository.c.path,
            manifest.c.repository_id,
            manifest.c.digest,
            manifest.c.media_type,
            manifest.c.artifact_type,
            manifest.c.pushed_at,
        )
        .select_from(few)
        .join(manifest, manifest.c.id == few.c.manifest_id)
        .join(repository, repository.c.id == manifest.c.repository_id)
    )
    return await tx.rows(found.order_by(manifest.c.id.desc()).limit(limit))


def _fits(wanted: WantedLabel, table: FromClause = version_label) -> list[ColumnElement[bool]]:
    key, value = table.c.key, table.c.value
    if wanted.value is None:
        return [key == wanted.key]
    if wanted.is_beginning:
        return [key == wanted.key, value >= wanted.value, value < wanted.value + _LAST]
    return [key == wanted.key, value == wanted.value]
