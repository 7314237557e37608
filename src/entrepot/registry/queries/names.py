"""SQL about organizations and repositories."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from entrepot.access.actor import EVERYONE, Actor
from entrepot.access.check import NOW, alive, asking, held_by, held_level, reached, visible
from entrepot.access.tables import grant
from entrepot.accounts.actors import PERSON
from entrepot.accounts.tables import user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, walk
from entrepot.registry.queries.quotas import IS_METERED
from entrepot.registry.tables import organization, repository, upload, virtual_member

_Columns = ReadOnlyColumnCollection[str, Any]

IS_PUBLIC = select(grant.c.id).where(grant.c.scope == repository.c.path, grant.c.subject == EVERYONE).exists()
ALLOWS_SPARSE = or_(organization.c.allows_sparse, organization.c.is_mirror)
REPOSITORY = (
    repository,
    organization.c.name.label("organization"),
    organization.c.domain_id,
    ALLOWS_SPARSE.label("allows_sparse"),
    organization.c.is_mirror,
    IS_PUBLIC.label("is_public"),
)


_BY_NAME = select(organization, organization.c.id.label("organization_id"), IS_METERED).where(
    organization.c.name == bindparam("organization")
)
_CREATOR_NAME = select(user.c.name).where(user.c.id == organization.c.creator_id).scalar_subquery()
_LEVEL = held_level(NOW).scalar_subquery().label("level")
_REACHED_BY_NAME = _BY_NAME.add_columns(_LEVEL, func.coalesce(_CREATOR_NAME, "").label("creator_name"))
_BY_PATH = select(*REPOSITORY, IS_METERED).join(organization).where(repository.c.path == bindparam("path"))
_IS_FILLED = select(organization.c.id, organization.c.is_mirror, organization.c.is_virtual).where(
    organization.c.name == bindparam("organization")
)
_IS_MIRROR = select(organization.c.is_mirror).where(organization.c.name == bindparam("organization"))
_REACHED_BY_PATH = _BY_PATH.add_columns(_LEVEL)


async def organization_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(_BY_NAME, {"organization": name})


async def reached_organization(tx: Reader, actor: Actor, name: str) -> Row[Any] | None:
    """The same with its `creator_name` and the `level` that the actor's account holds on it; NULL for none."""
    return await tx.row(_REACHED_BY_NAME, asking(actor, name, tx.now))


async def is_mirror(tx: Reader, name: str) -> bool:
    """Whether the organization is a mirror of another registry; false for one that does not exist."""
    return bool(await tx.value(_IS_MIRROR, {"organization": name}))


async def filled_elsewhere(tx: Reader, name: str) -> Row[Any] | None:
    """Of an organization, if it is a mirror or merges others: id, is_mirror, is_virtual."""
    row = await tx.row(_IS_FILLED, {"organization": name})
    return row if row is not None and (row.is_mirror or row.is_virtual) else None


async def members_of_virtual(tx: Reader, organization_id: int) -> Sequence[str]:
    """Organizations that one merges and that hold images of their own, in order."""
    found = select(organization.c.name).join(virtual_member, virtual_member.c.member_id == organization.c.id)
    found = found.where(virtual_member.c.organization_id == organization_id, ~organization.c.is_mirror)
    return [row.name for row in await tx.rows(found.order_by(virtual_member.c.position))]


async def domains_of(tx: Reader, organizations: Collection[str]) -> Mapping[str, str]:
    """The domains that own organizations, by name; those that do not exist are left out."""
    if not organizations:
        return {}
    found = select(organization.c.name, organization.c.domain_id).where(organization.c.name.in_(organizations))
    return {row.name: row.domain_id for row in await tx.rows(found)}


async def organizations_of(
    tx: Reader, actor: Actor, part: str, including_visible: bool, limit: int
) -> Sequence[Row[Any]]:
    """Organizations whose name contains `part` and on which the actor holds a grant, with the level, by name.

    Columns: `id name creator_id level allows_sparse public_by_default created_at history_days is_mirror is_virtual
    repositories members`.
    With `including_visible` also those in which only a repository is granted; their level is 0, and counted in them
    is what the actor may read.
    """
    found = select(organization, _level(actor, tx.now).label("level")).where(*_wanted(actor, part))
    # Made before anything else is asked of the rows: their level is used thrice, and would be looked for each time.
    seen = found.cte("seen").prefix_with("MATERIALIZED")
    listed = _organizations(tx, actor, seen.c, seen.c.level, including_visible)
    return await tx.rows(listed.order_by(seen.c.name).limit(limit))


async def organizations_from(
    tx: Reader, actor: Actor, part: str, order: ListOrder, descending: bool, marker: str, limit: int
) -> Sequence[Row[Any]]:
    """The same with those in which only a repository is granted, in order, those after the marker."""
    found = _organizations(tx, actor, organization.c, _level(actor, tx.now), including_visible=True)
    return await walk(tx, found.where(*_wanted(actor, part)), organization, order, descending, marker, limit)


def _wanted(actor: Actor, part: str) -> tuple[ColumnElement[bool], ...]:
    # Names have no upper case: lowering the part makes databases agree that compare letters differently.
    named = [organization.c.name.contains(part.lower(), autoescape=True)] if part else []
    return reached(actor, organization.c.name), *named


def _organizations(
    tx: Reader, actor: Actor, of: _Columns, level: ColumnElement[Any], including_visible: bool
) -> Select[Any]:
    """SELECT of the organizations with the columns `of`, on which the actor holds `level`."""
    condition: ColumnElement[bool] = level.is_not(None)
    if including_visible:
        inside = select(grant.c.id).where(
            grant.c.scope > of.name + literal("/"),
            grant.c.scope < of.name + literal("0"),  # the character after "/"
            grant.c.subject != EVERYONE,
            held_by(actor),
            alive(tx.now),
        )
        condition = or_(condition, inside.exists())
    columns: list[ColumnElement[Any]] = [of.id, of.name, of.creator_id, func.coalesce(level, 0).label("level")]
    columns += [of.allows_sparse, of.public_by_default, of.created_at, of.history_days, of.is_mirror, of.is_virtual]
    return select(*columns, *_counts(actor, of, level, tx.now)).where(condition)


async def counts_in(tx: Reader, actor: Actor, organization_id: int) -> Row[Any] | None:
    """How many `repositories` and `members` an organization has for the actor, as `organizations_of` counts them."""
    counts = _counts(actor, organization.c, _level(actor, tx.now), tx.now)
    return await tx.row(select(*counts).where(organization.c.id == organization_id))


def _level(actor: Actor, at: datetime) -> ScalarSelect[Any]:
    """What everybody may do in a public mirror is no permission that the actor holds."""
    held = (grant.c.scope == organization.c.name, grant.c.subject != EVERYONE, held_by(actor), alive(at))
    return select(func.max(grant.c.level)).where(*held).scalar_subquery()


def _counts(
    actor: Actor, of: _Columns, level: ColumnElement[Any], at: datetime
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Repositories and members of an organization."""
    inner = select(func.count()).where(repository.c.organization_id == of.id)
    readable = inner.where(visible(actor, repository.c.path, of.name, at)).scalar_subquery()
    all_of_it = level.is_not(None) if actor.bounds is None else literal(False)
    repositories = case((all_of_it, inner.scalar_subquery()), else_=readable)
    # The id is cut out of the subject, not the subject made of the id: so each grant finds its user by the key.
    account = func.substr(grant.c.subject, len("user:") + 1)
    holders = (
        select(func.count())
        .select_from(grant.join(user, user.c.id == account))
        .where(grant.c.scope == of.name, grant.c.subject.like("user:%"), user.c.kind == PERSON)
        .where(alive(at))
    )
    return repositories.label("repositories"), case((all_of_it, holders.scalar_subquery()), else_=0).label("members")


async def save_organization(
    tx: Writer,
    domain_id: str,
    name: str,
    creator_id: str,
    public_by_default: bool,
    is_mirror: bool,
    is_virtual: bool,
    at: datetime,
) -> int | None:
    """The new row's id, or None when the name is taken."""
    insert = tx.insert(organization).values(
        domain_id=domain_id,
        name=name,
        creator_id=creator_id,
        allows_sparse=False,
        public_by_default=public_by_default,
        is_mirror=is_mirror,
        is_virtual=is_virtual,
        created_at=at,
    )
    found = await tx.value(insert.on_conflict_do_nothing().returning(organization.c.id))
    return None if found is None else int(found)


async def change_organization(tx: Writer, organization_id: int, **changes: bool | int | None) -> None:
    await tx.run(update(organization).where(organization.c.id == organization_id).values(**changes))


async def set_owner(tx: Writer, organization_id: int, domain_id: str, owner_id: str) -> None:
    changes = {"domain_id": domain_id, "creator_id": owner_id}
    await tx.run(update(organization).where(organization.c.id == organization_id).values(**changes))


async def has_organizations(tx: Reader, domain_id: str) -> bool:
    return bool(await tx.value(select(organization.c.id).where(organization.c.domain_id == domain_id).limit(1)))


async def has_repositories(tx: Reader, organization_id: int) -> bool:
    return bool(await tx.value(select(repository.c.id).where(repository.c.organization_id == organization_id).limit(1)))


async def delete_organization(tx: Writer, organization_id: int) -> None:
    await tx.run(delete(organization).where(organization.c.id == organization_id))


async def repository_by_path(tx: Reader, path: str) -> Row[Any] | None:
    return await tx.row(_BY_PATH, {"path": path})


async def reached_repository(tx: Reader, actor: Actor, path: str) -> Row[Any] | None:
    """The same with the `level` that the actor's account holds on it; NULL for none."""
    return await tx.row(_REACHED_BY_PATH, asking(actor, path, tx.now))


async def save_repository(
    tx: Writer, organization_id: int, path: str, category: str, description: str, creator_id: str, at: datetime
) -> int | None:
    """The new row's id, or None when the path is taken."""
    insert = tx.insert(repository).values(
        organization_id=organization_id,
        path=path,
        name=path.partition("/")[2],
        category=category,
        description=description,
        creator_id=creator_id,
        created_at=at,
        updated_at=at,
    )
    found = await tx.value(insert.on_conflict_do_nothing().returning(repository.c.id))
    return None if found is None else int(found)


async def change_repository(tx: Writer, repository_id: int, at: datetime, **changes: Any) -> None:
    await tx.run(update(repository).where(repository.c.id == repository_id).values(updated_at=at, **changes))


async def rename_repository(tx: Writer, repository_id: int, path: str, new: str, at: datetime) -> None:
    """Give it another path; uploads stay under the new one, where nobody continues them, until they expire."""
    await tx.run(update(upload).where(upload.c.path == path).values(path=new))
    named = {"path": new, "name": new.partition("/")[2], "updated_at": at}
    await tx.run(update(repository).where(repository.c.id == repository_id).values(named))


async def visible_paths(tx: Reader, actor: Actor, after: str, limit: int) -> Sequence[str]:
    """Paths of repositories the actor may read, in order, those after `after`."""
    rows = await tx.rows(
        select(repository.c.path)
        .join(organization)
        .where(repository.c.path > after, visible(actor, repository.c.path, organization.c.name, tx.now))
        .order_by(repository.c.path)
        .limit(limit)
    )
    return [row.path for row in rows]


async def delete_repository(tx: Writer, repository_id: int, path: str) -> None:
    await tx.run(delete(upload).where(upload.c.path == path))
    await tx.run(delete(repository).where(repository.c.id == repository_id))
