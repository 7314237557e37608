"""SQL about copies: those that wait, those under way, what became of them.

Who begins a copy gets the number of its attempt, and writes under it: what an attempt says that was called off, or that
another worker took over, is not believed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, delete, func, or_, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.rules import UNDER_WAY, Status, Work
from entrepot.mirror.tables import sync_job, sync_region, wide_sync_rule
from entrepot.registry.tables import manifest, manifest_child, organization, repository, repository_blob, tag

_WAITS: Final = sync_job.c.status == Status.WAITING
_RUNS: Final = sync_job.c.status == Status.RUNNING
_TO_REGIONS: Final = (sync_job.c.direction == "push", sync_job.c.action == Work.COPY)
_UNDER_WAY: Final = sync_job.c.status.in_(sorted(UNDER_WAY))


_OF_WIDE_RULE: Final = (wide_sync_rule, wide_sync_rule.c.id == sync_job.c.wide_rule_id)


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a copy is: so many bytes `more` went over the wire, and of `total` so many are there."""

    copy_id: int
    more: int
    done: int
    total: int


async def waiting_copies(tx: Reader, repository_id: int, limit: int) -> Sequence[Row[Any]]:
    return await tx.rows(select(sync_job).where(sync_job.c.repository_id == repository_id, _WAITS).limit(limit))


async def waiting_among(tx: Reader, repository_ids: Collection[int], tags: Collection[str]) -> Sequence[Row[Any]]:
    among = (sync_job.c.repository_id.in_(repository_ids), sync_job.c.tag.in_(tags), _WAITS)
    columns = (sync_job.c.repository_id, sync_job.c.region, sync_job.c.remote_organization, sync_job.c.tag)
    return await tx.rows(select(*columns).where(*among))


async def save_copies(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    await tx.run(tx.insert(sync_job), rows)


def waiting(
    repository_id: int, region: str, organization: str, name: str, overrides: bool, operator_id: str, at: datetime
) -> dict[str, Any]:
    """A copy that is to be begun at once."""
    return {
        "repository_id": repository_id,
        "region": region,
        "remote_organization": organization,
        "tag": name,
        "overrides": overrides,
        "status": Status.WAITING,
        "operator_id": operator_id,
        "created_at": at,
        "updated_at": at,
        "next_at": at,
    }


async def copies_count(tx: Reader, repository_id: int) -> int:
    """Those that went, or are to go, to a region."""
    return int(await tx.value(select(func.count()).where(sync_job.c.repository_id == repository_id, *_TO_REGIONS)))


async def copies_page(
    tx: Reader, repository_id: int, newest_first: bool, offset: int, limit: int
) -> Sequence[Row[Any]]:
    """Of those that went, or are to go, to a region."""
    order = sync_job.c.id.desc() if newest_first else sync_job.c.id
    found = select(sync_job).where(sync_job.c.repository_id == repository_id, *_TO_REGIONS)
    return await tx.rows(found.order_by(order).offset(offset).limit(limit))


async def copies_before(tx: Reader, repository_id: int, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """The newest first, from below the number `before`."""
    found = select(sync_job).where(sync_job.c.repository_id == repository_id)
    found = found if before is None else found.where(sync_job.c.id < before)
    return await tx.rows(found.order_by(sync_job.c.id.desc()).limit(limit))


async def all_copies(
    tx: Reader, rule_id: int | None, statuses: Collection[str], before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Of all repositories, with their `path`: the newest first, from below the number `before`; of a rule of our own,
    and in one of the statuses, where these are said.
    """
    found = select(sync_job, repository.c.path).join(repository)
    if rule_id is not None:
        found = found.where(sync_job.c.wide_rule_id == rule_id)
    if statuses:
        found = found.where(sync_job.c.status.in_(sorted(statuses)))
    if before is not None:
        found = found.where(sync_job.c.id < before)
    return await tx.rows(found.order_by(sync_job.c.id.desc()).limit(limit))


async def path_of_copy(tx: Reader, copy_id: int) -> str | None:
    """The repository that a copy is of; None when there is no such copy."""
    found = select(repository.c.path).join(sync_job, sync_job.c.repository_id == repository.c.id)
    path: str | None = await tx.value(found.where(sync_job.c.id == copy_id))
    return path


async def copy_of(tx: Reader, repository_id: int, copy_id: int) -> Row[Any] | None:
    return await tx.row(select(sync_job).where(sync_job.c.repository_id == repository_id, sync_job.c.id == copy_id))


# --- what is to be copied of what was pushed ---


async def tags_with(tx: Reader, repository_id: int, digest: str, since: datetime | None, limit: int) -> Sequence[str]:
    """Tags pushed since then (None: ever) that name the subject of this manifest, or an index above it."""
    own = and_(manifest.c.repository_id == repository_id, manifest.c.digest == digest)
    subject = select(manifest.c.subject).where(own, manifest.c.subject.is_not(None))
    named = or_(
        tag.c.digest.in_(subject), tag.c.digest.in_(_above(repository_id, manifest_child.c.digest.in_(subject)))
    )
    return await _tags(tx, repository_id, named, since, limit)


async def tags_naming(tx: Reader, repository_id: int, digest: str, limit: int) -> Sequence[str]:
    """Tags that name this manifest, or an index above it."""
    named = or_(tag.c.digest == digest, tag.c.digest.in_(_above(repository_id, manifest_child.c.digest == digest)))
    return await _tags(tx, repository_id, named, None, limit)


def _above(repository_id: int, has_child: ColumnElement[bool]) -> Select[Any]:
    return (
        select(manifest.c.digest)
        .join(manifest_child, manifest_child.c.manifest_id == manifest.c.id)
        .where(manifest.c.repository_id == repository_id, has_child)
    )


async def _tags(
    tx: Reader, repository_id: int, named: ColumnElement[bool], since: datetime | None, limit: int
) -> Sequence[str]:
    standing = [tag.c.repository_id == repository_id, tag.c.valid_until.is_(None)]
    if since is not None:
        standing.append(tag.c.pushed_at >= since)
    found = select(tag.c.name).where(*standing, named).order_by(tag.c.name).limit(limit)
    return [row.name for row in await tx.rows(found)]


async def places_with(
    tx: Reader, digests: Collection[str], repository_id: int, region: str, remote_organization: str
) -> dict[str, str]:
    """For blobs that another repository has which was copied to the region: what that is called there.

    One of the same organization there, where there is one: it is likelier that we may read it.
    """
    place = (sync_job.c.remote_organization.concat("/").concat(repository.c.name)).label("place")
    is_other = case((sync_job.c.remote_organization == remote_organization, 0), else_=1)
    found = (
        select(repository_blob.c.digest, is_other.label("is_other"), place)
        .join(repository, repository.c.id == repository_blob.c.repository_id)
        .join(sync_job, sync_job.c.repository_id == repository.c.id)
        .where(
            repository_blob.c.digest.in_(digests),
            sync_job.c.region == region,
            sync_job.c.status == Status.SUCCESS,
            *_TO_REGIONS,
            or_(sync_job.c.repository_id != repository_id, sync_job.c.remote_organization != remote_organization),
        )
        .distinct()
    )
    best: dict[str, tuple[int, str]] = {}
    for row in await tx.rows(found):
        best[row.digest] = min(best.get(row.digest, (2, "")), (row.is_other, row.place))
    return {digest: name for digest, (_, name) in best.items()}


# --- carrying out ---


async def due_copies(tx: Reader, at: datetime, limit: int) -> Sequence[Row[Any]]:
    """Those to be begun by now, with the `document` of their rule of our own.

    Of each such rule, and of all else together, the one that waited longest comes first; a rule that wants thousands
    does not keep the others waiting.
    """
    turn = func.row_number().over(
        partition_by=func.coalesce(sync_job.c.wide_rule_id, 0), order_by=(sync_job.c.next_at, sync_job.c.id)
    )
    due = select(sync_job, turn.label("turn")).where(_WAITS, sync_job.c.next_at <= at).subquery()
    found = select(due, wide_sync_rule.c.document).outerjoin(wide_sync_rule, wide_sync_rule.c.id == due.c.wide_rule_id)
    return await tx.rows(found.order_by(due.c.turn, due.c.next_at, due.c.id).limit(limit))


async def begin_copy(tx: Writer, copy_id: int, at: datetime) -> int | None:
    """The number of the attempt that begins; None when the copy waits no more."""
    begun = (
        update(sync_job)
        .where(sync_job.c.id == copy_id, _WAITS)
        .values(
            status=Status.RUNNING,
            attempts=sync_job.c.attempts + 1,
            started_at=at,
            next_at=None,
            updated_at=at,
        )
        .returning(sync_job.c.attempts)
    )
    attempt: int | None = await tx.value(begun)
    return attempt


async def whole_copy(tx: Reader, copy_id: int) -> Row[Any] | None:
    """A copy, with where it is (`path`, `organization_id`, `domain_id`), its region (`url`, `sealed`) and its rule of
    our own (`document`), if it has one; None when one of the others is gone.
    """
    found = (
        select(
            sync_job,
            repository.c.path,
            repository.c.organization_id,
            organization.c.domain_id,
            sync_region.c.url,
            sync_region.c.sealed,
            wide_sync_rule.c.document,
        )
        .join(repository, repository.c.id == sync_job.c.repository_id)
        .join(organization, organization.c.id == repository.c.organization_id)
        .join(sync_region, sync_region.c.name == sync_job.c.region)
        .outerjoin(*_OF_WIDE_RULE)
    )
    return await tx.row(found.where(sync_job.c.id == copy_id))


async def running_copies(tx: Reader) -> dict[int, int]:
    """The attempts of those that run."""
    return {row.id: row.attempts for row in await tx.rows(select(sync_job.c.id, sync_job.c.attempts).where(_RUNS))}


async def set_waiting(tx: Writer, copy_ids: Collection[int], at: datetime) -> int:
    """Let copies that run, and whose worker is gone, be begun again at once; how many did."""
    left = update(sync_job).where(sync_job.c.id.in_(copy_ids), _RUNS)
    return await tx.run(left.values(status=Status.WAITING, next_at=at, updated_at=at))


async def count_bytes(tx: Writer, moved: Sequence[Moved]) -> None:
    """Write down how far copies are, since it was last written down."""
    await tx.run(
        update(sync_job)
        .where(sync_job.c.id == bindparam("key"))
        .values(
            bytes_sent=sync_job.c.bytes_sent + bindparam("more"),
            bytes_done=bindparam("done"),
            bytes_total=bindparam("total"),
        ),
        [{"key": one.copy_id, "more": one.more, "done": one.done, "total": one.total} for one in moved],
    )


async def end_copy(tx: Writer, copy_id: int, attempt: int, status: Status, at: datetime, **values: Any) -> bool:
    """False when the attempt does not count any more."""
    ended = update(sync_job).where(_is_attempt(copy_id, attempt))
    return bool(await tx.run(ended.values(status=status, ended_at=at, updated_at=at, next_at=None, **values)))


async def put_off(
    tx: Writer, copy_id: int, attempt: int, error: str, next_at: datetime, at: datetime, *, failed: bool = True
) -> bool:
    """Let a copy wait for another attempt, as it broke off (`failed`) or its time is over; False when this attempt does
    not count any more.
    """
    values = {"status": Status.WAITING, "error": error, "next_at": next_at, "updated_at": at}
    broken = update(sync_job).where(_is_attempt(copy_id, attempt))
    return bool(await tx.run(broken.values(failures=sync_job.c.failures + (1 if failed else 0), **values)))


def _is_attempt(copy_id: int, attempt: int) -> ColumnElement[bool]:
    return and_(sync_job.c.id == copy_id, sync_job.c.attempts == attempt, _RUNS)


# --- by hand, and with what they belong to ---


async def cancel_copy(tx: Writer, repository_id: int, copy_id: int, at: datetime) -> bool:
    """False when it has ended, or there is none."""
    own = and_(sync_job.c.repository_id == repository_id, sync_job.c.id == copy_id)
    return bool(await _cancel(tx, own, "", at))


async def cancel_to_region(tx: Writer, region: str, error: str, at: datetime) -> int:
    """How many were under way."""
    return await _cancel(tx, sync_job.c.region == region, error, at)


async def cancel_of_rule(tx: Writer, rule_id: int, error: str, at: datetime) -> int:
    return await _cancel(tx, sync_job.c.rule_id == rule_id, error, at)


async def cancel_of_wide_rule(tx: Writer, rule_id: int, error: str, at: datetime) -> int:
    return await _cancel(tx, sync_job.c.wide_rule_id == rule_id, error, at)


async def _cancel(tx: Writer, which: ColumnElement[bool], error: str, at: datetime) -> int:
    values = {"status": Status.CANCEL, "error": error, "next_at": None, "ended_at": at, "updated_at": at}
    return await tx.run(update(sync_job).where(which, _UNDER_WAY).values(values))


async def under_way_to(tx: Reader, region: str) -> int:
    return int(await tx.value(select(func.count()).where(_UNDER_WAY, sync_job.c.region == region)))


async def retry_copy(tx: Writer, copy_id: int, is_of_rule: bool, at: datetime) -> None:
    """Begin it anew, at once. Not `is_of_rule`: its rule is gone, and it is somebody's own from now on."""
    values: dict[str, Any] = {
        "status": Status.WAITING,
        "failures": 0,
        "next_at": at,
        "ended_at": None,
        "updated_at": at,
    }
    rule = {} if is_of_rule else {"rule_id": None, "wide_rule_id": None}
    await tx.run(update(sync_job).where(sync_job.c.id == copy_id).values(**values, **rule))


async def forget_copies(tx: Writer, before: datetime, limit: int) -> int:
    """Forget copies that ended before; the number of them."""
    old = select(sync_job.c.id).where(sync_job.c.ended_at < before).order_by(sync_job.c.ended_at).limit(limit)
    return await tx.run(delete(sync_job).where(sync_job.c.id.in_(old)))
