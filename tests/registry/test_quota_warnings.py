"""A quota that is nearly used up is told once, and again when there was room in between."""

from dataclasses import replace
from typing import Any

import pytest

from entrepot.registry.quota_rules import Resource
from entrepot.registry.quota_warnings import warn_of_quotas
from entrepot.registry.quotas import set_domain_quotas, set_organization_quotas
from entrepot.registry.remove import delete_tag
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.fresh import KINDS
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

ACME, APP = OrganizationName("acme"), RepositoryName("acme/app")


async def told(rooms: Rooms, after: int) -> list[tuple[Any, ...]]:
    rows = [row for row in await events_after(rooms.db, after) if row.type == "quota.warning"]
    return [(row.subject, row.organization, row.domain_id, row.data) for row in rows]


async def test_it_is_told_once_until_there_is_room_again(rooms: Rooms) -> None:
    registry, domain_id = rooms.registry, rooms.admin.domain_id
    await rooms.organization("acme")
    for number in range(4):
        await rooms.push("acme/app", f"v{number}")
    await set_organization_quotas(registry, rooms.admin, ACME, {Resource.TAGS: 5, Resource.REPOSITORIES: 9})
    before = await last_event(rooms.db)
    await warn_of_quotas(registry)
    assert await told(rooms, before) == []

    await rooms.push("acme/app", "v4")
    for _ in range(2):
        await warn_of_quotas(registry)
    full = ("acme", "acme", domain_id, {"quota": "tags", "of": "organization", "used": 5, "limit": 5})
    assert await told(rooms, before) == [full]

    await delete_tag(registry, rooms.admin, APP, TagName("v4"))
    await warn_of_quotas(registry)
    await rooms.push("acme/app", "v5")
    await warn_of_quotas(registry)
    assert await told(rooms, before) == [full, full]


async def test_of_a_domain_it_is_told_its_administrators_and_never_when_that_is_not_wanted(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.push("acme/app", "v1")
    await set_domain_quotas(rooms.registry, rooms.admin, "default", {Resource.TAGS: 1, Resource.ORGANIZATIONS: 0})
    before = await last_event(rooms.db)
    await warn_of_quotas(replace(rooms.registry, settings=replace(rooms.registry.settings, quota_warn_percent=0)))
    assert await told(rooms, before) == []

    await warn_of_quotas(rooms.registry)

    domain_id = rooms.admin.domain_id
    assert await told(rooms, before) == [
        ("default", "", domain_id, {"quota": "organizations", "of": "domain", "used": 1, "limit": 0}),
        ("default", "", domain_id, {"quota": "tags", "of": "domain", "used": 1, "limit": 1}),
    ]
