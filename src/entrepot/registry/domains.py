"""Domains that go: only when they own no organization any more, and then with what was counted of them."""

from entrepot.access.actor import Actor
from entrepot.accounts.domains import find_domain, remove_domain
from entrepot.accounts.operators import require_operator
from entrepot.registry.charging import LIMITS
from entrepot.registry.queries import names, quotas
from entrepot.registry.queries.accounting import forget_domain
from entrepot.registry.room import Registry
from entrepot.values.errors import DomainNotEmpty, worded
from entrepot.values.names import DomainName


async def delete_domain(registry: Registry, actor: Actor, name: DomainName) -> None:
    """Remove a domain without organizations, with its people, groups and robots. Only operators may.

    Raises Unauthenticated, AccessDenied, DomainUnknown, DomainNotEmpty, or ParameterInvalid for the first domain.
    """
    async with registry.db.writing() as tx:
        await require_operator(tx, actor)
        # Alone with all limits: meanwhile nobody makes an organization there, moves one there or shares with it.
        await tx.lock(LIMITS)
        row = await find_domain(tx, name)
        if await names.has_organizations(tx, row.id):
            raise DomainNotEmpty(worded("{name} still has organizations; delete or transfer them first.", name=name))
        await quotas.delete_scope(tx, row.id)
        await forget_domain(tx, row.id)
        await remove_domain(tx, actor, row, registry.clock.now())
