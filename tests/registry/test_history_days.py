"""For how long it is kept what tags named before: an organization says it, or the settings do."""

import pytest

from entrepot.registry.organizations import AS_SETTINGS_SAY, change_organization, show_organization
from entrepot.registry.queries import history
from entrepot.registry.room import Registry
from entrepot.values.errors import OrganizationUnknown, ParameterInvalid
from entrepot.values.names import OrganizationName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event

ACME = OrganizationName("acme")


async def kept_days(registry: Registry, cast: Cast) -> int:
    found = await show_organization(registry, cast["admin"], ACME)
    async with registry.db.reading() as tx:
        assert found.history_days == await history.kept_days(tx, found.id, registry.settings.history_days)
    return found.history_days


async def test_the_settings_say_it_until_the_organization_does(registry: Registry, cast: Cast) -> None:
    by_settings = await kept_days(registry, cast)

    await change_organization(registry, cast["admin"], ACME, history_days=90)
    by_itself = await kept_days(registry, cast)
    await change_organization(registry, cast["admin"], ACME, allows_sparse=True)
    later = await kept_days(registry, cast)
    await change_organization(registry, cast["admin"], ACME, history_days=AS_SETTINGS_SAY)

    assert (by_settings, by_itself, later, await kept_days(registry, cast)) == (14, 90, 90, 14)


async def test_none_may_be_kept_but_no_centuries(registry: Registry, cast: Cast) -> None:
    await change_organization(registry, cast["admin"], ACME, history_days=0)

    assert await kept_days(registry, cast) == 0
    for days in (-2, 3_651, 10**12):
        with pytest.raises(ParameterInvalid):
            await change_organization(registry, cast["admin"], ACME, history_days=days)
    with pytest.raises(OrganizationUnknown):
        await change_organization(registry, cast["editor"], ACME, history_days=1)


async def test_the_feed_tells_what_it_was_before(registry: Registry, cast: Cast) -> None:
    await change_organization(registry, cast["admin"], ACME, history_days=30)
    seen = await last_event(registry.db)

    await change_organization(registry, cast["admin"], ACME, history_days=AS_SETTINGS_SAY)

    [event] = await events_after(registry.db, seen)
    assert (event.data["history_days"], event.data["before"]) == (None, {"history_days": 30})
