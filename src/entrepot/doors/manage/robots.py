"""Robots: accounts of programs. The contract has none."""

from typing import Final, Literal

from pydantic import BaseModel

from entrepot.access.levels import Level
from entrepot.access.scopes import parse_scope
from entrepot.accounts import robots
from entrepot.accounts.robot_rows import Robot as Known
from entrepot.accounts.robots import WithSecret
from entrepot.accounts.rules import KEEP, Right
from entrepot.accounts.scopes import LEVEL_OF
from entrepot.db.walking import marker_of
from entrepot.doors.manage.call import TheCall, TheRobot
from entrepot.doors.manage.fields import Body, Moment, NameFilter, Text, Word, WordParameter
from entrepot.doors.manage.paging import BY_END, parse_limit, parse_name_part, parse_walk
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import RobotName

Access = Literal["pull", "push", "delete"]
_ACCESS_OF: Final[dict[Level, Access]] = {Level.READ: "pull", Level.EDIT: "push", Level.MANAGE: "delete"}


class RobotRight(Body):
    """`scope` is an organization, a repository or a pattern as `acme/team-*`. `push` includes `pull`, `delete` both."""

    scope: Word
    access: Access

    def parsed(self) -> Right:
        return Right(parse_scope(self.scope), LEVEL_OF[self.access])


class CreateRobot(Body):
    name: Word
    rights: list[RobotRight]
    description: Text = ""
    expires_at: Moment | None = None


class ChangeRobot(Body):
    """What is absent stays. An `expires_at` that is null is no end."""

    rights: list[RobotRight] | None = None
    description: Text | None = None
    expires_at: Moment | None = None


class RotateRobot(Body):
    """Until when the secret of now works beside the new one; without it, it ends at once."""

    old_secret_until: Moment | None = None


class Robot(BaseModel):
    """`login` is its user name for docker login. It works while its owner may sign in."""

    id: str
    name: str
    login: str
    description: str
    rights: list[RobotRight]
    owner_name: str
    is_enabled: bool
    expires_at: str | None = None
    created_at: str
    rotated_at: str
    old_secret_until: str | None = None
    last_used_at: str | None = None


class RobotWithSecret(Robot):
    """`secret` is shown this once."""

    secret: str


class Robots(BaseModel):
    robots: list[Robot]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def create_robot(call: TheCall, body: CreateRobot) -> RobotWithSecret:
    """Create a robot for what you manage. Its secret is shown this once."""
    rights = [one.parsed() for one in body.rights]
    name = RobotName.parse(body.name)
    made = await robots.create_robot(call.accounts, call.actor, name, rights, body.description, body.expires_at)
    return _with_secret(made)


async def list_robots(
    call: TheCall,
    limit: WordParameter = None,
    marker: WordParameter = None,
    filter: NameFilter = None,  # noqa: A002  # the parameter's name
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> Robots:
    """Robots by name, those after `marker`: your own, and those that reach only what you manage.

    `order_column` is one of `name`, `created_at`, `expires_at`; `order_type` asc or desc. What was made last, and what
    ends soonest, comes first when nothing is said.
    """
    count = parse_limit(limit)
    order, descending = parse_walk(order_column, order_type, BY_END)
    part = parse_name_part(filter)
    found = await robots.list_robots(call.accounts, call.actor, marker or "", count + 1, part, order, descending)
    rows = [_robot(one) for one in found[:count]]
    return Robots(robots=rows, nextMarker=marker_of(order, found[count - 1]) if len(found) > count else None)


async def show_robot(call: TheCall, robot: TheRobot) -> Robot:
    """One robot."""
    return _robot(await robots.show_robot(call.accounts, call.actor, robot))


async def update_robot(call: TheCall, robot: TheRobot, body: ChangeRobot) -> Robot:
    """Change what a robot may do, its description or its end."""
    rights = None if body.rights is None else [one.parsed() for one in body.rights]
    expires_at = body.expires_at if "expires_at" in body.model_fields_set else KEEP
    return _robot(await robots.change_robot(call.accounts, call.actor, robot, body.description, rights, expires_at))


async def delete_robot(call: TheCall, robot: TheRobot) -> None:
    """Remove a robot; its secret stops working at once."""
    await robots.delete_robot(call.accounts, call.actor, robot)


async def rotate_robot(call: TheCall, robot: TheRobot, body: RotateRobot | None = None) -> RobotWithSecret:
    """Give a robot a new secret, which is shown this once."""
    old_until = body.old_secret_until if body else None
    return _with_secret(await robots.rotate_secret(call.accounts, call.actor, robot, old_until))


async def disable_robot(call: TheCall, robot: TheRobot) -> Robot:
    """Shut a robot out: its secrets stop working at once."""
    return _robot(await robots.disable_robot(call.accounts, call.actor, robot))


async def enable_robot(call: TheCall, robot: TheRobot) -> Robot:
    """Let a robot work again. When its owner cannot sign in any more, you become its owner."""
    return _robot(await robots.enable_robot(call.accounts, call.actor, robot))


def _with_secret(made: WithSecret) -> RobotWithSecret:
    return RobotWithSecret(**_robot(made.robot).model_dump(), secret=made.secret)


def _robot(one: Known) -> Robot:
    return Robot(
        id=one.id,
        name=one.name,
        login=one.login,
        description=one.description,
        rights=[RobotRight(scope=right.scope, access=_ACCESS_OF[right.level]) for right in one.rights],
        owner_name=one.owner_name,
        is_enabled=one.is_enabled,
        expires_at=rfc3339_or_none(one.expires_at),
        created_at=rfc3339(one.created_at),
        rotated_at=rfc3339(one.rotated_at),
        old_secret_until=rfc3339_or_none(one.old_secret_until),
        last_used_at=rfc3339_or_none(one.last_used_at),
    )
