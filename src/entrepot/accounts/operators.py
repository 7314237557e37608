"""Operators: administrators of the first domain, who look after the whole installation."""

from entrepot.access.actor import Actor
from entrepot.access.check import is_administrator, require_admin
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import people
from entrepot.accounts.room import Accounts
from entrepot.db.transaction import Reader
from entrepot.values.errors import AccessDenied, worded


async def operates(accounts: Accounts, actor: Actor) -> bool:
    """Whether the actor operates this installation, for pages that show them more."""
    if not is_administrator(actor):
        return False
    async with accounts.db.looking() as tx:
        return await is_operator(tx, actor)


async def is_operator(tx: Reader, actor: Actor) -> bool:
    """Whether the actor, with the credential at hand, operates this installation."""
    if not is_administrator(actor):
        return False
    return (await people.names_of_domains(tx, [actor.domain_id])).get(actor.domain_id) == FIRST_DOMAIN


async def require_operator(tx: Reader, actor: Actor) -> None:
    """Pass for operators. Raises Unauthenticated or AccessDenied."""
    require_admin(actor)
    if not await is_operator(tx, actor):
        raise AccessDenied(worded("{name} does not operate this installation.", name=actor.name), readable=False)
