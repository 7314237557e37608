"""Who belongs to which group, as every decision reads it. What groups there are, `accounts` knows."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from entrepot.access.tables import grant, membership
from entrepot.db.transaction import Reader, Writer


async def join_group(tx: Writer, member: str, group: str) -> bool:
    """Let the subject `member` (`user:ID`) belong to `group` (`group:ID`); whether it did not before."""
    insert = tx.insert(membership).values({"member": member, "group": group})
    return await tx.run(insert.on_conflict_do_nothing()) > 0


async def leave_group(tx: Writer, member: str, group: str) -> bool:
    """Whether it belonged to it."""
    return await tx.run(delete(membership).where(membership.c.member == member, membership.c.group == group)) > 0


async def groups_of(tx: Reader, member: str) -> Sequence[str]:
    rows = await tx.rows(select(membership.c.group).where(membership.c.member == member).order_by(membership.c.group))
    return [row[0] for row in rows]


async def members_of(tx: Reader, group: str) -> Sequence[str]:
    rows = await tx.rows(select(membership.c.member).where(membership.c.group == group).order_by(membership.c.member))
    return [row[0] for row in rows]


async def forget_subject(tx: Writer, subject: str) -> None:
    """Remove what a user, robot or group that is no more was given, and its memberships or members."""
    await tx.run(delete(grant).where(grant.c.subject == subject))
    await tx.run(delete(membership).where(membership.c.member == subject))
    await tx.run(delete(membership).where(membership.c.group == subject))
