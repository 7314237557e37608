"""Who belongs to which group, as every decision reads it. What groups there are, `accounts` knows."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select

from entrepot.access.tables import grant, membership
from entrepot.db.transaction import Reader, Writer


async def join_group(tx: Writer, member: str, group: str, given_by: str | None = None) -> bool:
    """Let the subject `member` (`user:ID`) belong to `group` (`group:ID`); whether it did not before.

    `given_by` is who says so (`provider:ID`), None for an administrator.
    """
    insert = tx.insert(membership).values({"member": member, "group": group, "given_by": given_by})
    return await tx.run(insert.on_conflict_do_nothing()) > 0


async def leave_group(tx: Writer, member: str, group: str) -> bool:
    """Whether it belonged to it."""
    return await tx.run(delete(membership).where(membership.c.member == member, membership.c.group == group)) > 0


async def groups_of(tx: Reader, member: str) -> Sequence[str]:
    rows = await tx.rows(select(membership.c.group).where(membership.c.member == member).order_by(membership.c.group))
    return [row[0] for row in rows]


async def memberships_of(tx: Reader, member: str) -> Mapping[str, str | None]:
    """The groups of a subject, and who gave each."""
    rows = await tx.rows(select(membership.c.group, membership.c.given_by).where(membership.c.member == member))
    return {row.group: row.given_by for row in rows}


async def memberships_of_giver_end(tx: Writer, given_by: str, groups: Collection[str], member: str | None) -> None:
    """End what somebody gave in these groups: to one member, or to all."""
    ended = [membership.c.given_by == given_by, membership.c.group.in_(sorted(groups))]
    if member is not None:
        ended.append(membership.c.member == member)
    await tx.run(delete(membership).where(*ended))


async def forget_subject(tx: Writer, subject: str) -> None:
    """Remove what a user, robot or group that is no more was given, and its memberships or members."""
    await tx.run(delete(grant).where(grant.c.subject == subject))
    await tx.run(delete(membership).where(membership.c.member == subject))
    await tx.run(delete(membership).where(membership.c.group == subject))
