"""Counting: what is little is counted when somebody asks; what is much is told as the hourly job measured it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from entrepot.registry import counting
from entrepot.registry.counted_tables import measured
from entrepot.registry.counting import Counted, counted, measure_stores
from entrepot.registry.organizations import delete_organization
from entrepot.registry.quota_rules import COUNTED, Resource, organization_scope
from entrepot.registry.quotas import set_domain_quotas, show_organization_quotas
from entrepot.registry.repositories import delete_repository
from entrepot.registry.tables import organization
from entrepot.registry.usage import show_overview
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.image import Image
from tests.make.looking import rows_in
from tests.make.rooms import Rooms

ACME = OrganizationName("acme")


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MANY", 2)


async def held(rooms: Rooms, scope: str | None = None) -> dict[Resource, Counted]:
    async with rooms.db.reading() as tx:
        return await counted(tx, scope or rooms.admin.domain_id, COUNTED)


async def scope_of(rooms: Rooms, name: str) -> str:
    async with rooms.db.reading() as tx:
        number = await tx.value(select(organization.c.id).where(organization.c.name == name))
    return organization_scope(number)


async def test_what_is_much_is_told_as_it_was_measured(rooms: Rooms) -> None:
    await rooms.organization("acme")
    image = await rooms.push("acme/app", "v1")
    size = sum(len(blob.content) for blob in image.blobs)
    for tag in ("v2", "v3"):
        await rooms.push("acme/app", tag, image)
    assert (await held(rooms))[Resource.TAGS] == Counted(3), "nobody measured it yet"

    await measure_stores(rooms.registry)
    then = rooms.clock.now()
    rooms.clock.advance(minutes=20)
    await rooms.push("acme/web", "v4")
    found = await held(rooms)
    shown = (await show_overview(rooms.registry, rooms.admin)).usage

    assert found[Resource.TAGS] == Counted(3, then)
    assert found[Resource.REPOSITORIES] == Counted(2), "there are few of them"
    assert (shown.tags, shown.measured_at) == (3, then)
    assert found[Resource.BYTES].measured_at == (then if len(image.blobs) > 2 else None)
    assert (await held(rooms, await scope_of(rooms, "acme")))[Resource.TAGS] == Counted(3, then)
    await measure_stores(rooms.registry)
    assert (await held(rooms))[Resource.TAGS] == Counted(4, then + timedelta(minutes=20))
    assert (await held(rooms))[Resource.BYTES].number > size


async def test_what_a_limit_counts_is_exact_however_much_it_is(rooms: Rooms) -> None:
    await rooms.organization("acme")
    for tag in ("v1", "v2", "v3"):
        await rooms.push("acme/app", tag)
    await measure_stores(rooms.registry)

    await set_domain_quotas(rooms.registry, rooms.admin, "default", dict.fromkeys(COUNTED, 10_000_000))
    await rooms.push("acme/app", "v4")

    assert (await held(rooms))[Resource.TAGS] == Counted(4)
    assert {one.measured_at for one in (await held(rooms)).values()} == {None}


async def test_an_organization_with_much_says_when_it_was_measured(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.organization("small")
    await rooms.push("small/app", "v1", shared := Image.make())
    images = [await rooms.push("acme/app", tag) for tag in ("v1", "v2")]
    await rooms.push("acme/app", "v3", shared)
    await measure_stores(rooms.registry)

    quotas = {one.resource: one for one in await show_organization_quotas(rooms.registry, rooms.admin, ACME)}

    assert (quotas[Resource.TAGS].used, quotas[Resource.TAGS].measured_at) == (3, rooms.clock.now())
    own, common = (sum(len(blob.content) for one in some for blob in one.blobs) for some in (images, [shared]))
    assert quotas[Resource.BYTES].used == own + common
    async with rooms.db.reading() as tx:
        rows = {row.scope: row for row in await tx.rows(select(measured))}
    assert rows[await scope_of(rooms, "acme")].exclusive_bytes == own
    assert rows[rooms.admin.domain_id].exclusive_bytes == own + common
    assert await scope_of(rooms, "small") not in rows


async def test_what_has_become_little_is_counted_again(rooms: Rooms) -> None:
    await rooms.organization("acme")
    for tag in ("v1", "v2", "v3"):
        await rooms.push("acme/app", tag)
    await measure_stores(rooms.registry)
    assert await rows_in(rooms.db, measured) == 2

    await delete_repository(rooms.registry, rooms.admin, RepositoryName("acme/app"))
    await delete_organization(rooms.registry, rooms.admin, ACME)
    assert await rows_in(rooms.db, measured) == 1, "that of the organization went with it"
    rooms.clock.advance(hours=1)
    await measure_stores(rooms.registry)

    assert await rows_in(rooms.db, measured) == 0
    assert (await held(rooms))[Resource.TAGS] == Counted(0)
