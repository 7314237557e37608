"""Permissions of users, groups and robots, on patterns too, and with an end: what the contract's calls do not know."""

from collections.abc import Callable
from typing import Annotated, Final

from pydantic import BaseModel, Field

from entrepot.access.levels import Level
from entrepot.access.scopes import Scope, parse_scope
from entrepot.doors.manage.call import Call, TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.fields import Body, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.registry import grants, rules
from entrepot.registry.grants import Given, Grantee, Kind
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import GroupName, OrganizationName, RepositoryName, RobotName, UserName

_PARSED: Final[dict[Kind, Callable[[str], str]]] = {
    Kind.USER: UserName.parse,
    Kind.GROUP: GroupName.parse,
    Kind.ROBOT: RobotName.parse,
}

Pattern = Annotated[
    Word | None, Field(description="A pattern over the repositories of the organization, as `team-*`; else all of it.")
]


class OneGrantee(Body):
    """`name` is that of a user, group or robot of your domain."""

    kind: Kind
    name: Word

    def parsed(self) -> Grantee:
        return Grantee(self.kind, _PARSED[self.kind](self.name))


class SetGrant(OneGrantee):
    """`deadline` is `forever` or a day in UTC; the permission holds until that day is over."""

    auth: Annotated[Number, Field(description="7 manage, 3 edit, 1 read")]
    deadline: Word = rules.FOREVER


class GranteeInNamespace(OneGrantee):
    pattern: Pattern = None


class SetGrantInNamespace(SetGrant):
    pattern: Pattern = None


class Grant(BaseModel):
    scope: str
    kind: Kind
    name: str
    auth: Level
    deadline: str


class Grants(BaseModel):
    grants: list[Grant]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_namespace_grants(
    call: TheCall, namespace: TheOrganization, limit: WordParameter = None, marker: WordParameter = None
) -> Grants:
    """What users, groups and robots were given on an organization and on patterns in it, also what is past its end."""
    return await _list(call, namespace, limit, marker)


async def set_namespace_grant(call: TheCall, namespace: TheOrganization, body: SetGrantInNamespace) -> Grant:
    """Give a level on an organization or a pattern in it, whatever it was before."""
    return await _set(call, _scope(namespace, body.pattern), body)


async def delete_namespace_grant(call: TheCall, namespace: TheOrganization, body: GranteeInNamespace) -> None:
    """Take away what was given on an organization itself, or on a pattern in it."""
    await grants.remove_grant(call.registry, call.actor, _scope(namespace, body.pattern), body.parsed())


async def list_repo_grants(
    call: TheCall, repository: TheRepository, limit: WordParameter = None, marker: WordParameter = None
) -> Grants:
    """What users, groups and robots were given on a repository itself, also what is past its end."""
    return await _list(call, repository, limit, marker)


async def set_repo_grant(call: TheCall, repository: TheRepository, body: SetGrant) -> Grant:
    """Give a level on a repository, whatever it was before."""
    return await _set(call, repository, body)


async def delete_repo_grant(call: TheCall, repository: TheRepository, body: OneGrantee) -> None:
    """Take away what was given on a repository itself."""
    await grants.remove_grant(call.registry, call.actor, repository, body.parsed())


async def _list(call: Call, scope: OrganizationName | RepositoryName, limit: str | None, marker: str | None) -> Grants:
    count = parse_limit(limit)
    after, _, subject = (marker or "").partition(" ")
    found = await grants.list_grants(call.registry, call.actor, scope, (after, subject), count + 1)
    marked = f"{found[count - 1].scope} {found[count - 1].subject}" if len(found) > count else None
    return Grants(grants=[_grant(one) for one in found[:count]], nextMarker=marked)


async def _set(call: Call, scope: Scope, body: SetGrant) -> Grant:
    level, ends_at = Level.parse(body.auth), rules.parse_deadline(body.deadline)
    return _grant(await grants.set_grant(call.registry, call.actor, scope, body.parsed(), level, ends_at))


def _scope(namespace: OrganizationName, pattern: str | None) -> Scope:
    if pattern is None:
        return namespace
    if "*" not in pattern:
        raise ParameterInvalid("A pattern has a * in it; one repository has a call of its own.", kind="pattern")
    return parse_scope(f"{namespace}/{pattern}")


def _grant(one: Given) -> Grant:
    deadline = rules.deadline_text(one.ends_at)
    return Grant(scope=one.scope, kind=one.grantee.kind, name=one.grantee.name, auth=one.level, deadline=deadline)
