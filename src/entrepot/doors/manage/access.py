"""Permissions on organizations (contract §3) and repositories (§6): bare arrays in, one object out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, Field

from entrepot.access.levels import Level
from entrepot.doors.manage import fields
from entrepot.doors.manage.call import Call, TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.fields import Empty, Number, Word
from entrepot.registry import members
from entrepot.registry.members import Members, Scope, Wanted
from entrepot.values.errors import BodyTooLarge
from entrepot.values.names import UserName

_USERS_MAX = 500  # in one call


class UserAuth(fields.Body):
    """A level for a user. Without `user_id`, the name alone says who is meant."""

    user_id: Word = ""
    user_name: Word
    auth: Annotated[Number, Field(description="7 manage, 3 edit, 1 read")]


class UserLevel(BaseModel):
    user_id: str
    user_name: str
    auth: Level


class RepositoryAccess(BaseModel):
    id: int
    name: str
    self_auth: UserLevel
    others_auths: list[UserLevel]


class NamespaceAccess(RepositoryAccess):
    creator_name: str


Users = Annotated[list[UserAuth], Body()]
UserIds = Annotated[list[Word], Body()]


async def show_namespace_auth(call: TheCall, namespace: TheOrganization) -> NamespaceAccess:
    """Who holds which level on an organization."""
    found = await members.list_members(call.registry, call.actor, namespace)
    return NamespaceAccess(
        id=found.scope_id,
        name=namespace,
        creator_name=found.creator_name,
        self_auth=_own(call, found),
        others_auths=_others(found),
    )


async def create_namespace_auth(call: TheCall, namespace: TheOrganization, users: Users) -> Empty:
    """Give users a level on an organization; all of them or none."""
    await members.add_members(call.registry, call.actor, namespace, _wanted(users))
    return Empty()


async def update_namespace_auth(call: TheCall, namespace: TheOrganization, users: Users) -> Empty:
    """Change users' levels on an organization; all of them or none."""
    await members.change_members(call.registry, call.actor, namespace, _wanted(users))
    return Empty()


async def delete_namespace_auth(call: TheCall, namespace: TheOrganization, user_ids: UserIds) -> None:
    """Take users' levels on an organization away."""
    await _remove(call, namespace, user_ids)


async def show_user_repository_auth(call: TheCall, repository: TheRepository) -> RepositoryAccess:
    """Who holds which level on a repository."""
    found = await members.list_members(call.registry, call.actor, repository)
    return RepositoryAccess(
        id=found.scope_id, name=repository.name, self_auth=_own(call, found), others_auths=_others(found)
    )


async def create_user_repository_auth(call: TheCall, repository: TheRepository, users: Users) -> Empty:
    """Give users a level on a repository; all of them or none."""
    await members.add_members(call.registry, call.actor, repository, _wanted(users))
    return Empty()


async def update_user_repository_auth(call: TheCall, repository: TheRepository, users: Users) -> Empty:
    """Change users' levels on a repository; all of them or none."""
    await members.change_members(call.registry, call.actor, repository, _wanted(users))
    return Empty()


async def delete_user_repository_auth(call: TheCall, repository: TheRepository, user_ids: UserIds) -> None:
    """Take users' levels on a repository away."""
    await _remove(call, repository, user_ids)


async def _remove(call: Call, scope: Scope, user_ids: Sequence[str]) -> None:
    _check_count(len(user_ids))
    await members.remove_members(call.registry, call.actor, scope, user_ids)


def _wanted(users: Sequence[UserAuth]) -> list[Wanted]:
    _check_count(len(users))
    return [Wanted(UserName.parse(one.user_name), Level.parse(one.auth), one.user_id) for one in users]


def _check_count(count: int) -> None:
    """One transaction does them all, and others wait for it."""
    if count > _USERS_MAX:
        raise BodyTooLarge(f"At most {_USERS_MAX} users fit in one call, not {count}.")


def _own(call: Call, found: Members) -> UserLevel:
    return UserLevel(user_id=call.actor.id, user_name=call.actor.name, auth=found.self_level)


def _others(found: Members) -> list[UserLevel]:
    return [UserLevel(user_id=one.user_id, user_name=one.user_name, auth=one.level) for one in found.others]
