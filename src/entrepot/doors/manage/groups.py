"""Groups, which the contract leaves to an identity service; here they are ours."""

from pydantic import BaseModel

from entrepot.accounts import groups
from entrepot.db.walking import marker_of
from entrepot.doors.manage.call import TheCall, TheGroup, TheUser
from entrepot.doors.manage.fields import Body, NameFilter, Text, Word, WordParameter
from entrepot.doors.manage.paging import BY_AGE, parse_limit, parse_name_part, parse_walk
from entrepot.doors.manage.users import HeldGrant, held_grant
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import GroupName


class CreateGroup(Body):
    name: Word
    description: Text = ""


class ChangeGroup(Body):
    """What is absent stays."""

    name: Word | None = None
    description: Text | None = None


class Group(BaseModel):
    """`member_count`: how many users belong to it."""

    id: str
    name: str
    description: str
    member_count: int
    created_at: str


class Groups(BaseModel):
    groups: list[Group]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class GroupMember(BaseModel):
    name: str


class GroupMembers(BaseModel):
    members: list[GroupMember]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class GroupGrants(BaseModel):
    grants: list[HeldGrant]


async def create_group(call: TheCall, body: CreateGroup) -> Group:
    """Create a group with nobody in it."""
    return _group(await groups.create_group(call.accounts, call.actor, GroupName.parse(body.name), body.description))


async def list_groups(
    call: TheCall,
    limit: WordParameter = None,
    marker: WordParameter = None,
    filter: NameFilter = None,  # noqa: A002  # the parameter's name
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> Groups:
    """Groups by name, those after `marker`; `nextMarker` is absent at the end.

    `order_column` is one of `name`, `created_at`; `order_type` asc or desc; what was made last comes first.
    """
    count = parse_limit(limit)
    order, descending = parse_walk(order_column, order_type, BY_AGE)
    part = parse_name_part(filter)
    found = await groups.list_groups(call.accounts, call.actor, marker or "", count + 1, part, order, descending)
    rows = [_group(one) for one in found[:count]]
    return Groups(groups=rows, nextMarker=marker_of(order, found[count - 1]) if len(found) > count else None)


async def show_group(call: TheCall, group: TheGroup) -> Group:
    """One group."""
    return _group(await groups.show_group(call.accounts, call.actor, group))


async def update_group(call: TheCall, group: TheGroup, body: ChangeGroup) -> Group:
    """Change a group's name or description. Members and permissions stay."""
    new_name = None if body.name is None else GroupName.parse(body.name)
    return _group(await groups.change_group(call.accounts, call.actor, group, new_name, body.description))


async def delete_group(call: TheCall, group: TheGroup) -> None:
    """Delete a group and what it was given."""
    await groups.delete_group(call.accounts, call.actor, group)


async def list_group_grants(call: TheCall, group: TheGroup) -> GroupGrants:
    """What a group was given, and its members through it."""
    found = await groups.list_group_grants(call.accounts, call.actor, group)
    return GroupGrants(grants=[held_grant(one) for one in found])


async def list_group_members(
    call: TheCall, group: TheGroup, limit: WordParameter = None, marker: WordParameter = None
) -> GroupMembers:
    """Users of a group by name, those after `marker`; `nextMarker` is absent at the end."""
    count = parse_limit(limit)
    found = await groups.list_group_members(call.accounts, call.actor, group, marker or "", count + 1)
    rows = [GroupMember(name=one) for one in found[:count]]
    return GroupMembers(members=rows, nextMarker=rows[-1].name if len(found) > count else None)


async def add_group_member(call: TheCall, group: TheGroup, name: TheUser) -> None:
    """Let a user belong to a group. What is given to it reaches them from their next request on."""
    await groups.add_group_member(call.accounts, call.actor, group, name)


async def remove_group_member(call: TheCall, group: TheGroup, name: TheUser) -> None:
    """Let a user not belong to a group any more."""
    await groups.remove_group_member(call.accounts, call.actor, group, name)


def _group(one: groups.Group) -> Group:
    return Group(
        id=one.id,
        name=one.name,
        description=one.description,
        member_count=one.members,
        created_at=rfc3339(one.created_at),
    )
