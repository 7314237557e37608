"""SQL about repositories shared with other domains: each share, and lists of what is shared."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, case, delete, func, literal, null, select, update

from entrepot.access.actor import Actor, subject_of_domain
from entrepot.access.check import alive, visible, within
from entrepot.access.tables import grant
from entrepot.accounts.tables import domain
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.browse import TAGS, has_name_part
from entrepot.registry.queries.labels import has_label
from entrepot.registry.tables import organization, repository, share
from entrepot.registry.wanted import SharedOrder, WantedShared

_DOMAIN_NAME = select(domain.c.name).where(domain.c.id == organization.c.domain_id).scalar_subquery()
# What lists are sorted by; of an ended share only what the share itself tells.
_ORDERS: Final[Mapping[SharedOrder, tuple[ColumnElement[Any], ColumnElement[Any]]]] = {
    SharedOrder.UPDATED: (repository.c.updated_at, share.c.updated_at),
    SharedOrder.NAME: (repository.c.name, repository.c.name),
    SharedOrder.TAGS: (TAGS, literal(0)),
    SharedOrder.ORGANIZATION: (organization.c.name, organization.c.name),
    SharedOrder.DOMAIN: (_DOMAIN_NAME, _DOMAIN_NAME),
}


# --- the shares of one repository ---


async def shares_page(tx: Reader, repository_id: int, offset: int, limit: int) -> Sequence[Row[Any]]:
    """By the receiver's name."""
    ordered = _shares(tx.now).where(share.c.repository_id == repository_id).order_by(domain.c.name)
    return await tx.rows(ordered.offset(offset).limit(limit))


async def share_with(tx: Reader, repository_id: int, domain_name: str) -> Row[Any] | None:
    one = (share.c.repository_id == repository_id, domain.c.name == domain_name)
    return await tx.row(_shares(tx.now).where(*one))


async def shares_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(share.c.repository_id == repository_id)))


async def save_share(
    tx: Writer, repository_id: int, domain_id: str, description: str, creator_id: str, at: datetime
) -> None:
    await tx.run(
        tx.insert(share).values(
            repository_id=repository_id,
            domain_id=domain_id,
            description=description,
            creator_id=creator_id,
            created_at=at,
            updated_at=at,
        )
    )


async def change_share(tx: Writer, repository_id: int, domain_id: str, description: str, at: datetime) -> None:
    changed = update(share).where(*_one(repository_id, domain_id))
    await tx.run(changed.values(description=description, updated_at=at))


async def delete_share(tx: Writer, repository_id: int, domain_id: str) -> None:
    await tx.run(delete(share).where(*_one(repository_id, domain_id)))


async def delete_shares_with(tx: Writer, organization_id: int, domain_id: str) -> None:
    """Those of all repositories of an organization with one domain."""
    inside = select(repository.c.id).where(repository.c.organization_id == organization_id)
    await tx.run(delete(share).where(share.c.domain_id == domain_id, share.c.repository_id.in_(inside)))


def _one(repository_id: int, domain_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return share.c.repository_id == repository_id, share.c.domain_id == domain_id


def _shares(now: datetime) -> Select[Any]:
    return (
        select(share, domain.c.name.label("receiver"), grant.c.expires_at, _is_valid(now).label("is_valid"))
        .join(domain)
        .join(repository)
        .outerjoin(grant, _its_grant())
    )


def _its_grant() -> ColumnElement[bool]:
    """A condition on grants: the one that makes the share effective."""
    return and_(
        grant.c.scope == repository.c.path, grant.c.subject == literal(subject_of_domain("")) + share.c.domain_id
    )


def _is_valid(now: datetime) -> ColumnElement[bool]:
    return and_(grant.c.id.is_not(None), alive(now))


# --- shared repositories ---


async def shared_page(
    tx: Reader, actor: Actor, wanted: WantedShared, order: SharedOrder, descending: bool, offset: int, limit: int
) -> tuple[Sequence[Row[Any]], int]:
    """Ids of repositories in the wanted order, then by path, with `is_valid`; and how many there are on all pages."""
    key = _key(order, wanted, tx.now)
    found = await _shared(tx, actor, wanted)
    ordered = found.add_columns(func.count().over().label("total")).order_by(
        key.desc() if descending else key, repository.c.path
    )
    rows = await tx.rows(ordered.offset(offset).limit(limit))
    if rows or not offset:
        return rows, rows[0].total if rows else 0
    counted = select(func.count()).select_from(found.subquery())
    return rows, int(await tx.value(counted))


async def shared_after(tx: Reader, actor: Actor, wanted: WantedShared, after_id: int, limit: int) -> Sequence[Row[Any]]:
    """The same by id, those after `after_id`."""
    following = (await _shared(tx, actor, wanted)).where(repository.c.id > after_id)
    return await tx.rows(following.order_by(repository.c.id).limit(limit))


def _key(order: SharedOrder, wanted: WantedShared, now: datetime) -> ColumnElement[Any]:
    lasting, ended = _ORDERS[order]
    return lasting if wanted.is_given else case((_is_valid(now), lasting), else_=ended)


async def _shared(tx: Reader, actor: Actor, wanted: WantedShared) -> Select[Any]:
    found = _given(actor, tx.now) if wanted.is_given else _received(actor, wanted, tx.now)
    return found.where(*_conditions(wanted), *[await has_label(tx, one) for one in wanted.labels])


def _given(actor: Actor, now: datetime) -> Select[Any]:
    """Repositories of the actor's domain that are shared with somebody and that the actor may read."""
    return (
        select(repository.c.id, literal(False).label("is_valid"), null().label("ends_at"))
        .join(organization)
        .where(
            repository.c.id.in_(select(share.c.repository_id)),
            organization.c.domain_id == actor.domain_id,
            visible(actor, repository.c.path, organization.c.name, now),
        )
    )


def _received(actor: Actor, wanted: WantedShared, now: datetime) -> Select[Any]:
    """Repositories shared with the actor's domain, ended shares among them. Robots are not reached by them."""
    is_reached = literal(subject_of_domain(actor.domain_id) in actor.subjects)
    found = (
        select(
            repository.c.id,
            _is_valid(now).label("is_valid"),
            grant.c.expires_at.label("ends_at"),
            share.c.created_at.label("shared_at"),
            share.c.updated_at.label("changed_at"),
        )
        .select_from(share)
        .join(repository)
        .join(organization)
        .outerjoin(grant, _its_grant())
        .where(share.c.domain_id == actor.domain_id, is_reached, within(actor, repository.c.path))
    )
    if wanted.is_valid is not None:
        found = found.where(_is_valid(now) if wanted.is_valid else ~_is_valid(now))
    if wanted.category is not None or wanted.labels:  # an ended share does not tell them
        found = found.where(_is_valid(now))
    return found


def _conditions(wanted: WantedShared) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.organization is not None:
        conditions.append(organization.c.name == wanted.organization)
    if wanted.organization_part:
        conditions.append(organization.c.name.contains(wanted.organization_part.lower(), autoescape=True))
    if wanted.name_part:
        conditions.append(has_name_part(wanted.name_part.lower()))
    if wanted.category is not None:
        conditions.append(repository.c.category == wanted.category)
    if wanted.domain is not None:
        conditions.append(organization.c.domain_id.in_(select(domain.c.id).where(domain.c.name == wanted.domain)))
    return conditions
