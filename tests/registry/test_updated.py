"""When a repository was last changed: lists sort by it, and nobody waits for anybody to write it down."""

import asyncio
from datetime import datetime

import pytest

from entrepot.registry.browse import show_repository
from entrepot.registry.queries.changed import set_changed
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.repositories import change_repository
from entrepot.registry.room import Registry
from entrepot.values.errors import ManifestUnknown
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Image
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")


async def updated_at(registry: Registry, cast: Cast) -> datetime:
    return (await show_repository(registry, cast["admin"], APP)).repository.updated_at


async def test_every_change_of_what_it_holds_moves_a_repositorys_time(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    admin = cast["admin"]
    for change in (
        lambda: push_only(registry, admin, APP, cast.image, "v2"),
        lambda: push_only(registry, admin, APP, cast.image),  # by digest, and nothing new
        lambda: delete_tag(registry, admin, APP, TagName("v2")),
        lambda: delete_manifest(registry, admin, APP, cast.image.digest),
        lambda: change_repository(registry, admin, APP, description="other"),
    ):
        rooms.clock.advance(seconds=10)
        await change()

        assert await updated_at(registry, cast) == rooms.clock.now()


async def test_what_is_refused_or_only_read_leaves_the_time(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    before = await updated_at(registry, cast)
    rooms.clock.advance(seconds=10)

    with pytest.raises(ManifestUnknown):
        await delete_tag(registry, cast["admin"], APP, TagName("no-such"))

    assert await updated_at(registry, cast) == before


async def test_the_time_never_goes_back(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    """A push that began earlier, or on a server whose clock is behind, may commit later."""
    repository = (await show_repository(registry, cast["admin"], APP)).repository
    early = rooms.clock.now()
    rooms.clock.advance(seconds=10)
    await push_only(registry, cast["admin"], APP, cast.image, "v2")

    async with rooms.db.writing() as tx:
        await set_changed(tx, repository.id, early)

    assert await updated_at(registry, cast) == rooms.clock.now()


async def test_pushes_of_many_tags_at_once_all_succeed_and_move_the_time(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    images = [Image.make() for _ in range(20)]
    rooms.clock.advance(seconds=10)
    first = rooms.clock.now()

    async def push(number: int) -> None:
        rooms.clock.advance(seconds=0.001)
        await push_image(registry, cast["editor"], APP, images[number], f"n{number}")

    await asyncio.gather(*(push(number) for number in range(len(images))))

    assert (await show_repository(registry, cast["admin"], APP)).tags == 1 + len(images)
    assert first <= await updated_at(registry, cast) <= rooms.clock.now()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time anyway
async def test_a_push_does_not_wait_for_another_one_under_way(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    repository = (await show_repository(registry, cast["admin"], APP)).repository
    rooms.clock.advance(seconds=10)
    async with rooms.db.writing() as tx:
        await set_changed(tx, repository.id, rooms.clock.now())

        async with asyncio.timeout(10):
            await push_only(registry, cast["admin"], APP, cast.image, "v2")

    assert await updated_at(registry, cast) == rooms.clock.now()
