"""SQL about limits and what is used of them (docs/decisions/0011)."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from entrepot.accounts.tables import domain
from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.counted_tables import measured
from entrepot.registry.quota_rules import Resource, Slice, Standing, organization_or_domain
from entrepot.registry.tables import (
    blob,
    organization,
    quota,
    quota_blob,
    quota_slice,
    repository,
    repository_blob,
    tag,
)

_BATCH: Final = 500
_COUNTED: Final = ("scope", "digest", "size")
_SCOPES: Final = (organization.c.domain_id, cast(organization.c.id, String))
# Of a row of `organization`: whether its domain or itself has any limit.
IS_METERED: Final = select(quota_slice.c.scope).where(quota_slice.c.scope.in_(_SCOPES)).exists().label("is_metered")


def is_metered(organization_name: Any) -> ColumnElement[bool]:
    """The same of an organization that is not in the statement yet."""
    found = select(quota_slice.c.scope).join(organization, quota_slice.c.scope.in_(_SCOPES))
    return found.where(organization.c.name == organization_name).exists().label("is_metered")


async def standings(tx: Reader, scopes: Collection[str] | CompoundSelect[Any]) -> list[Standing]:
    """What is used of every limit of the scopes, in the order in which transactions take from them."""
    rows = await tx.rows(
        select(
            quota_slice.c.scope,
            quota_slice.c.resource,
            func.sum(quota_slice.c.used).label("used"),
            func.sum(quota_slice.c.allowed).label("allowed"),
        )
        .where(quota_slice.c.scope.in_(scopes))
        .group_by(quota_slice.c.scope, quota_slice.c.resource)
    )
    found = [Standing(row.scope, Resource(row.resource), int(row.used), int(row.allowed)) for row in rows]
    return sorted(found, key=lambda one: (one.resource, one.scope))


async def standings_in(tx: Reader, organization_name: str) -> list[Standing]:
    """The same of the limits that hold in an organization."""
    scopes = select(organization.c.domain_id).where(organization.c.name == organization_name)
    own = select(cast(organization.c.id, String)).where(organization.c.name == organization_name)
    return await standings(tx, union_all(scopes, own))


# --- taking and giving back ---


async def take_free(tx: Writer, scope: str, resource: str, amount: int) -> bool:
    """Take from a slice that nobody holds and that has the room; whether there was one. Waits for nobody.

    A slice that turns out to lack the room may be held afterwards, on PostgreSQL: undo the attempt.
    """
    free = _any(scope, resource, amount).with_for_update(skip_locked=True).scalar_subquery()
    return await tx.run(_taking(scope, resource, amount).where(quota_slice.c.number == free)) > 0


async def take_any(tx: Writer, scope: str, resource: str, amount: int) -> bool:
    """The same of a slice that somebody may hold, after them."""
    chosen = _any(scope, resource, amount).scalar_subquery()
    taking = _taking(scope, resource, amount).where(quota_slice.c.number == chosen, _has_room(amount))
    return await tx.run(taking) > 0


async def hold_slices(tx: Writer, scope: str, resource: str) -> list[Slice]:
    """All slices of a limit, ours until the commit; none when there is no limit."""
    rows = await tx.rows(
        select(quota_slice).where(*_one(scope, resource)).order_by(quota_slice.c.number).with_for_update()
    )
    return [Slice(row.number, row.used, row.allowed) for row in rows]


async def change_slices(tx: Writer, scope: str, resource: str, slices: Sequence[Slice]) -> None:
    changed = (
        update(quota_slice)
        .where(*_one(scope, resource), quota_slice.c.number == bindparam("at"))
        .values(used=bindparam("now_used"), allowed=bindparam("now_allowed"))
    )
    await tx.run(changed, [{"at": one.number, "now_used": one.used, "now_allowed": one.allowed} for one in slices])


async def save_slices(tx: Writer, scope: str, resource: str, slices: Sequence[Slice]) -> None:
    same = {"scope": scope, "resource": resource}
    await tx.run(
        insert(quota_slice),
        [{**same, "number": one.number, "used": one.used, "allowed": one.allowed} for one in slices],
    )


async def delete_slices(tx: Writer, scope: str, resource: str) -> None:
    await tx.run(delete(quota_slice).where(*_one(scope, resource)))
    if resource == Resource.BYTES:
        await tx.run(delete(quota_blob).where(quota_blob.c.scope == scope))


def _one(scope: str, resource: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return quota_slice.c.scope == scope, quota_slice.c.resource == resource


def _any(scope: str, resource: str, amount: int) -> Select[Any]:
    found = select(quota_slice.c.number).where(*_one(scope, resource), _has_room(amount))
    return found.order_by(func.random()).limit(1)


def _has_room(amount: int) -> ColumnElement[bool]:
    return quota_slice.c.allowed - quota_slice.c.used >= amount if amount > 0 else literal(True)


def _taking(scope: str, resource: str, amount: int) -> Any:
    return update(quota_slice).where(*_one(scope, resource)).values(used=quota_slice.c.used + amount)


# --- blobs, each counted once in a scope ---


async def counted_blobs(tx: Reader, scopes: Collection[str], digest: str) -> set[str]:
    """Those of the scopes in which the blob is counted already."""
    found = select(quota_blob.c.scope).where(quota_blob.c.scope.in_(scopes), quota_blob.c.digest == digest)
    return {row.scope for row in await tx.rows(found)}


async def count_blobs(tx: Writer, scope: str, digests: Collection[str]) -> int:
    """Count blobs of the scope that were not counted before; their bytes."""
    size, ordered = 0, sorted(set(digests))
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        there = select(literal(scope), blob.c.digest, blob.c.size).where(blob.c.digest.in_(batch))
        added = tx.insert(quota_blob).from_select(_COUNTED, there.order_by(blob.c.digest)).on_conflict_do_nothing()
        size += sum(row.size for row in await tx.rows(added.returning(quota_blob.c.size)))
    return size


async def count_all_blobs(tx: Writer, scope: str) -> int:
    """Count every blob linked in the scope, where none is counted; their bytes."""
    linked = _linked(scope).subquery()
    there = select(literal(scope), blob.c.digest, blob.c.size).join(linked, linked.c.digest == blob.c.digest)
    await tx.run(insert(quota_blob).from_select(_COUNTED, there))
    sizes = select(func.coalesce(func.sum(quota_blob.c.size), 0)).where(quota_blob.c.scope == scope)
    return int(await tx.value(sizes))


async def discount_blobs(tx: Writer, scope: str, repository_id: int, digest: str | None) -> int:
    """No longer count blobs that of all repositories of the scope only this one holds; their bytes.

    `digest`: only this one. For before they are unlinked.
    """
    here = select(repository_blob.c.digest).where(repository_blob.c.repository_id == repository_id)
    if digest is not None:
        here = here.where(repository_blob.c.digest == digest)
    elsewhere = (
        select(repository_blob.c.digest)
        .select_from(repository_blob)
        .join(repository)
        .join(organization)
        .where(
            repository_blob.c.digest == quota_blob.c.digest,
            repository_blob.c.repository_id != repository_id,
            inside(scope),
        )
    )
    gone = delete(quota_blob).where(quota_blob.c.scope == scope, quota_blob.c.digest.in_(here), ~elsewhere.exists())
    return sum(row.size for row in await tx.rows(gone.returning(quota_blob.c.size)))


# --- counting what no limit counts ---


async def used_organizations(tx: Reader, scope: str) -> int:
    return int(await tx.value(select(func.count()).select_from(organization).where(inside(scope))))


async def used_repositories(tx: Reader, scope: str) -> int:
    return int(await tx.value(select(func.count()).select_from(repository).join(organization).where(inside(scope))))


async def used_tags(tx: Reader, scope: str) -> int:
    open_tags = select(func.count()).select_from(tag).join(repository).join(organization)
    return int(await tx.value(open_tags.where(tag.c.valid_until.is_(None), inside(scope))))


async def used_bytes(tx: Reader, scope: str) -> int:
    """Bytes of all blobs linked in the scope, each once."""
    linked = _linked(scope).subquery()
    sizes = select(func.coalesce(func.sum(blob.c.size), 0)).select_from(blob)
    return int(await tx.value(sizes.join(linked, linked.c.digest == blob.c.digest)))


def _linked(scope: str) -> Select[Any]:
    """The digests of all blobs linked in the scope, each once."""
    links = select(repository_blob.c.digest).select_from(repository_blob).join(repository).join(organization)
    return links.where(inside(scope)).distinct()


USED: Final = {
    Resource.ORGANIZATIONS: used_organizations,
    Resource.REPOSITORIES: used_repositories,
    Resource.TAGS: used_tags,
    Resource.BYTES: used_bytes,
}


def inside(scope: str) -> ColumnElement[bool]:
    """A condition on organizations: in this domain, or this one itself."""
    if organization_or_domain(scope) == "organization":
        return organization.c.id == int(scope)
    return organization.c.domain_id == scope


# --- limits as they were set ---


async def domain_ids(tx: Reader) -> list[str]:
    return [row.id for row in await tx.rows(select(domain.c.id).order_by(domain.c.id))]


async def limits_of(tx: Reader, scopes: Collection[str]) -> dict[tuple[str, str], int]:
    """What was set for the scopes themselves, by scope and resource."""
    rows = await tx.rows(select(quota).where(quota.c.scope.in_(scopes)))
    return {(row.scope, row.resource): row.limit for row in rows}


async def limits_for(tx: Reader, resource: str, scopes: Collection[str]) -> dict[str, int]:
    """The same of one resource, by scope, of however many scopes."""
    found = select(quota.c.scope, quota.c.limit).where(quota.c.resource == resource, among(quota.c.scope, scopes))
    return {row.scope: row.limit for row in await tx.rows(found)}


async def save_limit(tx: Writer, scope: str, resource: str, limit: int) -> None:
    given = tx.insert(quota).values(scope=scope, resource=resource, limit=limit)
    await tx.run(given.on_conflict_do_update(index_elements=["scope", "resource"], set_={"limit": limit}))


async def delete_limit(tx: Writer, scope: str, resource: str) -> None:
    await tx.run(delete(quota).where(quota.c.scope == scope, quota.c.resource == resource))


async def delete_scope(tx: Writer, scope: str) -> None:
    """Forget every limit of a scope and what was used of it, or measured."""
    for table in (quota, quota_slice, quota_blob, measured):
        await tx.run(delete(table).where(table.c.scope == scope))
