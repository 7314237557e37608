"""SQL about pulls and what is stored, by day (docs/decisions/0012)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, Table, delete, func, select, tuple_

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.quotas import inside
from entrepot.registry.tables import (
    domain_day,
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    pull_day,
    pull_total,
    repository,
    repository_blob,
    tag,
)

_COUNTED: Final = ("pulls", "bytes")


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
    await _add(
        tx,
        pull_day,
        ("repository_id", "tag", "day"),
        [
            {"repository_id": one, "tag": name, "day": day, **_counted(by_tag[one, name])}
            for one, name in sorted(by_tag)
        ],
    )
    totals = [{"repository_id": one, **_counted(by_repository[one])} for one in sorted(by_repository)]
    await _add(tx, pull_total, ("repository_id",), totals)
    domains = [{"domain_id": one, "day": day, **_counted(by_domain[one])} for one in sorted(by_domain)]
    await _add(tx, domain_day, ("domain_id", "day"), domains)


def _counted(numbers: tuple[int, int]) -> dict[str, int]:
    return dict(zip(_COUNTED, numbers, strict=True))


async def _add(tx: Writer, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    added = tx.insert(table)
    more = {name: table.c[name] + added.excluded[name] for name in _COUNTED}
    await tx.run(added.on_conflict_do_update(index_elements=list(key), set_=more), rows)


async def forget_pulls(tx: Writer, before: date, limit: int) -> int:
    """Forget days before this one; how many rows, no more than `limit`."""
    key = (pull_day.c.repository_id, pull_day.c.tag, pull_day.c.day)
    old = select(*key).where(pull_day.c.day < before).limit(limit)
    return await tx.run(delete(pull_day).where(tuple_(*key).in_(old)))


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


async def days_of(tx: Reader, domain_id: str, since: date) -> Sequence[Row[Any]]:
    return await tx.rows(
        select(domain_day).where(domain_day.c.domain_id == domain_id, domain_day.c.day >= since).order_by("day")
    )


async def pulled_bytes(tx: Reader, domain_id: str) -> int:
    """Bytes of blobs ever pulled from a domain."""
    found = select(func.coalesce(func.sum(domain_day.c.bytes), 0)).where(domain_day.c.domain_id == domain_id)
    return int(await tx.value(found))


# --- what is stored ---


async def links_at_most(tx: Reader, scope: str, limit: int) -> bool:
    """Whether the repositories of a domain or organization have no more than so many links to blobs.

    Looks at no more than that.
    """
    some = (
        select(repository_blob.c.digest)
        .select_from(organization)
        .join(repository)
        .join(repository_blob)
        .where(inside(scope))
        .limit(limit + 1)
        .subquery()
    )
    return int(await tx.value(select(func.count()).select_from(some))) <= limit


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
    measured = tx.insert(domain_day).values(domain_id=domain_id, day=day, pulls=0, bytes=0, stored_bytes=stored)
    await tx.run(measured.on_conflict_do_update(index_elements=["domain_id", "day"], set_={"stored_bytes": stored}))


async def forget_domain(tx: Writer, domain_id: str) -> None:
    """Forget what was counted of a domain that is going."""
    await tx.run(delete(domain_day).where(domain_day.c.domain_id == domain_id))
