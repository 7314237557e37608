"""SQL of reviews: which queued things have waited long enough, which of them nothing needs, and their removal.

A review is asked twice. Without locks, to find out in whose repositories there is something to do; then with their
locks, and this answer counts. What a transaction under way holds is left for the next review.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from entrepot.db.among import among
from entrepot.db.schema import UtcTime
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.quotas import IS_METERED
from entrepot.registry.tables import (
    blob,
    gc_blob,
    gc_candidate,
    gc_link,
    gc_manifest,
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    repository,
    repository_blob,
    tag,
)

_IS_NAMED = (
    select(literal(1))
    .select_from(manifest_blob)
    .join(manifest)
    .where(
        manifest_blob.c.digest == repository_blob.c.digest, manifest.c.repository_id == repository_blob.c.repository_id
    )
    .exists()
)


# --- blobs ---

# Made once each: making them takes longer than the answers of a short batch.
_BEFORE = bindparam("before", type_=UtcTime)
_KEY = (gc_candidate.c.dropped_at, gc_candidate.c.digest)
_DUE = select(*_KEY).where(_KEY[0] <= _BEFORE).order_by(*_KEY).limit(bindparam("most", type_=Integer))
_DUE_AFTER = _DUE.where(tuple_(*_KEY) > tuple_(bindparam("after", type_=UtcTime), bindparam("digest")))
_IDLE = (among(repository_blob.c.digest, "digests"), repository_blob.c.linked_at <= _BEFORE, ~_IS_NAMED)
_IDLE_PATHS = select(repository.c.path).join(repository_blob).where(*_IDLE).distinct().order_by(repository.c.path)
_IDLE_LINKS = (
    select(
        repository_blob.c.repository_id,
        repository_blob.c.digest,
        repository.c.path,
        repository.c.id,
        repository.c.organization_id,
        organization.c.domain_id,
        IS_METERED,
    )
    .join_from(repository_blob, repository)
    .join(organization)
    .where(*_IDLE, among(repository.c.path, "paths"))
    .order_by(repository.c.path, repository_blob.c.digest)
)
_OF_THESE = (repository_blob.c.repository_id == bindparam("repository"), among(repository_blob.c.digest, "digests"))
_DROPPED = select(repository_blob.c.repository_id, repository_blob.c.digest, bindparam("at", type_=UtcTime)).where(
    *_OF_THESE
)
_UNLINK = delete(repository_blob).where(*_OF_THESE)
_LINKS = (
    select(repository_blob.c.digest, func.max(case((~_IS_NAMED, repository_blob.c.linked_at))).label("newest"))
    .where(among(repository_blob.c.digest, "digests"))
    .group_by(repository_blob.c.digest)
)
_IS_LINKED = select(repository_blob.c.digest).where(among(repository_blob.c.digest, "digests")).distinct()
_IS_BLOB = select(blob.c.digest).where(among(blob.c.digest, "digests"))
_HOLD = _IS_BLOB.order_by(blob.c.digest).with_for_update(skip_locked=True)
_LEFT = select(blob.c.digest, blob.c.size, bindparam("at", type_=UtcTime)).where(among(blob.c.digest, "digests"))
_GONE = delete(blob).where(among(blob.c.digest, "digests"))
# The time not as the bare column: SQLite would as soon walk all that are due.
_SETTLE = delete(gc_candidate).where(
    among(gc_candidate.c.digest, "digests"), func.coalesce(gc_candidate.c.dropped_at, _BEFORE) <= _BEFORE
)


async def due_blobs(tx: Reader, before: datetime, after: Row[Any] | None, limit: int) -> Sequence[Row[Any]]:
    """Digests dropped before a time, the longest ago first, those after the row `after`: dropped_at, digest."""
    asked = {"before": before, "most": limit}
    if after is None:
        return await tx.rows(_DUE, asked)
    return await tx.rows(_DUE_AFTER, {"after": after.dropped_at, "digest": after.digest, **asked})


async def idle_paths(tx: Reader, digests: Collection[str], before: datetime) -> Sequence[str]:
    """Repositories with a link to one of the digests that is old and that no manifest needs, by name."""
    return [row.path for row in await tx.rows(_IDLE_PATHS, {"digests": digests, "before": before})]


async def idle_links(
    tx: Reader, digests: Collection[str], before: datetime, paths: Collection[str]
) -> Sequence[Row[Any]]:
    """Such links of these repositories: repository_id, path, digest, and what limits need to know."""
    return await tx.rows(_IDLE_LINKS, {"digests": digests, "before": before, "paths": paths})


async def drop_links(tx: Writer, repository_id: int, digests: Collection[str], at: datetime) -> None:
    """Unlink; who relied on a link can have it back for a while."""
    of_these = {"repository": repository_id, "digests": digests}
    kept = tx.insert(gc_link).from_select(["repository_id", "digest", "dropped_at"], _DROPPED)
    anew = {"dropped_at": kept.excluded.dropped_at}
    await tx.run(
        kept.on_conflict_do_update(index_elements=["repository_id", "digest"], set_=anew), {"at": at, **of_these}
    )
    await tx.run(_UNLINK, of_these)


async def links_of(tx: Reader, digests: Collection[str]) -> dict[str, datetime | None]:
    """Those of the digests that are linked, and when the newest link was made that no manifest needs; None for none."""
    return {row.digest: row.newest for row in await tx.rows(_LINKS, {"digests": digests})}


async def drop_blobs(
    tx: Writer, unlinked: Collection[str], at: datetime, sizes: Mapping[str, int] | None = None
) -> set[str]:
    """Make blobs that had no link a moment ago bytes that are left over; those that are so now.

    Others were linked meanwhile, or somebody holds them just now. Digests that are no blob, as pushes that failed leave
    them, are made one first: whoever records one just now is waited for, and whoever comes later finds its bytes left
    over. `sizes` of theirs, where they are known.
    """
    held = await _found(tx, _HOLD, unlinked)
    if missing := set(unlinked) - held:
        strays = sorted(missing - await _found(tx, _IS_BLOB, missing))
        rows = [{"digest": digest, "size": (sizes or {}).get(digest, 0), "stored_at": at} for digest in strays]
        await tx.run(tx.insert(blob).on_conflict_do_nothing(), rows)
        held |= await _found(tx, _HOLD, strays)
    # Asked again, as each statement sees what was committed before it: no link can come now that the rows are held.
    gone = held - await _found(tx, _IS_LINKED, held)
    if gone:
        kept = tx.insert(gc_blob).from_select(["digest", "size", "dropped_at"], _LEFT)
        anew = {"size": kept.excluded.size, "dropped_at": kept.excluded.dropped_at}
        again = kept.on_conflict_do_update(
            index_elements=["digest"],
            set_={**anew, "claimed_at": None, "removed_at": None},
            where=gc_blob.c.removed_at.is_not(None),
        )
        await tx.run(again, {"at": at, "digests": gone})
        await tx.run(_GONE, {"digests": gone})
    return gone


async def _found(tx: Reader, question: Select[Any], digests: Collection[str]) -> set[str]:
    return {row.digest for row in await tx.rows(question, {"digests": digests})} if digests else set()


async def settle_blobs(tx: Writer, digests: Collection[str], before: datetime) -> None:
    """Take reviewed digests out of the queue, but for those that were dropped again meanwhile."""
    await tx.run(_SETTLE, {"digests": digests, "before": before})


async def postpone_blobs(tx: Writer, waiting: Sequence[tuple[str, datetime]]) -> None:
    """Digests with young links are reviewed when these are old."""
    for digest, since in waiting:
        await tx.run(update(gc_candidate).where(gc_candidate.c.digest == digest).values(dropped_at=since))


# --- bytes ---


async def unknown_digests(tx: Reader, digests: Collection[str]) -> set[str]:
    """Those that are neither blobs nor left over; what was removed and is there again is unknown, too."""
    blobs = select(blob.c.digest).where(among(blob.c.digest, digests))
    left = select(gc_blob.c.digest).where(among(gc_blob.c.digest, digests), gc_blob.c.removed_at.is_(None))
    return set(digests) - {row.digest for found in (blobs, left) for row in await tx.rows(found)}


async def claim_bytes(tx: Writer, before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Bytes that were dropped before a time: digest, size. From the commit on nobody can have them back."""
    is_blob = exists().where(blob.c.digest == gc_blob.c.digest)
    due = select(gc_blob.c.digest, gc_blob.c.size).where(
        gc_blob.c.dropped_at <= before, gc_blob.c.claimed_at.is_(None), ~is_blob
    )
    rows = await tx.rows(due.order_by(gc_blob.c.dropped_at).limit(limit).with_for_update(skip_locked=True))
    digests = [row.digest for row in rows]
    if digests:
        await tx.run(update(gc_blob).where(among(gc_blob.c.digest, digests)).values(claimed_at=tx.now))
    return rows


async def claimed_bytes(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """What a collector that did not get done had claimed: digest, size."""
    claimed = (gc_blob.c.claimed_at.is_not(None), gc_blob.c.removed_at.is_(None))
    return await tx.rows(select(gc_blob.c.digest, gc_blob.c.size).where(*claimed).limit(limit))


async def set_removed(tx: Writer, digests: Collection[str], at: datetime) -> None:
    """They are gone from the store."""
    await tx.run(update(gc_blob).where(among(gc_blob.c.digest, digests)).values(removed_at=at))


async def forget_removed(tx: Writer, before: datetime, limit: int) -> int:
    """What was removed before a time is remembered no more; how many."""
    old = select(gc_blob.c.digest).where(gc_blob.c.removed_at <= before).limit(limit)
    return await tx.run(delete(gc_blob).where(gc_blob.c.digest.in_(old)))


async def forget_links(tx: Writer, before: datetime, limit: int) -> int:
    """Links dropped before a time cannot be had back any more; how many."""
    old = select(gc_link.c.repository_id, gc_link.c.digest).where(gc_link.c.dropped_at <= before).limit(limit)
    return await tx.run(delete(gc_link).where(tuple_(gc_link.c.repository_id, gc_link.c.digest).in_(old)))


# --- manifests ---

_TAGGED = exists().where(tag.c.repository_id == gc_manifest.c.repository_id, tag.c.digest == gc_manifest.c.digest)
_index = manifest.alias("index")
_INDEXED = (
    select(literal(1))
    .select_from(manifest_child)
    .join(_index, _index.c.id == manifest_child.c.manifest_id)
    .where(
        manifest_child.c.digest == gc_manifest.c.digest,
        _index.c.repository_id == gc_manifest.c.repository_id,
        _index.c.digest != gc_manifest.c.digest,
    )
    .exists()
)
_subject = manifest.alias("subject")
_REFERRING = exists().where(
    _subject.c.repository_id == manifest.c.repository_id,
    _subject.c.digest == manifest.c.subject,
    _subject.c.digest != manifest.c.digest,
)
_UNNEEDED = (~_TAGGED, ~_INDEXED, or_(manifest.c.subject.is_(None), ~_REFERRING))


async def due_manifests(tx: Reader, before: datetime, after: Row[Any] | None, limit: int) -> Sequence[Row[Any]]:
    """Manifests that were dropped before a time, the longest ago first: dropped_at, repository_id, digest, path.

    Those after the row `after`.
    """
    key = (gc_manifest.c.dropped_at, gc_manifest.c.repository_id, gc_manifest.c.digest)
    found = select(*key, repository.c.path).join(repository, repository.c.id == gc_manifest.c.repository_id)
    found = found.where(gc_manifest.c.dropped_at <= before)
    if after is not None:
        place = [literal(value, column.type) for value, column in zip(after, key, strict=False)]
        found = found.where(tuple_(*key) > tuple_(*place))
    return await tx.rows(found.order_by(*key).limit(limit))


async def unneeded_paths(tx: Reader, wanted: Collection[tuple[int, str]], before: datetime) -> list[str]:
    """The repositories of those of the queued manifests that nothing needs, by name."""
    return sorted({row.path for row in await unneeded_manifests(tx, wanted, before)})


async def unneeded_manifests(tx: Reader, wanted: Collection[tuple[int, str]], before: datetime) -> Sequence[Row[Any]]:
    """Those of the queued manifests that nothing needs: id, digest, and the repository they are in."""
    held = (manifest.c.repository_id == gc_manifest.c.repository_id) & (manifest.c.digest == gc_manifest.c.digest)
    return await tx.rows(
        select(manifest.c.id, manifest.c.digest, repository.c.path, organization.c.domain_id)
        .select_from(gc_manifest)
        .join(manifest, held)
        .join(repository, repository.c.id == gc_manifest.c.repository_id)
        .join(organization, organization.c.id == repository.c.organization_id)
        .where(_among_pairs(wanted), gc_manifest.c.dropped_at <= before, *_UNNEEDED)
        .order_by(repository.c.path, manifest.c.digest)
    )


async def settle_manifests(tx: Writer, wanted: Collection[tuple[int, str]], before: datetime) -> None:
    await tx.run(delete(gc_manifest).where(_among_pairs(wanted), gc_manifest.c.dropped_at <= before))


def _among_pairs(wanted: Collection[tuple[int, str]]) -> ColumnElement[bool]:
    pairs = [tuple_(literal(number), literal(digest)) for number, digest in wanted]
    return tuple_(gc_manifest.c.repository_id, gc_manifest.c.digest).in_(pairs)
