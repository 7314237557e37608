"""SQL about what lost a reference: queued in the commit that dropped it, and taken back by who relies on it again.

Upkeep reviews the queues after the grace time (docs/decisions/0021).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, case, delete, literal, select, union

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import (
    blob,
    gc_blob,
    gc_candidate,
    gc_link,
    gc_manifest,
    manifest,
    manifest_blob,
    manifest_child,
    repository_blob,
    tag,
)


async def mark_blob(tx: Writer, digest: str, at: datetime) -> None:
    """Queue one digest for review."""
    await _mark(tx, select(literal(digest).label("digest")), at)


async def mark_new(tx: Writer, digests: Collection[str], at: datetime) -> None:
    """Queue blobs that nothing names yet; one that waits already is reviewed when it was to be."""
    rows = [{"digest": digest, "dropped_at": at} for digest in sorted(digests)]
    await tx.run(tx.insert(gc_candidate).on_conflict_do_nothing(), rows)


async def mark_repository(tx: Writer, repository_id: int, at: datetime) -> None:
    """Every blob of the repository may be without reference soon."""
    linked = select(repository_blob.c.digest).where(repository_blob.c.repository_id == repository_id)
    named = select(manifest_blob.c.digest).join(manifest).where(manifest.c.repository_id == repository_id)
    await _mark(tx, select(union(linked, named).subquery().c.digest), at)


async def mark_named(tx: Writer, manifest_ids: Collection[int], at: datetime) -> None:
    """What these manifests name, and what refers to them, loses a reference: blobs, platforms, referrers."""
    going = manifest.c.id.in_(manifest_ids)
    await _mark(tx, select(manifest_blob.c.digest).where(manifest_blob.c.manifest_id.in_(manifest_ids)).distinct(), at)
    children = select(manifest.c.repository_id, manifest_child.c.digest).join(manifest_child).where(going)
    referrer = manifest.alias("referrer")
    of_repository = referrer.c.repository_id == manifest.c.repository_id
    referring = (
        select(manifest.c.repository_id, referrer.c.digest)
        .join(referrer, of_repository & (referrer.c.subject == manifest.c.digest))
        .where(going)
    )
    await mark_manifests(tx, select(union(children, referring).subquery()), at)


async def mark_manifests(tx: Writer, manifests: Select[Any], at: datetime) -> None:
    """Queue manifests, given as rows of (repository_id, digest), none twice."""
    rows = manifests.subquery()
    source = select(rows, literal(at, gc_manifest.c.dropped_at.type)).where(literal(1) == literal(1))
    queue = tx.insert(gc_manifest).from_select(["repository_id", "digest", "dropped_at"], source.order_by(*rows.c))
    later = _later(gc_manifest, queue)
    await tx.run(queue.on_conflict_do_update(index_elements=["repository_id", "digest"], set_={"dropped_at": later}))


async def forget_tags(tx: Writer, tag_ids: Collection[int], at: datetime) -> int:
    """Remove tags and what is known of them; what they named is queued. How many there were."""
    named = select(tag.c.repository_id, tag.c.digest).where(among(tag.c.id, tag_ids)).distinct()
    await mark_manifests(tx, named, at)
    return await tx.run(delete(tag).where(among(tag.c.id, tag_ids)))


async def forget_manifest(tx: Writer, repository_id: int, digest: str) -> None:
    """Whoever pushes a manifest again wants it: it is not reviewed."""
    await tx.run(
        delete(gc_manifest).where(gc_manifest.c.repository_id == repository_id, gc_manifest.c.digest == digest)
    )


async def _mark(tx: Writer, digests: Select[Any], at: datetime) -> None:
    """A digest dropped again waits its whole grace time again. In order, so that two never wait for each other."""
    source = digests.add_columns(literal(at, gc_candidate.c.dropped_at.type)).order_by("digest")
    # SQLite reads "ON" after a bare SELECT as a join; a WHERE tells it otherwise (its documentation, UPSERT §2.2).
    queue = tx.insert(gc_candidate).from_select(["digest", "dropped_at"], source.where(literal(1) == literal(1)))
    await tx.run(
        queue.on_conflict_do_update(index_elements=["digest"], set_={"dropped_at": _later(gc_candidate, queue)})
    )


def _later(queue: Table, new: Any) -> ColumnElement[Any]:
    """The later of two times: what was dropped again waits from then on."""
    is_later = queue.c.dropped_at > new.excluded.dropped_at
    return case((is_later, queue.c.dropped_at), else_=new.excluded.dropped_at)


# --- taken back ---


async def left_over(tx: Reader, digest: str) -> Row[Any] | None:
    """The bytes of `digest` that are no blob: size, claimed_at, removed_at."""
    return await tx.row(select(gc_blob).where(gc_blob.c.digest == digest))


async def take_over(tx: Writer, digest: str, removal: datetime | None) -> bool:
    """Keep bytes that are no blob from being removed; False when they are being removed, or were.

    `removal`: the one that had ended before the bytes were kept; it did not remove these.
    """
    held = await tx.row(
        select(gc_blob.c.claimed_at, gc_blob.c.removed_at).where(gc_blob.c.digest == digest).with_for_update()
    )
    if held is None:
        return True
    if held.claimed_at is not None and (held.removed_at is None or held.claimed_at != removal):
        return False
    await tx.run(delete(gc_blob).where(gc_blob.c.digest == digest))
    return True


async def restore_blob(tx: Writer, digest: str, at: datetime) -> bool:
    """Make left over bytes a blob again, without a link, so that it waits for review.

    False when they are being removed, or were.
    """
    found = await left_over(tx, digest)
    if found is None:
        return True
    if not await take_over(tx, digest, None):
        return False
    again = tx.insert(blob).values(digest=digest, size=found.size, stored_at=at).on_conflict_do_nothing()
    await tx.run(again)
    await mark_blob(tx, digest, at)
    return True


async def dropped_links(tx: Reader, repository_id: int, digests: Collection[str]) -> list[str]:
    """Those of the digests that were linked in the repository until a moment ago, in order."""
    found = select(gc_link.c.digest).where(gc_link.c.repository_id == repository_id, among(gc_link.c.digest, "digests"))
    return [row.digest for row in await tx.rows(found.order_by(gc_link.c.digest), {"digests": list(digests)})]


async def forget_links(tx: Writer, repository_id: int, digests: Collection[str]) -> None:
    await tx.run(delete(gc_link).where(gc_link.c.repository_id == repository_id, gc_link.c.digest.in_(digests)))
