"""Members: who holds which level on an organization or a repository (contract §3, §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import level_of
from entrepot.access.grants import Grant, grants_on
from entrepot.access.levels import Action, Level
from entrepot.accounts.users import find_user, names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.registry import organizations, reach
from entrepot.registry.granting import NOT_SELF, give, managed, take
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, GrantExists, GrantUnknown, Unauthenticated, UserUnknown, worded
from entrepot.values.names import OrganizationName, RepositoryName, RobotName

_USER = "user:"
Scope = OrganizationName | RepositoryName


@dataclass(frozen=True, slots=True)
class Member:
    user_id: str
    user_name: str
    level: Level


@dataclass(frozen=True, slots=True)
class Wanted:
    """A level for a user, by name. A caller who knows the id as well gives it, so that the two are compared."""

    user_name: str
    level: Level
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Members:
    """`others` are the users with a grant of their own, the caller left out."""

    scope_id: int
    creator_id: str
    creator_name: str
    self_level: Level
    others: Sequence[Member]


async def list_members(registry: Registry, actor: Actor, scope: Scope) -> Members:
    """Raises Unauthenticated, OrganizationUnknown, RepositoryUnknown, or AccessDenied for another domain's people."""
    async with registry.db.reading() as tx:
        row = await _seen(tx, actor, scope)
        level = await level_of(tx, actor, scope)
        if actor.is_anonymous:
            raise Unauthenticated
        if row.domain_id != actor.domain_id and level < Level.MANAGE:
            # What is public or shared is read by people who need not know each other.
            raise AccessDenied(worded("Who may use {scope} is known to its own domain.", scope=scope), readable=True)
        given = {subject.removeprefix(_USER): one.level for subject, one in (await _held(tx, scope)).items()}
        known = await names_of(tx, [row.creator_id, *given])
    people = [one for one in given if one in known and not known[one].startswith(RobotName.PREFIX)]
    others = [Member(one, known[one], given[one]) for one in people if one != actor.id]
    return Members(
        row.id, row.creator_id, known.get(row.creator_id, ""), level, sorted(others, key=lambda m: m.user_name)
    )


async def add_members(registry: Registry, actor: Actor, scope: Scope, wanted: Sequence[Wanted]) -> None:
    """Give users, by name, a level on `scope`; all of them or none.

    Raises Unauthenticated, AccessDenied, UserUnknown, or GrantExists for one who has a level there.
    """
    async with registry.db.writing() as tx:
        owner = await managed(tx, actor, scope)
        held = await _held(tx, scope)
        for one in wanted:
            await _give(tx, registry, actor, scope, one, held, owner, must_hold=False)


async def change_members(registry: Registry, actor: Actor, scope: Scope, wanted: Sequence[Wanted]) -> None:
    """Change the levels of users who have one; all of them or none.

    Raises Unauthenticated, AccessDenied, UserUnknown, or GrantUnknown for one who has none there.
    """
    async with registry.db.writing() as tx:
        owner = await managed(tx, actor, scope)
        held = await _held(tx, scope)
        for one in wanted:
            await _give(tx, registry, actor, scope, one, held, owner, must_hold=True)


async def remove_members(registry: Registry, actor: Actor, scope: Scope, user_ids: Sequence[str]) -> None:
    """Take users' own levels on `scope` away; ids without one are ignored.

    Raises Unauthenticated or AccessDenied.
    """
    async with registry.db.writing() as tx:
        owner = await managed(tx, actor, scope)
        held = await _held(tx, scope)
        now = registry.clock.now()
        for user_id in user_ids:
            _not_self(actor, user_id)
            if (given := held.get(_USER + user_id)) is not None:
                await take(tx, actor, given, owner, now)


async def _seen(tx: Reader, actor: Actor, scope: Scope) -> Row[Any]:
    if isinstance(scope, RepositoryName):
        return await reach.existing(tx, actor, Action.REPOSITORY_PULL, scope)
    return await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, scope)


async def _held(tx: Reader, scope: Scope) -> dict[str, Grant]:
    """What users hold on `scope` itself, by subject; what is past its end is not held."""
    given = await grants_on(tx, scope, _USER)
    return {one.subject: one for one in given if one.expires_at is None or one.expires_at > tx.now}


async def _give(
    tx: Writer,
    registry: Registry,
    actor: Actor,
    scope: Scope,
    wanted: Wanted,
    held: dict[str, Grant],
    owner: str,
    must_hold: bool,
) -> None:
    name = wanted.user_name
    user = await find_user(tx, actor, name)
    if wanted.user_id not in ("", user.id):
        raise UserUnknown(worded("The user named {name} has another id.", name=name))
    _not_self(actor, user.id)
    subject = _USER + user.id
    if must_hold and subject not in held:
        raise GrantUnknown(worded("{name} has no permission of their own on {scope}.", name=name, scope=scope))
    if not must_hold and subject in held:
        raise GrantExists(
            worded("{name} has a permission on {scope} already; change it instead.", name=name, scope=scope)
        )
    before = held.get(subject)
    given = Grant(scope, subject, wanted.level, before.expires_at if before else None)
    await give(tx, actor, given, before, owner, registry.clock.now())
    held[subject] = given


def _not_self(actor: Actor, user_id: str) -> None:
    if user_id == actor.id:
        raise AccessDenied(NOT_SELF, readable=True)
