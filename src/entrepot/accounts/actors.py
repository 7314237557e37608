"""From rows to actors: the account that a name at login means, and what its row lets somebody be."""

from datetime import datetime
from math import inf
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, robot_subjects, user_subjects
from entrepot.accounts.queries import people
from entrepot.db.transaction import Reader
from entrepot.values.errors import Unauthenticated

FIRST_DOMAIN = "default"
PERSON, ROBOT = "person", "robot"
PASSWORD = "password"  # noqa: S105  # what somebody signed in with


def actor_of(row: Row[Any], credential: str = PASSWORD) -> Actor:
    """The actor an account's row stands for, signed in with `credential`."""
    is_robot = row.kind == ROBOT
    return Actor(
        row.id,
        row.name,
        row.domain_id,
        row.is_admin,
        robot_subjects(row.id) if is_robot else user_subjects(row.id, row.domain_id, row.is_admin),
        None,
        row.credential_version,
        is_robot=is_robot,
        credential=credential,
        until=row.expires_at.timestamp() if row.expires_at else inf,
    )


def is_usable(row: Row[Any], now: datetime) -> bool:
    """Whether the account may do anything at `now`: neither disabled nor past its end."""
    return bool(row.is_enabled) and (row.expires_at is None or row.expires_at > now)


def owner_is_usable(row: Row[Any], now: datetime) -> bool:
    """Whether the owner of a robot may sign in at `now`; without one it does not work."""
    return bool(row.owner_is_enabled) and (row.owner_expires_at is None or row.owner_expires_at > now)


async def account_by_login(tx: Reader, login: str) -> Row[Any] | None:
    """The row of the account that signs in as `login`: `USER` of the first domain, or `DOMAIN/USER`."""
    if "\0" in login:  # no name has one, and PostgreSQL takes none in a question either
        return None
    domain, slash, name = login.partition("/")
    return await people.user_by_name(tx, domain if slash else FIRST_DOMAIN, name if slash else login)


async def require_usable(tx: Reader, actor: Actor) -> None:
    """Pass while the actor's account, and a robot's owner, may sign in.

    For the end of what takes long: since its beginning they may have been shut out. Raises Unauthenticated.
    """
    if actor.is_anonymous or actor.is_house:
        return
    row = await people.account_and_owner(tx, actor.id)
    if row is None or not is_usable(row, tx.now) or (row.kind == ROBOT and not owner_is_usable(row, tx.now)):
        raise Unauthenticated("Your account was shut out meanwhile.")
