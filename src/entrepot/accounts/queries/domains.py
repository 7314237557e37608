"""SQL about domains."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, literal, select, union_all

from entrepot.access.patterns import containing
from entrepot.access.tables import grant, membership
from entrepot.accounts.tables import domain, federation, group, identity_provider, user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, walk


async def domains_after(
    tx: Reader, after: str, limit: int, part: str, order: ListOrder, descending: bool
) -> Sequence[Row[Any]]:
    """In order, those after the marker with `part` in their name."""
    found = select(domain).where(containing(domain.c.name, part))
    return await walk(tx, found, domain, order, descending, after, limit)


async def delete_domain(tx: Writer, domain_id: str) -> None:
    """With its people, robots and groups, what those were given anywhere, and whom it trusts."""
    users = select(literal("user:") + user.c.id).where(user.c.domain_id == domain_id)
    groups = select(literal("group:") + group.c.id).where(group.c.domain_id == domain_id)
    as_one = select(literal(f"domain:{domain_id}")), select(literal(f"admins:{domain_id}"))
    subjects = union_all(users, groups, *as_one)
    await tx.run(delete(grant).where(grant.c.subject.in_(subjects)))
    await tx.run(delete(membership).where(membership.c.group.in_(groups)))
    for table in (federation, group, user, identity_provider):
        await tx.run(delete(table).where(table.c.domain_id == domain_id))
    await tx.run(delete(domain).where(domain.c.id == domain_id))
