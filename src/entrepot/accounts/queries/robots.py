"""SQL about robots: accounts of a kind of their own, with what only they have beside them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, update

from entrepot.access.actor import Actor
from entrepot.access.patterns import containing
from entrepot.access.scopes import all_managed_by
from entrepot.accounts.queries.people import ACCOUNT, OWNER, owner
from entrepot.accounts.tables import domain, robot, user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, walk
from entrepot.values.names import RobotName

_AFTER_ALL = "robot%"  # "%" follows "$"
_joined = user.join(robot, robot.c.id == user.c.id)
# Not all of `robot`: its id is the account's.
_ROBOT: tuple[Any, ...] = (
    *ACCOUNT,
    *(column for column in robot.c if column.name != "id"),
    owner.c.name.label("owner_name"),
    *OWNER,
)


async def robot_by_name(tx: Reader, domain_name: str, name: str) -> Row[Any] | None:
    """By the name of its account, which begins with `robot$`."""
    return await tx.row(_robots().where(domain.c.name == domain_name, user.c.name == name))


async def seen_robot(tx: Reader, actor: Actor, name: str) -> Row[Any] | None:
    """A robot of the actor's domain that they may see."""
    return await tx.row(_robots().where(user.c.domain_id == actor.domain_id, user.c.name == name, _seen(tx, actor)))


async def seen_robots(
    tx: Reader, actor: Actor, after: str, limit: int, part: str, order: ListOrder, descending: bool
) -> Sequence[Row[Any]]:
    """Those the actor may see, in order, those after the marker with `part` in what follows `robot$`."""
    name = func.substr(user.c.name, len(RobotName.PREFIX) + 1)
    by_name = [user.c.name > RobotName.PREFIX, user.c.name < _AFTER_ALL]
    robots = by_name if order is ListOrder.NAME else [user.c.kind == "robot"]
    found = _robots().where(user.c.domain_id == actor.domain_id, *robots, _seen(tx, actor), containing(name, part))
    return await walk(tx, found, user, order, descending, after, limit, prefix=RobotName.PREFIX)


async def ending_robots(tx: Reader, actor: Actor, since: datetime, until: datetime, limit: int) -> Sequence[Row[Any]]:
    """Those the actor may see whose end lies in a span, the first to end first."""
    return await tx.rows(
        _robots()
        .where(user.c.domain_id == actor.domain_id, user.c.name > RobotName.PREFIX, user.c.name < _AFTER_ALL)
        .where(user.c.expires_at > since, user.c.expires_at <= until, user.c.is_enabled, _seen(tx, actor))
        .order_by(user.c.expires_at)
        .limit(limit)
    )


async def robots_count(tx: Reader, domain_id: str) -> int:
    among = (user.c.name > RobotName.PREFIX, user.c.name < _AFTER_ALL)
    found = select(func.count()).select_from(_joined).where(user.c.domain_id == domain_id, *among)
    return int(await tx.value(found))


async def robots_of_owner(tx: Reader, owner_id: str) -> Sequence[Row[Any]]:
    """Ids and account names of the robots that somebody made."""
    return await tx.rows(select(user.c.id, user.c.name).select_from(_joined).where(robot.c.owner_id == owner_id))


async def save_robot(
    tx: Writer, robot_id: str, owner_id: str, description: str, secret_hash: str, at: datetime
) -> None:
    """Beside its account, which is there."""
    await tx.run(
        tx.insert(robot).values(
            id=robot_id, owner_id=owner_id, description=description, secret_hash=secret_hash, rotated_at=at
        )
    )


async def change_robot(tx: Writer, robot_id: str, **changes: Any) -> None:
    await tx.run(update(robot).where(robot.c.id == robot_id).values(**changes))


async def rotate(tx: Writer, robot_id: str, secret_hash: str, old_until: datetime | None, at: datetime) -> None:
    """A new secret; the one before is kept when it has an end."""
    await change_robot(
        tx,
        robot_id,
        old_secret_hash=robot.c.secret_hash if old_until else None,
        old_secret_until=old_until,
        secret_hash=secret_hash,
        rotated_at=at,
    )


def _robots() -> Select[Any]:
    return (
        select(*_ROBOT)
        .select_from(_joined)
        .join(domain, domain.c.id == user.c.domain_id)
        .join(owner, owner.c.id == robot.c.owner_id, isouter=True)
    )


def _seen(tx: Reader, actor: Actor) -> ColumnElement[bool]:
    """Their own, those that reach only what they manage, and all of the domain for who administers it."""
    if actor.is_admin:
        return literal(True)
    return (robot.c.owner_id == actor.id) | all_managed_by(actor, literal("user:") + user.c.id, tx.now)
