"""SQL about findings: blobs that are not as they were acknowledged."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, literal, select, update

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.lost import UNLINKED, is_lost
from entrepot.registry.queries.names import ALLOWS_SPARSE
from entrepot.registry.tables import (
    blob,
    blob_finding,
    gc_blob,
    manifest,
    manifest_blob,
    organization,
    repository,
    repository_blob,
)

_IS_LINKED = select(literal(1)).where(repository_blob.c.digest == blob.c.digest).exists()
_HAS_LINK = (
    select(literal(1))
    .where(
        repository_blob.c.repository_id == manifest.c.repository_id, repository_blob.c.digest == manifest_blob.c.digest
    )
    .exists()
)
_WITHOUT_LINK = (~ALLOWS_SPARSE, ~_HAS_LINK)
"""What a manifest names and its repository lacks, where that is not allowed."""


async def linked_blobs(tx: Reader, digests: Collection[str]) -> Sequence[Row[Any]]:
    """Those of the digests that some repository holds and nothing was found of: digest, size, stored_at."""
    held = (among(blob.c.digest, digests), _IS_LINKED, ~is_lost(blob.c.digest))
    return await tx.rows(select(blob).where(*held).order_by(blob.c.digest))


async def hold_linked(tx: Writer, digests: Collection[str]) -> set[tuple[str, datetime]]:
    """The same, by digest and stored_at, held to the end of the transaction."""
    rows = select(blob.c.digest).where(among(blob.c.digest, digests)).order_by(blob.c.digest).with_for_update()
    await tx.rows(rows)
    # Asked again, as each statement sees what was committed before it.
    return {(row.digest, row.stored_at) for row in await linked_blobs(tx, digests)}


async def lacking(tx: Reader, digests: Collection[str]) -> set[str]:
    """Those of the digests that a manifest names and its repository lacks, and nothing was found of."""
    named = _named().where(among(manifest_blob.c.digest, digests), *_WITHOUT_LINK)
    known = select(blob_finding.c.digest).where(blob_finding.c.digest == manifest_blob.c.digest).exists()
    return {row.digest for row in await tx.rows(named.where(~known).distinct())}


async def unlinked_between(tx: Reader, first: int, last: int, limit: int) -> list[str]:
    """Digests that these manifests, by number, name and their repositories lack."""
    of_these = (manifest_blob.c.manifest_id >= first, manifest_blob.c.manifest_id <= last)
    return [row.digest for row in await tx.rows(_named().where(*of_these, *_WITHOUT_LINK).distinct().limit(limit))]


def _named() -> Any:
    return (
        select(manifest_blob.c.digest)
        .join(manifest, manifest.c.id == manifest_blob.c.manifest_id)
        .join(repository, repository.c.id == manifest.c.repository_id)
        .join(organization, organization.c.id == repository.c.organization_id)
    )


async def save(tx: Writer, found: Sequence[tuple[str, str, str]], at: datetime) -> None:
    """Findings as (digest, kind, seen), of digests that nothing was found of, but that they are not linked."""
    rows = [{"digest": digest, "kind": kind, "seen": seen, "found_at": at} for digest, kind, seen in found]
    new = tx.insert(blob_finding)
    worse = {"kind": new.excluded.kind, "seen": new.excluded.seen, "found_at": new.excluded.found_at}
    again = new.on_conflict_do_update(
        index_elements=["digest"], set_=worse, where=(blob_finding.c.kind == UNLINKED) & (new.excluded.kind != UNLINKED)
    )
    await tx.run(again, rows)


async def after(tx: Reader, digest: str, limit: int) -> Sequence[Row[Any]]:
    """Findings by digest, those after one; with the size that the blob should have, None for what is no blob."""
    size = select(blob.c.size).where(blob.c.digest == blob_finding.c.digest).scalar_subquery().label("size")
    found = select(blob_finding, size).where(blob_finding.c.digest > digest)
    return await tx.rows(found.order_by(blob_finding.c.digest).limit(limit))


async def count(tx: Reader, most: int) -> dict[str, int]:
    """How many are open, by kind; `most` counted in all."""
    some = select(blob_finding.c.kind).limit(most).subquery()
    counted = select(some.c.kind, func.count().label("number")).group_by(some.c.kind)
    return {row.kind: int(row.number) for row in await tx.rows(counted)}


async def forget(tx: Writer, row: Row[Any]) -> bool:
    """Whether it was still there, as it was read."""
    same = (blob_finding.c.digest == row.digest, blob_finding.c.found_at == row.found_at)
    return await tx.run(delete(blob_finding).where(*same)) > 0


async def is_known(tx: Reader, digest: str) -> bool:
    """Whether the digest is a blob, or bytes that can become one again."""
    left = select(gc_blob.c.digest).where(gc_blob.c.digest == digest, gc_blob.c.removed_at.is_(None))
    found = select(blob.c.digest).where(blob.c.digest == digest)
    return any([await tx.value(one) is not None for one in (found, left)])


async def repositories_with(tx: Reader, digest: str, kind: str, limit: int) -> list[str]:
    """Repositories that have the blob; of what is unlinked, those whose manifests name it in vain. By name."""
    if kind == UNLINKED:
        named = _named().with_only_columns(repository.c.path).where(manifest_blob.c.digest == digest, *_WITHOUT_LINK)
        return [row.path for row in await tx.rows(named.distinct().order_by(repository.c.path).limit(limit))]
    linked = select(repository.c.path).join(repository_blob).where(repository_blob.c.digest == digest)
    return [row.path for row in await tx.rows(linked.order_by(repository.c.path).limit(limit))]


# --- setting aside ---


def _is_wrong() -> tuple[ColumnElement[bool], ...]:
    return blob_finding.c.kind.in_(["corrupt", "size"]), blob_finding.c.aside_at.is_(None)


async def not_aside(tx: Reader, after_digest: str, limit: int) -> list[str]:
    """Blobs whose bytes are wrong and still in their place, by digest, those after one."""
    wrong = select(blob_finding.c.digest).where(blob_finding.c.digest > after_digest, *_is_wrong())
    return [row.digest for row in await tx.rows(wrong.order_by(blob_finding.c.digest).limit(limit))]


async def claim(tx: Writer, digest: str, at: datetime) -> Row[Any] | None:
    """Claim the bytes of a blob that are wrong, as a collector claims what it removes: the finding.

    None when nothing is wrong with them any more, or they are no blob's: then a collector has them.
    """
    held = await tx.row(select(blob).where(blob.c.digest == digest).with_for_update())
    row = await tx.row(select(blob_finding).where(blob_finding.c.digest == digest, *_is_wrong()))
    if held is None or row is None:
        return None
    values = {"digest": digest, "size": held.size, "dropped_at": at, "claimed_at": at, "removed_at": None}
    again = tx.insert(gc_blob).values(values).on_conflict_do_update(index_elements=["digest"], set_=values)
    await tx.run(again)
    return row


async def unclaim(tx: Writer, digest: str) -> None:
    """The bytes stay where they are."""
    await tx.run(delete(gc_blob).where(gc_blob.c.digest == digest))


async def set_size(tx: Writer, digest: str, size: int) -> None:
    await tx.run(update(blob).where(blob.c.digest == digest).values(size=size))


async def set_aside(tx: Writer, digests: Collection[str], at: datetime) -> None:
    await tx.run(update(blob_finding).where(among(blob_finding.c.digest, digests), *_is_wrong()).values(aside_at=at))
