"""Login of robots, by their secret; and what of a robot's row says whether it may work."""

import hmac
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.actors import FIRST_DOMAIN, actor_of, is_usable, owner_is_usable
from entrepot.accounts.queries import robots
from entrepot.accounts.room import Accounts
from entrepot.accounts.secrets import hash_of
from entrepot.accounts.tables import robot
from entrepot.values.names import RobotName

CREDENTIAL: Final = "secret"


async def by_secret(accounts: Accounts, name: str, secret: str) -> Actor | None:
    """Login as `robot$NAME` or `DOMAIN/robot$NAME` with its secret, or with the one before until that ends."""
    domain, slash, login = name.rpartition("/")
    if not login.startswith(RobotName.PREFIX) or "\0" in name:
        return None
    async with accounts.db.reading() as tx:
        row = await robots.robot_by_name(tx, domain if slash else FIRST_DOMAIN, login)
    if row is None:
        return None
    now, ends = accounts.clock.now(), _ends_of_secret(row, hash_of(secret))
    actor = robot_actor(row, CREDENTIAL, now)
    if actor is None or ends is None or ends <= now.timestamp():
        return None
    accounts.uses.note(robot, row.id, now)
    return replace(actor, until=min(actor.until, ends))


def robot_actor(row: Row[Any], credential: str, now: datetime) -> Actor | None:
    """The actor that a robot's row stands for; None when it, or its owner, may not sign in at `now`."""
    if not is_usable(row, now) or not owner_is_usable(row, now):
        return None
    actor = actor_of(row, credential)
    owner_until = row.owner_expires_at.timestamp() if row.owner_expires_at else actor.until
    return replace(actor, until=min(actor.until, owner_until))


def _ends_of_secret(row: Row[Any], shown: str) -> float | None:
    """When a secret with this hash ends, in seconds since the epoch; None for a wrong one."""
    if hmac.compare_digest(shown, row.secret_hash):
        return inf
    if row.old_secret_until is not None and hmac.compare_digest(shown, row.old_secret_hash):
        return float(row.old_secret_until.timestamp())
    return None
