"""Who may see which events."""

from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.access.check import is_administrator, require_account
from entrepot.access.levels import Action
from entrepot.accounts.operators import is_operator
from entrepot.db.transaction import Reader
from entrepot.registry.organizations import reachable
from entrepot.values.errors import AccessDenied, Unauthenticated, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Sight:
    """The events of one domain, and none before a time; None: of all, from the beginning."""

    domain_id: str | None = None
    since: datetime | None = None


async def sight_of(tx: Reader, actor: Actor, organization: OrganizationName | None) -> Sight:
    """What the actor sees of the events, of an organization when one is named.

    Operators see everything, administrators their domain with what is gone from it, managers of an
    organization what happened there since it was made: before, another may have had its name.
    Raises Unauthenticated, AccessDenied or OrganizationUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    if is_administrator(actor):
        return Sight() if await is_operator(tx, actor) else Sight(actor.domain_id)
    if organization is None:
        raise AccessDenied(
            worded("{name} is no administrator. Name an organization you manage to see its events.", name=actor.name),
            readable=False,
        )
    row = await reachable(tx, actor, Action.ORGANIZATION_MANAGE, organization)
    return Sight(row.domain_id, row.created_at)
