"""SQL about rules of our own: kept, due, and what they have copied."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, or_, select, update

from entrepot.access.patterns import ESCAPE, like_of
from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.rules import UNDER_WAY
from entrepot.mirror.tables import sync_job, wide_sync_copied, wide_sync_region, wide_sync_rule
from entrepot.registry.tables import organization, repository, tag

_IS_UNDER_WAY = sync_job.c.status.in_(sorted(UNDER_WAY))

# --- rules ---


async def rules(tx: Reader, after: str, limit: int) -> Sequence[Row[Any]]:
    """By name, those after `after`."""
    found = select(wide_sync_rule).where(wide_sync_rule.c.name > after)
    return await tx.rows(found.order_by(wide_sync_rule.c.name).limit(limit))


async def rules_count(tx: Reader) -> int:
    return int(await tx.value(select(func.count()).select_from(wide_sync_rule)))


async def rule_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(wide_sync_rule).where(wide_sync_rule.c.name == name))


async def rule_by_id(tx: Reader, rule_id: int) -> Row[Any] | None:
    return await tx.row(select(wide_sync_rule).where(wide_sync_rule.c.id == rule_id))


async def names_of(tx: Reader, rule_ids: Collection[int]) -> Mapping[int, str]:
    found = select(wide_sync_rule.c.id, wide_sync_rule.c.name).where(wide_sync_rule.c.id.in_(rule_ids))
    return {row.id: row.name for row in await tx.rows(found)}


async def following(tx: Reader) -> Sequence[Row[Any]]:
    """Those that copy what is pushed when it is pushed."""
    return await tx.rows(select(wide_sync_rule).where(wide_sync_rule.c.follows).order_by(wide_sync_rule.c.id))


async def due(tx: Reader, at: datetime) -> Sequence[Row[Any]]:
    """Those to be looked for what differs by now, the one that waited longest first."""
    found = select(wide_sync_rule).where(wide_sync_rule.c.is_enabled, wide_sync_rule.c.due_at <= at)
    return await tx.rows(found.order_by(wide_sync_rule.c.due_at, wide_sync_rule.c.id))


async def save_rule(tx: Writer, **values: Any) -> int | None:
    """Its number; None when there is a rule of this name."""
    insert = tx.insert(wide_sync_rule).values(**values)
    made: int | None = await tx.value(insert.on_conflict_do_nothing().returning(wide_sync_rule.c.id))
    return made


async def set_rule(tx: Writer, rule_id: int, **values: Any) -> None:
    await tx.run(update(wide_sync_rule).where(wide_sync_rule.c.id == rule_id).values(**values))


async def set_ran(tx: Writer, seen: Row[Any], due_at: datetime | None, **values: Any) -> None:
    """Write down how a survey of the rule went that was `seen`, unless it says something else by now. When somebody
    asked for another one meanwhile, it stays due.
    """
    same = (wide_sync_rule.c.id == seen.id, wide_sync_rule.c.changed_at == seen.changed_at)
    await tx.run(update(wide_sync_rule).where(*same).values(**values))
    await tx.run(update(wide_sync_rule).where(*same, wide_sync_rule.c.due_at == seen.due_at).values(due_at=due_at))


async def delete_rule(tx: Writer, rule_id: int) -> None:
    await tx.run(delete(wide_sync_rule).where(wide_sync_rule.c.id == rule_id))


async def regions_of(tx: Reader, rule_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    """Regions that rules name and that are known, by name."""
    found = select(wide_sync_region).where(wide_sync_region.c.rule_id.in_(rule_ids))
    regions: dict[int, list[str]] = {one: [] for one in rule_ids}
    for row in await tx.rows(found.order_by(wide_sync_region.c.region)):
        regions[row.rule_id].append(row.region)
    return regions


async def save_regions(tx: Writer, rule_id: int, regions: Collection[str]) -> None:
    """These, and no others."""
    await tx.run(delete(wide_sync_region).where(wide_sync_region.c.rule_id == rule_id))
    await tx.run(tx.insert(wide_sync_region), [{"rule_id": rule_id, "region": one} for one in regions])


async def rules_to(tx: Reader, region: str) -> int:
    return int(await tx.value(select(func.count()).where(wide_sync_region.c.region == region)))


# --- what there is here ---


async def repositories_like(tx: Reader, patterns: Collection[str], after: str, limit: int) -> Sequence[Row[Any]]:
    """`id`, `path` and `organization_id`, in order of names, from after `after`. None of mirrors: what these hold may
    lack layers that nobody has pulled.
    """
    like = [repository.c.path.like(like_of(one), escape=ESCAPE) for one in patterns]
    found = select(repository.c.id, repository.c.path, repository.c.organization_id).join(organization)
    found = found.where(repository.c.path > after, or_(*like), ~organization.c.is_mirror)
    return await tx.rows(found.order_by(repository.c.path).limit(limit))


async def repositories_at(tx: Reader, paths: Collection[str]) -> Mapping[str, Row[Any]]:
    """Those of the repositories that are there, and not in mirrors."""
    found = select(repository.c.id, repository.c.path).join(organization)
    found = found.where(repository.c.path.in_(paths), ~organization.c.is_mirror)
    return {row.path: row for row in await tx.rows(found)}


async def organization_id(tx: Reader, name: str) -> int | None:
    found: int | None = await tx.value(select(organization.c.id).where(organization.c.name == name))
    return found


async def tags_of(tx: Reader, repository_id: int, after: str, limit: int) -> Sequence[Row[Any]]:
    """`name` and `digest`, in order of names, from after `after`."""
    standing = (tag.c.repository_id == repository_id, tag.c.valid_until.is_(None), tag.c.name > after)
    return await tx.rows(select(tag.c.name, tag.c.digest).where(*standing).order_by(tag.c.name).limit(limit))


# --- what waits ---


async def under_way(tx: Reader, rule_id: int, repository_id: int, statuses: Collection[str]) -> Sequence[Row[Any]]:
    """A rule's copies of a repository in one of the statuses."""
    of_rule = (sync_job.c.wide_rule_id == rule_id, sync_job.c.repository_id == repository_id)
    columns = (sync_job.c.region, sync_job.c.remote_organization, sync_job.c.place, sync_job.c.tag, sync_job.c.action)
    return await tx.rows(select(*columns).where(*of_rule, sync_job.c.status.in_(sorted(statuses))))


async def under_way_count(tx: Reader, rule_id: int) -> int:
    return int(await tx.value(select(func.count()).where(sync_job.c.wide_rule_id == rule_id, _IS_UNDER_WAY)))


async def postpone(tx: Writer, copy_ids: Collection[int], until: datetime) -> None:
    waits = (sync_job.c.id.in_(copy_ids), sync_job.c.status == "waiting")
    await tx.run(update(sync_job).where(*waits).values(next_at=until))


# --- what was copied ---


async def save_copied(
    tx: Writer, rule_id: int, region: str, place: str, tag_name: str, repository_id: int, digest: str
) -> None:
    insert = tx.insert(wide_sync_copied).values(
        rule_id=rule_id, region=region, place=place, tag=tag_name, repository_id=repository_id, digest=digest
    )
    key = [wide_sync_copied.c.rule_id, wide_sync_copied.c.region, wide_sync_copied.c.place, wide_sync_copied.c.tag]
    await tx.run(
        insert.on_conflict_do_update(index_elements=key, set_={"repository_id": repository_id, "digest": digest})
    )


async def forget_copied(tx: Writer, rule_id: int, region: str, place: str, tag_name: str) -> None:
    one = and_(
        wide_sync_copied.c.rule_id == rule_id,
        wide_sync_copied.c.region == region,
        wide_sync_copied.c.place == place,
        wide_sync_copied.c.tag == tag_name,
    )
    await tx.run(delete(wide_sync_copied).where(one))


async def forget_all_copied(tx: Writer, rule_id: int) -> None:
    await tx.run(delete(wide_sync_copied).where(wide_sync_copied.c.rule_id == rule_id))


async def copied_and_gone(tx: Reader, rule_id: int, repository_id: int) -> Sequence[Row[Any]]:
    """What a rule copied from a repository of ours and is no tag of it any more."""
    standing = select(tag.c.name).where(tag.c.repository_id == repository_id, tag.c.valid_until.is_(None))
    of_rule = (wide_sync_copied.c.rule_id == rule_id, wide_sync_copied.c.repository_id == repository_id)
    return await tx.rows(select(wide_sync_copied).where(*of_rule, wide_sync_copied.c.tag.not_in(standing)))


async def copied_from(tx: Reader, rule_id: int, region: str, place: str) -> Sequence[Row[Any]]:
    """What a rule copied from a repository of a region."""
    return await tx.rows(
        select(wide_sync_copied).where(
            wide_sync_copied.c.rule_id == rule_id,
            wide_sync_copied.c.region == region,
            wide_sync_copied.c.place == place,
        )
    )
