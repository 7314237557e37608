"""Last pulls: who pulled a tag or a repository last, for who may edit it."""

from dataclasses import replace

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.users import delete_user
from entrepot.registry.accounting import Accountant
from entrepot.registry.counted_tables import pull_last
from entrepot.registry.deletion import plan_deletion
from entrepot.registry.last_pulls import LastPull, show_last_pull
from entrepot.registry.removal import plan_removal
from entrepot.registry.usage import forget_pulls
from entrepot.registry.versions import list_versions
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.names import RepositoryName, TagName, UserName
from tests.make.image import Image
from tests.make.looking import rows_in
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")


@pytest.fixture
async def image(rooms: Rooms) -> Image:
    await rooms.organization("acme")
    return await rooms.push(APP, "v1")


async def pulled(rooms: Rooms, by: str, reference: str = "v1", method: str = "GET") -> None:
    rooms.registry.counts.answered(method, APP, reference, "sha256:any", by)
    await Accountant(rooms.registry).keep()


async def told(rooms: Rooms, actor: object = None) -> dict[str, LastPull | None]:
    found, _ = await list_versions(
        rooms.registry, actor or rooms.admin, APP, WantedTags("", TagOrder.NAME, False)  # type: ignore[arg-type]
    )  # fmt: skip
    return {one.tagged.name: one.last_pull for one in found}


async def test_the_last_one_to_pull_is_told_with_the_time(rooms: Rooms, image: Image) -> None:
    ann, bob = await rooms.user("ann"), await rooms.user("bob")
    await rooms.push(APP, "v2")
    await pulled(rooms, ann.id)
    rooms.clock.advance(minutes=1)
    await pulled(rooms, bob.id)
    await pulled(rooms, ann.id, method="HEAD")  # who only asks does not pull
    last = LastPull(rooms.clock.now(), "bob")

    assert await told(rooms) == {"v1": last, "v2": None}
    assert await show_last_pull(rooms.registry, rooms.admin, APP) == last
    plan = await plan_deletion(rooms.registry, rooms.admin, APP, [TagName("v1"), TagName("v2")])
    assert [one.last_pull for one in plan.doomed] == [last, None]
    assert (await plan_removal(rooms.registry, rooms.admin, APP)).last_pull == last


async def test_a_pull_by_digest_counts_for_its_tag(rooms: Rooms, image: Image) -> None:
    ann = await rooms.user("ann")
    await pulled(rooms, ann.id, str(image.digest))

    assert await told(rooms) == {"v1": LastPull(rooms.clock.now(), "ann")}


async def test_who_may_not_edit_sees_the_day_alone(rooms: Rooms, image: Image) -> None:
    for name, level in (("reader", Level.READ), ("editor", Level.EDIT)):
        await rooms.user(name)
        await rooms.grant(APP, name, level)
    reader, editor = await rooms.sign_in("reader"), await rooms.sign_in("editor")
    await pulled(rooms, reader.id)
    last = LastPull(rooms.clock.now(), "reader")

    assert await told(rooms, editor) == {"v1": last}
    assert await told(rooms, reader) == {"v1": None}
    assert await show_last_pull(rooms.registry, reader, APP) is None
    found, _ = await list_versions(rooms.registry, reader, APP, WantedTags("", TagOrder.NAME, False))
    assert found[0].last_pulled == rooms.clock.now().date()


async def test_strangers_accounts_that_are_gone_and_nobody_are_told_apart(rooms: Rooms, image: Image) -> None:
    await rooms.domain("guests")
    boss, ann = await rooms.sign_in("guests/boss"), await rooms.user("ann")
    now = rooms.clock.now()

    await pulled(rooms, boss.id)
    assert (await told(rooms))["v1"] == LastPull(now, "guests/boss")
    await pulled(rooms, "")
    assert (await told(rooms))["v1"] == LastPull(now, "", is_anonymous=True)
    await pulled(rooms, ann.id)
    await delete_user(rooms.accounts, rooms.admin, UserName("ann"))
    assert (await told(rooms))["v1"] == LastPull(now, "")


async def test_what_could_not_be_kept_is_kept_with_who_pulled_it_later(rooms: Rooms, image: Image) -> None:
    ann, bob = await rooms.user("ann"), await rooms.user("bob")
    counts = rooms.registry.counts
    counts.answered("GET", APP, "v1", "sha256:any", ann.id)
    taken = counts.take()
    counts.answered("GET", APP, "v1", "sha256:any", bob.id)
    counts.add(taken)
    await Accountant(rooms.registry).keep()

    assert await told(rooms) == {"v1": LastPull(rooms.clock.now(), "bob")}


async def test_what_is_long_past_is_forgotten(rooms: Rooms, image: Image) -> None:
    await pulled(rooms, "")
    settings = replace(rooms.registry.settings, accounting_days=40)
    registry = replace(rooms.registry, settings=settings)

    rooms.clock.advance(days=40)
    await forget_pulls(registry)
    assert await rows_in(rooms.db, pull_last) == 1
    rooms.clock.advance(days=1)
    await forget_pulls(registry)

    assert await rows_in(rooms.db, pull_last) == 0
