"""Virtual organizations as they are defined: created, listed, shown, changed, deleted.

Operators define them: who may read a virtual organization is given all that it merges, whatever they may read of the
members themselves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor
from entrepot.access.check import effective, require_account
from entrepot.access.grants import Grant, remove_grant, set_grant
from entrepot.access.levels import Level
from entrepot.access.patterns import ESCAPE, like_of
from entrepot.access.scopes import lock_organization
from entrepot.accounts.operators import is_operator, require_operator
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import queries, rules
from entrepot.mirror.virtual.events import VirtualChanged, VirtualCreated, VirtualDeleted
from entrepot.mirror.virtual.rules import Rules
from entrepot.registry.organizations import add_organization
from entrepot.registry.rules import page
from entrepot.values.errors import OrganizationUnknown, ParameterInvalid, Unauthenticated, VirtualUnknown, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Merged:
    """An organization that is merged, a mirror or not, with what of it: patterns over names in it."""

    organization: OrganizationName
    allow: Sequence[str] = ()
    deny: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """`members` in the order in which they are asked. `allow`, `deny`: patterns over names, whoever has them.

    `quarantine_seconds`: so old an image of a mirror is before it is served; 0: as young as it may be.
    """

    members: Sequence[Merged]
    allow: Sequence[str] = ()
    deny: Sequence[str] = ()
    quarantine_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None stays. `forget`: a pattern; names that are like it belong to no member any more,
    and go to the first one that has them."""

    members: Sequence[Merged] | None = None
    allow: Sequence[str] | None = None
    deny: Sequence[str] | None = None
    quarantine_seconds: int | None = None
    forget: str = ""


@dataclass(frozen=True, slots=True)
class ShownMember:
    """`host`: what clients call the registry that it mirrors; empty for one that holds images of its own."""

    organization: str
    host: str
    allow: Sequence[str]
    deny: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """`is_public`: what it merges may be pulled by anybody."""

    organization: str
    members: Sequence[ShownMember]
    allow: Sequence[str]
    deny: Sequence[str]
    quarantine_seconds: int
    creator_name: str
    created_at: datetime
    changed_at: datetime
    is_public: bool


@dataclass(frozen=True, slots=True)
class VirtualPage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Shown]
    after: str | None


async def create_virtual(
    mirror: Mirror, actor: Actor, name: OrganizationName, definition: Definition, is_public: bool = False
) -> Shown:
    """Make the organization `name`, through which what its members have is pulled as `name/REPOSITORY`.

    Only operators may. Raises Unauthenticated, AccessDenied, ParameterInvalid, OrganizationUnknown for a member,
    OrganizationExists or QuotaExceeded.
    """
    every = rules.parse_rules(definition.allow, definition.deny)
    seconds = rules.check_quarantine(definition.quarantine_seconds)
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        made = await add_organization(tx, mirror.registry, actor, name, is_public, is_virtual=True)
        now = mirror.clock.now()
        if is_public:
            # What it merges lies in other organizations: no grant on a repository says this.
            await set_grant(tx, Grant(name, EVERYONE, Level.READ), by=actor.subject, at=now)
        members = await _members(tx, name, definition.members)
        row = {
            "organization_id": made.id,
            **_lists(every),
            "quarantine_seconds": seconds,
            "creator_id": actor.id,
            "created_at": now,
            "changed_at": now,
        }
        await queries.save_virtual(tx, row)
        await queries.save_members(tx, made.id, members)
        shown = await _shown(tx, name)
        created = VirtualCreated(name, **_told(shown))
        await publish(tx, created, actor=actor.subject, at=now, domain_id=actor.domain_id)
        return shown


async def list_virtuals(mirror: Mirror, actor: Actor, after: str, limit: int) -> VirtualPage:
    """Those that the actor may read, all of them for operators, by name, from behind `after`.

    Raises Unauthenticated or AccessDenied.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with mirror.db.reading() as tx:
        reader = None if await is_operator(tx, actor) else actor
        rows, has_more = page(await queries.virtuals(tx, reader, after, limit + 1), limit)
        items = await _all_shown(tx, rows)
        return VirtualPage(items, items[-1].organization if has_more else None)


async def show_virtual(mirror: Mirror, actor: Actor, name: OrganizationName) -> Shown:
    """For who may read the organization, and for operators. Raises Unauthenticated, AccessDenied or VirtualUnknown."""
    if actor.is_anonymous:
        raise Unauthenticated
    async with mirror.db.reading() as tx:
        return (await _all_shown(tx, [await reached(tx, actor, name)]))[0]


async def show_members(mirror: Mirror, actor: Actor, name: OrganizationName) -> Sequence[ShownMember]:
    """What one merges, in order, also for who is not signed in where everybody may read it.

    Raises what `show_virtual` raises.
    """
    async with mirror.db.reading() as tx:
        return (await _all_shown(tx, [await reached(tx, actor, name)]))[0].members


async def reached(tx: Reader, actor: Actor, name: OrganizationName) -> Row[Any]:
    """The row of one, for who may read the organization, and for operators. Raises what `show_virtual` raises."""
    require_account(actor)
    row = await queries.reached_virtual(tx, actor, name)
    if row is not None and effective(actor, name, row.level) >= Level.READ:
        return row
    if actor.is_anonymous:
        raise Unauthenticated
    if row is None or not await is_operator(tx, actor):
        raise _unknown(name)
    return row


async def change_virtual(mirror: Mirror, actor: Actor, name: OrganizationName, change: Change) -> Shown:
    """Only operators may. A name stays with the member that it belongs to, unless it is to be forgotten.

    Raises Unauthenticated, AccessDenied, VirtualUnknown, OrganizationUnknown for a member, or ParameterInvalid.
    """
    forget = rules.parse_pattern(change.forget, "forget") if change.forget else ""
    async with mirror.db.writing() as tx:
        row = await _changing(tx, actor, name)
        before = await _shown(tx, name)
        every = rules.parse_rules(
            before.allow if change.allow is None else change.allow, before.deny if change.deny is None else change.deny
        )
        seconds = before.quarantine_seconds if change.quarantine_seconds is None else change.quarantine_seconds
        now = mirror.clock.now()
        await queries.change_virtual(
            tx,
            row.organization_id,
            **_lists(every),
            quarantine_seconds=rules.check_quarantine(seconds),
            changed_at=now,
        )
        if change.members is not None:
            await queries.save_members(tx, row.organization_id, await _members(tx, name, change.members))
        forgotten = await queries.unbind(tx, row.organization_id, like_of(forget), ESCAPE) if forget else 0
        shown = await _shown(tx, name)
        told, was = _told(shown), _told(before)
        differing = [key for key in told if told[key] != was[key]]
        changed = VirtualChanged(
            name, {key: told[key] for key in differing}, {key: was[key] for key in differing}, forgotten
        )
        await publish(tx, changed, actor=actor.subject, at=now, domain_id=row.domain_id)
        return shown


async def delete_virtual(mirror: Mirror, actor: Actor, name: OrganizationName) -> None:
    """Merge nothing more: the organization is one like others, and empty. Only operators may.

    Raises Unauthenticated, AccessDenied or VirtualUnknown.
    """
    async with mirror.db.writing() as tx:
        row = await _changing(tx, actor, name)
        before = await _shown(tx, name)
        await queries.delete_virtual(tx, row.organization_id)
        await remove_grant(tx, name, EVERYONE)  # what is pushed then is not for everybody
        deleted = VirtualDeleted(name, _told(before))
        await publish(tx, deleted, actor=actor.subject, at=mirror.clock.now(), domain_id=row.domain_id)


async def _changing(tx: Writer, actor: Actor, name: OrganizationName) -> Row[Any]:
    await require_operator(tx, actor)
    await tx.lock(f"virtual:{name}")
    row = await queries.virtual_of(tx, name)
    if row is None:
        raise _unknown(name)
    return row


async def _members(tx: Writer, name: OrganizationName, given: Sequence[Merged]) -> Sequence[Mapping[str, Any]]:
    """Rows of members, which stay until the end of the transaction. Raises ParameterInvalid or OrganizationUnknown."""
    rules.check_count(len(given))
    named = [one.organization for one in given]
    if len(set(named)) < len(named):
        raise ParameterInvalid("A member is named once; give it all its patterns there.", field="members")
    for one in sorted(named):
        await lock_organization(tx, one, shared=True)
    found = await queries.organizations_named(tx, named)
    for one in named:
        if one not in found:
            raise OrganizationUnknown(
                worded("There is no organization {name}, so it cannot be a member.", name=one), organization=one
            )
        if found[one].is_virtual:
            raise ParameterInvalid(
                worded("{name} merges others itself; name its members instead.", name=one), field="members"
            )
    return [
        {"member_id": found[one.organization].id, **_lists(rules.parse_rules(one.allow, one.deny))} for one in given
    ]


async def _shown(tx: Reader, name: OrganizationName) -> Shown:
    row = await queries.virtual_of(tx, name)
    assert row is not None, "it was written in this transaction"
    return (await _all_shown(tx, [row]))[0]


async def _all_shown(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Shown]:
    members: dict[int, list[ShownMember]] = defaultdict(list)
    for one in await queries.members_of(tx, [row.organization_id for row in rows]):
        member = ShownMember(one.name, one.host or "", tuple(one.allow), tuple(one.deny))
        members[one.organization_id].append(member)
    return [
        Shown(
            row.organization,
            members[row.organization_id],
            tuple(row.allow),
            tuple(row.deny),
            row.quarantine_seconds,
            row.creator_name or "",
            row.created_at,
            row.changed_at,
            row.public_by_default,
        )
        for row in rows
    ]


def _told(shown: Shown) -> dict[str, Any]:
    """What an event says of one."""
    return {
        "members": [asdict(one) for one in shown.members],
        "allow": list(shown.allow),
        "deny": list(shown.deny),
        "quarantine_seconds": shown.quarantine_seconds,
    }


def _lists(given: Rules) -> dict[str, list[str]]:
    return {"allow": list(given.allow), "deny": list(given.deny)}


def _unknown(name: OrganizationName) -> VirtualUnknown:
    return VirtualUnknown(
        worded("There is no virtual organization {name}, or you may not see it.", name=name), organization=name
    )
