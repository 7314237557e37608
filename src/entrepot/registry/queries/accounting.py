"""SQL about pulls, pushes and what is stored, by day (docs/decisions/0012)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Row, Table, delete, func, select, tuple_

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.counted_tables import domain_day, pull_day, pull_last, pull_total, push_day, served_day
from entrepot.registry.tables import manifest, manifest_blob, manifest_child, organization, repository, tag


async def repositories_held(tx: Writer, paths: Collection[str]) -> dict[str, Row[Any]]:
    """Id and domain of repositories, by path; they stay until the commit."""
    found = (
        select(repository.c.path, repository.c.id, organization.c.domain_id)
        .join(organization)
        .where(repository.c.path.in_(paths))
        .order_by(repository.c.id)
        .with_for_update(read=True, key_share=True, of=repository)
    )
    return {row.path: row for row in await tx.rows(found)}


async def named_by_indexes(
    tx: Reader, repository_ids: Collection[int], digests: Collection[str]
) -> set[tuple[int, str]]:
    """Those manifests that an index of their repository names, as (repository, digest)."""
    found = (
        select(manifest.c.repository_id, manifest_child.c.digest)
        .join(manifest_child)
        .where(manifest.c.repository_id.in_(repository_ids), manifest_child.c.digest.in_(digests))
    )
    return {(row.repository_id, row.digest) for row in await tx.rows(found)}


async def tags_on(
    tx: Reader, repository_ids: Collection[int], digests: Collection[str]
) -> dict[tuple[int, str], list[str]]:
    """The tags that point at manifests, by (repository, digest), the one moved last at the end."""
    found = (
        select(tag.c.repository_id, tag.c.digest, tag.c.name)
        .where(tag.c.repository_id.in_(repository_ids), tag.c.digest.in_(digests), tag.c.valid_until.is_(None))
        .order_by(tag.c.id)
    )
    names: dict[tuple[int, str], list[str]] = {}
    for row in await tx.rows(found):
        names.setdefault((row.repository_id, row.digest), []).append(row.name)
    return names


async def pulled_lately(
    tx: Reader, repository_ids: Collection[int], since: datetime, limit: int
) -> dict[tuple[int, str], datetime]:
    """Tags that were pulled since then, the latest `limit`: when, by (repository, name)."""
    found = (
        select(pull_last.c.repository_id, pull_last.c.tag, pull_last.c.pulled_at)
        .where(
            pull_last.c.repository_id.in_(repository_ids),
            pull_last.c.pulled_at >= since,
            pull_last.c.tag != "",
            pull_last.c.tag.not_like("%:%"),
        )
        .order_by(pull_last.c.pulled_at.desc())
        .limit(limit)
    )
    return {(row.repository_id, row.tag): row.pulled_at for row in await tx.rows(found)}


async def blobs_by_tag(
    tx: Reader, tags: Collection[tuple[int, str]], digests: Collection[str]
) -> dict[tuple[int, str], list[str]]:
    """Which of the tags, given as (repository, name), have which of the blobs: names by (repository, digest)."""
    pointing = (
        select(tag.c.repository_id, tag.c.name, manifest.c.id)
        .join(manifest, (manifest.c.repository_id == tag.c.repository_id) & (manifest.c.digest == tag.c.digest))
        .where(tuple_(tag.c.repository_id, tag.c.name).in_(list(tags)), tag.c.valid_until.is_(None))
    )
    owners: dict[int, list[tuple[int, str]]] = {}
    for row in await tx.rows(pointing):
        owners.setdefault(row.id, []).append((row.repository_id, row.name))
    index, child = manifest.alias("index"), manifest.alias("child")
    children = (
        select(index.c.id.label("index_id"), child.c.id.label("child_id"))
        .select_from(manifest_child)
        .join(index, index.c.id == manifest_child.c.manifest_id)
        .join(child, (child.c.repository_id == index.c.repository_id) & (child.c.digest == manifest_child.c.digest))
        .where(manifest_child.c.manifest_id.in_(list(owners)))
    )
    for row in await tx.rows(children):
        owners.setdefault(row.child_id, []).extend(owners[row.index_id])
    holding = select(manifest_blob).where(
        manifest_blob.c.manifest_id.in_(list(owners)), manifest_blob.c.digest.in_(digests)
    )
    names: dict[tuple[int, str], list[str]] = {}
    for row in await tx.rows(holding):
        for repository_id, name in owners[row.manifest_id]:
            names.setdefault((repository_id, row.digest), []).append(name)
    return names


async def add_pulls(
    tx: Writer,
    by_tag: Mapping[tuple[int, str], tuple[int, int]],
    by_repository: Mapping[int, tuple[int, int]],
    by_domain: Mapping[str, tuple[int, int]],
    day: date,
) -> None:
    """Add pulls and bytes. Rows are touched in order, so that no two processes wait for each other."""
    pulls = ("pulls", "bytes")
    days = {(*key, day): numbers for key, numbers in by_tag.items()}
    await _add(tx, pull_day, ("repository_id", "tag", "day"), pulls, days)
    totals = {(one,): numbers for one, numbers in by_repository.items()}
    await _add(tx, pull_total, ("repository_id",), pulls, totals)
    domains = {(one, day): numbers for one, numbers in by_domain.items()}
    await _add(tx, domain_day, ("domain_id", "day"), pulls, domains)


async def save_last_pulls(tx: Writer, last: Mapping[tuple[int, str], str], at: datetime) -> None:
    """Keep who pulled last, by repository and tag. The last one to write it down counts."""
    if not last:
        return
    rows = [
        {"repository_id": one, "tag": tag, "pulled_at": at, "pulled_by": last[one, tag]} for one, tag in sorted(last)
    ]
    kept = tx.insert(pull_last)
    newer = {name: kept.excluded[name] for name in ("pulled_at", "pulled_by")}
    await tx.run(kept.on_conflict_do_update(index_elements=["repository_id", "tag"], set_=newer), rows)


async def add_pushes(
    tx: Writer, by_repository: Mapping[int, tuple[int, int]], by_domain: Mapping[str, tuple[int, int]], day: date
) -> None:
    """Add pushes and bytes, in the same manner."""
    days = {(one, day): numbers for one, numbers in by_repository.items()}
    await _add(tx, push_day, ("repository_id", "day"), ("pushes", "bytes"), days)
    domains = {(one, day): numbers for one, numbers in by_domain.items()}
    await _add(tx, domain_day, ("domain_id", "day"), ("pushes", "pushed_bytes"), domains)


async def mirrors_among(tx: Reader, organizations: Collection[str]) -> dict[str, int]:
    """Those of the organizations that are mirrors, with their numbers."""
    found = select(organization.c.name, organization.c.id).where(
        organization.c.name.in_(organizations), organization.c.is_mirror
    )
    return {row.name: row.id for row in await tx.rows(found)}


async def add_served(tx: Writer, by_organization: Mapping[int, tuple[int, int]], day: date) -> None:
    """Add blobs and bytes that were sent of organizations; one that is gone is left out."""
    found = select(organization.c.id).where(organization.c.id.in_(list(by_organization))).order_by(organization.c.id)
    held = await tx.rows(found.with_for_update(read=True, key_share=True))
    days = {(row.id, day): by_organization[row.id] for row in held}
    await _add(tx, served_day, ("organization_id", "day"), ("blobs", "bytes"), days)


async def _add(
    tx: Writer,
    table: Table,
    key: Sequence[str],
    counted: Sequence[str],
    numbers: Mapping[tuple[Any, ...], tuple[int, int]],
) -> None:
    if not numbers:
        return
    rows = [dict(zip((*key, *counted), (*one, *numbers[one]), strict=True)) for one in sorted(numbers)]
    added = tx.insert(table)
    more = {name: table.c[name] + added.excluded[name] for name in counted}
    await tx.run(added.on_conflict_do_update(index_elements=list(key), set_=more), rows)


async def forget_pulls(tx: Writer, before: date, limit: int) -> int:
    """Forget days before this one; how many rows, no more than `limit` of each table."""
    gone = 0
    for table in (pull_day, push_day, served_day):
        key = list(table.primary_key.columns)
        old = select(*key).where(table.c.day < before).limit(limit)
        gone += await tx.run(delete(table).where(tuple_(*key).in_(old)))
    key = list(pull_last.primary_key.columns)
    old = select(*key).where(pull_last.c.pulled_at < datetime.combine(before, time.min, UTC)).limit(limit)
    return gone + await tx.run(delete(pull_last).where(tuple_(*key).in_(old)))


# --- reading ---


async def pulls_of(tx: Reader, repository_ids: Collection[int]) -> dict[int, int]:
    """How often manifests of each repository were pulled; repositories never pulled are absent."""
    found = select(pull_total.c.repository_id, pull_total.c.pulls).where(pull_total.c.repository_id.in_(repository_ids))
    return {row.repository_id: row.pulls for row in await tx.rows(found)}


async def pulls_by_tag(tx: Reader, repository_id: int, since: date) -> Sequence[Row[Any]]:
    """(tag, day, pulls, bytes) from a day on, in order of days."""
    return await tx.rows(
        select(pull_day.c.tag, pull_day.c.day, pull_day.c.pulls, pull_day.c.bytes)
        .where(pull_day.c.repository_id == repository_id, pull_day.c.day >= since)
        .order_by(pull_day.c.day, pull_day.c.tag)
    )


async def traffic_of(tx: Reader, repository_id: int, since: date) -> dict[date, tuple[int, int, int, int]]:
    """Pulls, bytes pulled, pushes and bytes pushed of a repository by day, from a day on."""
    pulled = (
        select(pull_day.c.day, func.sum(pull_day.c.pulls).label("pulls"), func.sum(pull_day.c.bytes).label("bytes"))
        .where(pull_day.c.repository_id == repository_id, pull_day.c.day >= since)
        .group_by(pull_day.c.day)
    )
    pushed = select(push_day.c.day, push_day.c.pushes, push_day.c.bytes).where(
        push_day.c.repository_id == repository_id, push_day.c.day >= since
    )
    found = {row.day: (int(row.pulls), int(row.bytes), 0, 0) for row in await tx.rows(pulled)}
    for row in await tx.rows(pushed):
        found[row.day] = (*found.get(row.day, (0, 0))[:2], row.pushes, row.bytes)
    return found


async def days_of(tx: Reader, domain_id: str, since: date) -> Sequence[Row[Any]]:
    return await tx.rows(
        select(domain_day).where(domain_day.c.domain_id == domain_id, domain_day.c.day >= since).order_by("day")
    )


async def pulled_bytes(tx: Reader, domain_id: str) -> int:
    """Bytes of blobs ever pulled from a domain."""
    found = select(func.coalesce(func.sum(domain_day.c.bytes), 0)).where(domain_day.c.domain_id == domain_id)
    return int(await tx.value(found))


async def served_by(tx: Reader, organization_id: int, since: date) -> dict[date, tuple[int, int]]:
    """Blobs and bytes that were sent of an organization by day, from a day on."""
    found = select(served_day).where(served_day.c.organization_id == organization_id, served_day.c.day >= since)
    return {row.day: (row.blobs, row.bytes) for row in await tx.rows(found)}


# --- what is stored ---


async def last_measured(tx: Reader, domain_id: str, until: date) -> int | None:
    """What was stored on the last day it was measured, no later than this one."""
    found: int | None = await tx.value(
        select(domain_day.c.stored_bytes)
        .where(domain_day.c.domain_id == domain_id, domain_day.c.day <= until, domain_day.c.stored_bytes.is_not(None))
        .order_by(domain_day.c.day.desc())
        .limit(1)
    )
    return found


async def save_measure(tx: Writer, domain_id: str, day: date, stored: int) -> None:
    measured = tx.insert(domain_day).values(domain_id=domain_id, day=day, stored_bytes=stored)
    await tx.run(measured.on_conflict_do_update(index_elements=["domain_id", "day"], set_={"stored_bytes": stored}))


async def forget_domain(tx: Writer, domain_id: str) -> None:
    """Forget what was counted of a domain that is going."""
    await tx.run(delete(domain_day).where(domain_day.c.domain_id == domain_id))
