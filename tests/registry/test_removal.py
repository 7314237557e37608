"""What deleting a repository or an organization would take away."""

import pytest
from sqlalchemy import select

from entrepot.access.levels import Level
from entrepot.access.scopes import parse_scope
from entrepot.registry.accounting import Accountant
from entrepot.registry.grants import Grantee, Kind, set_grant
from entrepot.registry.last_pulls import LastPull
from entrepot.registry.queries import removal
from entrepot.registry.removal import Removal, plan_organization_removal, plan_removal
from entrepot.registry.room import Registry
from entrepot.registry.shared import list_shared_after
from entrepot.registry.tables import repository_blob
from entrepot.registry.wanted import WantedShared
from entrepot.values.errors import AccessDenied, OrganizationUnknown, RepositoryUnknown
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")
MANAGE, EDIT, READ = Level.MANAGE, Level.EDIT, Level.READ


async def test_what_no_other_repository_holds_is_freed(rooms: Rooms, registry: Registry, cast: Cast):
    common = Blob(b"a layer of both")
    for path in (APP, OPEN):
        await push_image(registry, cast["admin"], path, Image.make(layers=0, holding=[common]), "v2")
    registry.counts.answered("GET", APP, "v1", str(cast.image.digest))
    await Accountant(registry).keep()
    guests = await rooms.domain("guests")
    await rooms.share(APP, guests)

    plan = await plan_removal(registry, cast["manager"], APP)

    held = {blob.digest: len(blob.content) for blob in cast.image.blobs}
    assert plan.freed_bytes is not None
    own_config = plan.freed_bytes - sum(held.values())
    assert 0 < own_config < 100
    assert plan == Removal(
        2, 1, plan.freed_bytes, 1, rooms.clock.now().date(), LastPull(rooms.clock.now(), "", is_anonymous=True)
    )


async def test_of_a_repository_that_holds_very_much_nothing_is_added_up(registry: Registry, cast: Cast):
    async with registry.db.reading() as tx:
        repository_id = await tx.value(select(repository_blob.c.repository_id).limit(1))
        assert await removal.links_at_most(tx, repository_id, 2)
        assert not await removal.links_at_most(tx, repository_id, 1)


@pytest.mark.parametrize(("who", "error"), [("editor", AccessDenied), ("stranger", RepositoryUnknown)])
async def test_only_managers_plan_a_removal(registry: Registry, cast: Cast, who: str, error: type[Exception]):
    with pytest.raises(error):
        await plan_removal(registry, cast[who], APP)


async def test_an_organization_says_what_is_in_the_way_and_what_ends_with_it(
    rooms: Rooms, registry: Registry, cast: Cast
):
    name = OrganizationName("acme")
    before = await plan_organization_removal(registry, cast["admin"], name)
    await set_grant(registry, cast["admin"], parse_scope("acme"), Grantee(Kind.USER, "stranger"), READ, None)

    plan = await plan_organization_removal(registry, cast["admin"], name)

    assert plan.repositories == before.repositories > 0
    assert plan.permissions == before.permissions + 1
    with pytest.raises(AccessDenied):
        await plan_organization_removal(registry, cast["stranger"], name)
    with pytest.raises(OrganizationUnknown):
        await plan_organization_removal(registry, cast["reader"], name)


async def test_who_was_shared_with_knows_until_when(rooms: Rooms, registry: Registry, cast: Cast):
    guests = await rooms.domain("guests")
    await rooms.share(APP, guests, "2027-12-30")
    boss = await rooms.sign_in("guests/boss")
    items, has_more = await list_shared_after(registry, boss, WantedShared(is_given=False), 0, 5)
    assert not has_more
    assert [(one.listed.repository.path, one.ends_at and one.ends_at.date().isoformat()) for one in items] == [
        (APP, "2027-12-31")
    ]
    given, _ = await list_shared_after(registry, cast["admin"], WantedShared(is_given=True), 0, 5)
    assert [one.ends_at for one in given] == [None]
