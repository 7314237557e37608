"""What happens at the same time ends as if one had come after the other: nobody sees the database's own errors."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import func, select

from entrepot.access.levels import Level
from entrepot.access.tables import grant
from entrepot.registry.lists import list_catalog
from entrepot.registry.members import Wanted, add_members
from entrepot.registry.organizations import create_organization, delete_organization
from entrepot.registry.pull import find_blob, find_manifest
from entrepot.registry.remove import delete_blob, delete_manifest, delete_tag
from entrepot.registry.repositories import change_repository, create_repository, delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.uploads import mount_blob
from entrepot.values.accept import Accept
from entrepot.values.errors import OrganizationNotEmpty, Refused
from entrepot.values.manifest import Manifest
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_blobs, push_image, push_only
from tests.make.image import Image
from tests.make.looking import tag_rows
from tests.make.rooms import Rooms

RACED, LAB = RepositoryName("acme/raced"), OrganizationName("lab")


async def together(*verbs: Coroutine[Any, Any, object]) -> list[object]:
    """Run them at once; what each returned or how it was refused. Anything else fails the test."""
    results = await asyncio.gather(*verbs, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refused):
            raise result
    return results


async def test_pushing_into_a_repository_that_is_being_deleted(cast: Cast, registry: Registry) -> None:
    admin = cast["admin"]
    for _ in range(8):
        image = Image.make()
        await push_blobs(registry, admin, RACED, image.blobs)

        await together(
            push_only(registry, admin, RACED, image, "v1"),
            push_image(registry, admin, RACED, image, "v2"),
            delete_repository(registry, admin, RACED),
            mount_blob(registry, admin, RACED, cast.image.blobs[0].digest, RepositoryName("acme/app")),
        )

        page = await list_catalog(registry, admin, "", 10)
        if RACED in page.items:
            await delete_repository(registry, admin, RACED)


async def test_deleting_what_is_being_pushed(cast: Cast, registry: Registry) -> None:
    """A manifest that was accepted has all its blobs, whatever was deleted meanwhile."""
    admin = cast["admin"]
    for _ in range(8):
        image = Image.make(layers=2)
        await push_blobs(registry, admin, RACED, image.blobs)

        pushed, *_ = await together(
            push_only(registry, admin, RACED, image, "v1"),
            *(delete_blob(registry, admin, RACED, blob.digest) for blob in image.blobs),
        )

        if not isinstance(pushed, Refused):
            found = await find_manifest(registry, admin, RACED, TagName("v1"), Accept.parse([]))
            for blob in Manifest.parse(found.body, found.media_type).blobs:
                assert await find_blob(registry, admin, RACED, blob.digest)


async def test_one_tag_moved_by_many_has_one_present(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    admin = cast["admin"]
    images = [Image.index(annotations={"n": str(number)}) for number in range(8)]
    await together(
        *(push_only(registry, admin, RACED, image, "v1") for image in images),
        *(delete_tag(registry, admin, RACED, TagName("v1")) for _ in range(3)),
        *(push_only(registry, admin, RACED, image, tags=["v1", "v2"]) for image in images),
        *(push_only(registry, admin, RACED, image, tags=["v2", "v1"]) for image in images),
        *(delete_manifest(registry, admin, RACED, image.digest) for image in images[:3]),
    )

    rows = await tag_rows(rooms.db, RACED)
    for name in ("v1", "v2"):
        assert sum(row.name == name and row.valid_until is None for row in rows) <= 1
    for row in rows:
        if row.valid_until is None:
            await find_manifest(registry, admin, RACED, TagName(row.name), Accept.parse([]))


async def test_an_organization_that_fills_while_it_is_deleted(cast: Cast, registry: Registry) -> None:
    admin = cast["admin"]
    for number in range(8):
        await create_organization(registry, admin, LAB)
        path = RepositoryName(f"lab/r{number}")

        deleted, *_ = await together(
            delete_organization(registry, admin, LAB),
            create_repository(registry, admin, path, False),
            push_blobs(registry, admin, RepositoryName(f"lab/p{number}"), cast.image.blobs),
        )

        here = [name for name in (await list_catalog(registry, admin, "", 100)).items if name.startswith("lab/")]
        if isinstance(deleted, OrganizationNotEmpty):
            assert here
            for name in here:
                await delete_repository(registry, admin, RepositoryName(name))
            await delete_organization(registry, admin, LAB)
        else:
            assert not here


async def test_one_name_made_by_many_is_made_once(cast: Cast, registry: Registry) -> None:
    admin = cast["admin"]
    made = await together(*(create_organization(registry, admin, LAB) for _ in range(6)))
    assert sum(not isinstance(one, Refused) for one in made) == 1

    made = await together(*(create_repository(registry, admin, RACED, number % 2 == 0) for number in range(6)))
    assert sum(not isinstance(one, Refused) for one in made) == 1


async def test_a_permission_given_while_its_repository_is_deleted_is_not_left_behind(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    admin = cast["admin"]
    for _ in range(6):
        await create_repository(registry, admin, RACED, False)

        await together(
            delete_repository(registry, admin, RACED),
            add_members(registry, admin, RACED, [Wanted("stranger", Level.READ)]),
            change_repository(registry, admin, RACED, is_public=True),
        )

        async with rooms.db.reading() as tx:
            assert await tx.value(select(func.count()).where(grant.c.scope == RACED)) == 0
