"""Expiring: credentials that end soon, told to whoever can renew them before something stops working."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.check import require_person
from entrepot.accounts.queries import personal_tokens, robots
from entrepot.accounts.room import Accounts
from entrepot.values.names import RobotName

SOON: Final = timedelta(days=14)
_ROWS_MAX: Final = 20


class Kind(StrEnum):
    ROBOT = "robot"
    TOKEN = "token"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True)
class Expiring:
    """A credential that ends at `ends_at`, or ended within the last days: then something may have stopped already."""

    kind: Kind
    name: str
    ends_at: datetime


async def list_expiring(accounts: Accounts, actor: Actor) -> Sequence[Expiring]:
    """Robots that the actor looks after and tokens of their own, the first to end first; at most 20 of each.

    Raises Unauthenticated or AccessDenied.
    """
    require_person(actor)
    now = accounts.clock.now()
    span = (now - SOON, now + SOON)
    async with accounts.db.reading() as tx:
        ending = await robots.ending_robots(tx, actor, *span, _ROWS_MAX)
        tokens = await personal_tokens.ending_tokens(tx, actor.id, *span, _ROWS_MAX)
    found = [
        *(Expiring(Kind.ROBOT, row.name.removeprefix(RobotName.PREFIX), row.expires_at) for row in ending),
        *(Expiring(Kind.TOKEN, row.name, row.expires_at) for row in tokens),
    ]
    return sorted(found, key=lambda one: one.ends_at)
