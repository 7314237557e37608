"""Warnings: a quota that is nearly used up is told once, and again when there was room in between."""

from typing import Final

from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.registry.events import QuotaNearlyUsed
from entrepot.registry.queries import quota_warnings
from entrepot.registry.quota_rules import Standing, organization_or_domain
from entrepot.registry.room import Registry

_AT_ONCE: Final = 1_000
"""Told in one transaction; what is left is told the next time."""


async def warn_of_quotas(registry: Registry) -> None:
    """Tell of limits that are used to `quota_warn_percent` and were not told of since there was room.

    How much is used is known exactly, but only as a sum over slices: so it is looked at now and then, by one worker,
    and outside the transaction that tells, for which pushes may have to wait.
    """
    percent = registry.settings.quota_warn_percent
    async with registry.db.reading() as tx:
        found = await quota_warnings.nearly_used(tx, percent) if percent else []
        told = await quota_warnings.warned(tx)
    new = [one for one in found if (one.scope, one.resource) not in told][:_AT_ONCE]
    over = told - {(one.scope, str(one.resource)) for one in found}
    if not new and not over:
        return
    async with registry.db.writing() as tx:
        now = registry.clock.now()
        await quota_warnings.forget_warned(tx, over)
        await quota_warnings.save_warned(tx, [(one.scope, str(one.resource)) for one in new], now)
        for (name, domain_id), one in zip(await _owners(tx, new), new, strict=True):
            if name:
                of = organization_or_domain(one.scope)
                event = QuotaNearlyUsed(name, str(one.resource), of, one.used, one.limit)
                await publish(tx, event, actor=SYSTEM, at=now, domain_id=domain_id, though_closed=True)


async def _owners(tx: Reader, limits: list[Standing]) -> list[tuple[str, str]]:
    """The name of each limit's organization or domain, and that domain; empty for what is gone."""
    organizations = [int(one.scope) for one in limits if organization_or_domain(one.scope) == "organization"]
    found = await quota_warnings.organizations_among(tx, organizations)
    domains = [one.scope for one in limits if organization_or_domain(one.scope) == "domain"]
    names = await domain_names_of(tx, domains)
    return [
        found.get(int(one.scope), ("", ""))
        if organization_or_domain(one.scope) == "organization"
        else (names.get(one.scope, ""), one.scope)
        for one in limits
    ]
