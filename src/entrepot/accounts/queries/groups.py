"""SQL about groups and who belongs to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, literal, select, update

from entrepot.access.patterns import containing
from entrepot.access.tables import membership
from entrepot.accounts.tables import group, user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, walk

_SUBJECT: ColumnElement[str] = literal("group:") + group.c.id
_MEMBERS = select(func.count()).where(membership.c.group == _SUBJECT).scalar_subquery()


async def group_by_name(tx: Reader, domain_id: str, name: str) -> Row[Any] | None:
    return await tx.row(
        select(group, _MEMBERS.label("members")).where(group.c.domain_id == domain_id, group.c.name == name)
    )


async def groups_of_domain(
    tx: Reader, domain_id: str, after: str, limit: int, part: str, order: ListOrder, descending: bool
) -> Sequence[Row[Any]]:
    """In order, those after the marker with `part` in their name."""
    own = (group.c.domain_id == domain_id, containing(group.c.name, part))
    found = select(group, _MEMBERS.label("members")).where(*own)
    return await walk(tx, found, group, order, descending, after, limit)


async def groups_count(tx: Reader, domain_id: str) -> int:
    return int(await tx.value(select(func.count()).where(group.c.domain_id == domain_id)))


async def names_of_groups(tx: Reader, group_ids: Sequence[str]) -> dict[str, str]:
    rows = await tx.rows(select(group.c.id, group.c.name).where(group.c.id.in_(group_ids)))
    return {row.id: row.name for row in rows}


async def members_of_group(tx: Reader, subject: str, after: str, limit: int) -> Sequence[str]:
    """Names of users, in order, those after `after`."""
    rows = await tx.rows(
        select(user.c.name)
        .join(membership, user.c.id == func.substr(membership.c.member, len("user:") + 1))
        .where(membership.c.group == subject, user.c.name > after)
        .order_by(user.c.name)
        .limit(limit)
    )
    return [row.name for row in rows]


async def members_given(tx: Reader, given_by: str, kept: Collection[str], user_id: str | None) -> Sequence[Row[Any]]:
    """Who belongs to a group because `given_by` said so, but to groups of the names `kept`; of one user, or of all."""
    conditions = [membership.c.given_by == given_by, group.c.name.not_in(sorted(kept))]
    if user_id is not None:
        conditions.append(user.c.id == user_id)
    return await tx.rows(
        select(
            user.c.id.label("user_id"),
            user.c.name.label("user_name"),
            group.c.id.label("group_id"),
            group.c.name.label("group_name"),
        )
        .select_from(membership)
        .join(user, user.c.id == func.substr(membership.c.member, len("user:") + 1))
        .join(group, group.c.id == func.substr(membership.c.group, len("group:") + 1))
        .where(*conditions)
        .order_by(group.c.name, user.c.name)
    )


async def save_group(tx: Writer, group_id: str, domain_id: str, name: str, description: str, at: datetime) -> None:
    await tx.run(
        tx.insert(group).values(id=group_id, domain_id=domain_id, name=name, description=description, created_at=at)
    )


async def change_group(tx: Writer, group_id: str, name: str, description: str) -> None:
    await tx.run(update(group).where(group.c.id == group_id).values(name=name, description=description))


async def delete_group(tx: Writer, group_id: str) -> None:
    await tx.run(delete(group).where(group.c.id == group_id))
