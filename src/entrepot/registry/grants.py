"""Permissions of users, groups and robots on organizations, repositories and patterns, perhaps with an end.

What the contract has no call for (`members.py` has those it has). Only those who manage the scope give and see
these. Nobody gives to themselves, also not through a group they belong to or a robot they own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from entrepot.access.actor import Actor
from entrepot.access.grants import Grant, grant_on, grants_in
from entrepot.access.groups import groups_of
from entrepot.access.levels import Action, Level
from entrepot.access.scopes import Scope
from entrepot.accounts.groups import find_group, names_of_groups, subject_of
from entrepot.accounts.robot_rows import seen_robot
from entrepot.accounts.users import find_user, names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.registry import organizations, reach, rules
from entrepot.registry.granting import NOT_SELF, give, managed, take
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, GrantUnknown, worded
from entrepot.values.names import OrganizationName, RepositoryName, RobotName

_USER, _GROUP = "user:", "group:"


class Kind(StrEnum):
    USER = "user"
    GROUP = "group"
    ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class Grantee:
    """Whom something is given to, by the name they have in the domain of who gives it."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """`ends_at` is the first moment it does not count any more, the beginning of a day; None: it has no end."""

    scope: Scope
    subject: str
    grantee: Grantee
    level: Level
    ends_at: datetime | None


async def list_grants(
    registry: Registry, actor: Actor, scope: OrganizationName | RepositoryName, after: tuple[str, str], limit: int
) -> Sequence[Given]:
    """What was given on `scope`, and on patterns in an organization, by scope and subject; those after `after`.

    Also what is past its end. Raises Unauthenticated, AccessDenied, OrganizationUnknown or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        if isinstance(scope, RepositoryName):
            await reach.existing(tx, actor, Action.REPOSITORY_GRANT, scope)
        else:
            await organizations.reachable(tx, actor, Action.ORGANIZATION_MANAGE, scope)
        return await _named(tx, await grants_in(tx, scope, after, limit))


async def set_grant(
    registry: Registry, actor: Actor, scope: Scope, grantee: Grantee, level: Level, ends_at: datetime | None
) -> Given:
    """Give exactly this level on `scope` until this end, whatever it was before.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RepositoryUnknown, UserUnknown, GroupUnknown,
    RobotUnknown, or ParameterInvalid for an end that is past.
    """
    async with registry.db.writing() as tx:
        owner = await managed(tx, actor, scope)
        now = registry.clock.now()
        rules.check_ahead(ends_at, now)
        subject = await _subject(tx, actor, grantee)
        given = Grant(scope, subject, level, ends_at)
        await give(tx, actor, given, await grant_on(tx, scope, subject), owner, now)
    return Given(scope, subject, grantee, level, ends_at)


async def remove_grant(registry: Registry, actor: Actor, scope: Scope, grantee: Grantee) -> None:
    """Take away what was given on `scope` itself.

    Raises what `set_grant` raises, and GrantUnknown when there is nothing.
    """
    async with registry.db.writing() as tx:
        owner = await managed(tx, actor, scope)
        subject = await _subject(tx, actor, grantee)
        held = await grant_on(tx, scope, subject)
        if held is None:
            raise GrantUnknown(
                worded("{name} has no permission of their own on {scope}.", name=grantee.name, scope=scope)
            )
        await take(tx, actor, held, owner, registry.clock.now())


async def _subject(tx: Writer, actor: Actor, grantee: Grantee) -> str:
    """The grantee's name in grants; not that of the actor, or of what the actor acts through."""
    if grantee.kind is Kind.GROUP:
        subject = subject_of((await find_group(tx, actor, grantee.name)).id)
        is_own = subject in await groups_of(tx, actor.subject)
    elif grantee.kind is Kind.ROBOT:
        robot = await seen_robot(tx, actor, RobotName(grantee.name))
        subject, is_own = _USER + robot.id, robot.owner_id == actor.id
    else:
        user = await find_user(tx, actor, grantee.name)
        subject, is_own = _USER + user.id, user.id == actor.id
    if is_own:
        raise AccessDenied(NOT_SELF, readable=True)
    return subject


async def _named(tx: Reader, grants: Sequence[Grant]) -> list[Given]:
    """With the names of the grantees; what was given to who is no more is left out."""
    accounts = await names_of(tx, [one.subject.removeprefix(_USER) for one in grants])
    groups = await names_of_groups(tx, [one.subject.removeprefix(_GROUP) for one in grants])
    grantees = {_GROUP + group_id: Grantee(Kind.GROUP, name) for group_id, name in groups.items()}
    for account_id, name in accounts.items():
        kind = Kind.ROBOT if name.startswith(RobotName.PREFIX) else Kind.USER
        grantees[_USER + account_id] = Grantee(kind, name.removeprefix(RobotName.PREFIX))
    return [
        Given(one.scope, one.subject, grantees[one.subject], one.level, one.expires_at)
        for one in grants
        if one.subject in grantees
    ]
