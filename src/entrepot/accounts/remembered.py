"""Remembered: who asked for something that a worker does later, and how far their credential reached."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

from entrepot.access.actor import Actor, Bound
from entrepot.access.levels import Level
from entrepot.accounts.actors import actor_of, require_usable
from entrepot.accounts.queries import people
from entrepot.db.transaction import Reader
from entrepot.values.errors import Unauthenticated


def remember(actor: Actor) -> Mapping[str, Any]:
    """The actor as JSON. It holds no secret: who can write it into the database needs none."""
    bounds = None if actor.bounds is None else [[bound.pattern, int(bound.level)] for bound in actor.bounds]
    return {
        "id": actor.id,
        "credential": actor.credential,
        "bounds": bounds,
        "until": None if actor.until == inf else actor.until,
    }


async def recall(tx: Reader, remembered: Mapping[str, Any]) -> Actor:
    """The same actor as their account stands now. Raises Unauthenticated when it, or the credential, has ended."""
    row = await people.account_and_owner(tx, remembered["id"])
    until = inf if remembered["until"] is None else remembered["until"]
    if row is None or until <= tx.now.timestamp():
        raise Unauthenticated("The account or credential that this was asked with has ended meanwhile.")
    actor = actor_of(row, remembered["credential"])
    await require_usable(tx, actor)
    bounds = remembered["bounds"]
    return replace(
        actor,
        bounds=None if bounds is None else tuple(Bound(pattern, Level(level)) for pattern, level in bounds),
        until=min(actor.until, until),
    )
