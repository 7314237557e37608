"""From rows to robots, for those who may see them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.grants import grants_of
from entrepot.accounts import rules
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import robots
from entrepot.accounts.rules import Right
from entrepot.db.transaction import Reader
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.values.errors import RobotUnknown, worded
from entrepot.values.names import RobotName


@dataclass(frozen=True, slots=True)
class Robot:
    """`owner_name` is empty when they are gone. `old_secret_until`: until when the secret before works, too."""

    id: str
    name: RobotName
    login: str
    description: str
    rights: Sequence[Right]
    owner_name: str
    is_enabled: bool
    expires_at: datetime | None
    created_at: datetime
    rotated_at: datetime
    old_secret_until: datetime | None
    last_used_at: datetime | None


async def seen_robot(tx: Reader, actor: Actor, name: RobotName) -> Row[Any]:
    """A robot of the actor's domain that they may see. Raises RobotUnknown."""
    row = await robots.seen_robot(tx, actor, name.login)
    if row is None:
        raise RobotUnknown(worded("There is no robot named {name}, or you may not see it.", name=name))
    return row


async def read_robot(tx: Reader, actor: Actor, name: RobotName) -> Robot:
    return (await robots_of_rows(tx, [await seen_robot(tx, actor, name)]))[0]


async def robots_of_rows(tx: Reader, rows: Sequence[Row[Any]]) -> list[Robot]:
    rights = defaultdict[str, list[Right]](list)
    for one in await grants_of(tx, [subject_of(row.id) for row in rows]):
        rights[one.subject].append(Right(one.scope, one.level))
    return [_robot(row, rights[subject_of(row.id)]) for row in rows]


def _robot(row: Row[Any], rights: Sequence[Right]) -> Robot:
    return Robot(
        row.id,
        name_of(row),
        row.name if row.domain_name == FIRST_DOMAIN else f"{row.domain_name}/{row.name}",
        row.description,
        rights,
        row.owner_name or "",
        row.is_enabled,
        row.expires_at,
        row.created_at,
        row.rotated_at,
        row.old_secret_until,
        row.last_used_at,
    )


def name_of(row: Row[Any]) -> RobotName:
    return RobotName(row.name.removeprefix(RobotName.PREFIX))


def subject_of(robot_id: str) -> str:
    return f"user:{robot_id}"


def told_of(one: Robot) -> dict[str, Any]:
    """What events tell of a robot."""
    return {
        "description": one.description,
        "rights": rules.said(one.rights),
        "expires_at": rfc3339_or_none(one.expires_at),
    }
