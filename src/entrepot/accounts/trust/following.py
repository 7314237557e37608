"""Groups that follow a provider: joined and left as it says at each login, left when its settings no longer name them.

A membership remembers the provider that gave it. What an administrator gave, a provider takes away only where its
settings name the group.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.groups import join_group, leave_group, memberships_of, memberships_of_giver_end
from entrepot.accounts.events import GroupMemberAdded, GroupMemberRemoved
from entrepot.accounts.groups import subject_of
from entrepot.accounts.queries import groups
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.trust.claims import mapped_groups
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish


@dataclass(frozen=True, slots=True)
class Moves:
    """Groups to join and to leave, their ids by name."""

    joined: dict[str, str]
    left: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


async def plan_moves(
    tx: Reader, provider_id: str, domain_id: str, mapping: Mapping[str, str], user_id: str, said: Sequence[str]
) -> Moves:
    """What is between the account's groups and what the provider said. Groups that do not exist count for nothing."""
    held = await memberships_of(tx, f"user:{user_id}")
    known = await queries.groups_named(tx, domain_id, set(mapping.values())) if mapping else {}
    wanted = mapped_groups(said, mapping)
    joined = {name: one for name, one in known.items() if name in wanted and subject_of(one) not in held}
    left = {name: one for name, one in known.items() if name not in wanted and subject_of(one) in held}
    mapped = {subject_of(one) for one in known.values()}
    stale = [group for group, giver in held.items() if giver == giver_of(provider_id) and group not in mapped]
    if stale:
        named = await groups.names_of_groups(tx, [group.removeprefix(subject_of("")) for group in stale])
        left |= {name: one for one, name in named.items()}
    return Moves(joined, left)


async def move(tx: Writer, provider_id: str, account: Row[Any], moves: Moves, at: datetime) -> None:
    """Carry out what was planned; it is told as the account's own doing."""
    member = f"user:{account.id}"
    for group_id in moves.joined.values():
        await join_group(tx, member, subject_of(group_id), giver_of(provider_id))
    for group_id in moves.left.values():
        await leave_group(tx, member, subject_of(group_id))
    told = [
        *(GroupMemberAdded(name, one, account.name, account.id) for name, one in sorted(moves.joined.items())),
        *(GroupMemberRemoved(name, one, account.name, account.id) for name, one in sorted(moves.left.items())),
    ]
    await publish(tx, *told, actor=member, at=at, domain_id=account.domain_id, though_closed=True)


async def end_given(
    tx: Writer, provider_id: str, mapped: Collection[str], actor: str, at: datetime, user_id: str | None = None
) -> None:
    """End what a provider gave, to one user or to all, but in groups that are mapped still; it is told of each."""
    giver = giver_of(provider_id)
    ended = await groups.members_given(tx, giver, mapped, user_id)
    if ended:
        of_whom = None if user_id is None else f"user:{user_id}"
        await memberships_of_giver_end(tx, giver, {subject_of(row.group_id) for row in ended}, of_whom)
        told = [GroupMemberRemoved(row.group_name, row.group_id, row.user_name, row.user_id) for row in ended]
        await publish(tx, *told, actor=actor, at=at)


def giver_of(provider_id: str) -> str:
    """How a membership names the provider that gave it."""
    return f"provider:{provider_id}"
