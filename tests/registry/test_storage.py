"""Storage: how much a thing holds, and how much would be freed if it alone were gone."""

import pytest

from entrepot.access.levels import Level
from entrepot.registry import counting
from entrepot.registry.counting import Storage, measure_stores
from entrepot.registry.organizations import create_organization
from entrepot.registry.push import push_manifest
from entrepot.registry.storage import (
    show_organization_storage,
    show_repository_storage,
    show_version_storage,
)
from entrepot.registry.usage import show_overview
from entrepot.values.errors import AccessDenied, TooMany
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.furnish import push_image, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

ACME, LAB = OrganizationName("acme"), OrganizationName("lab")
APP, WEB, COPY = RepositoryName("acme/app"), RepositoryName("acme/web"), RepositoryName("lab/app")


@pytest.fixture(autouse=True)
async def organizations(rooms: Rooms) -> None:
    for name in (ACME, LAB):
        await rooms.organization(name)


def size(*images: Image) -> int:
    return sum({blob.digest: len(blob.content) for image in images for blob in image.blobs}.values())


async def version(rooms: Rooms, tag: str, path: RepositoryName = APP) -> tuple[int, int | None]:
    found = await show_version_storage(rooms.registry, rooms.admin, path, TagName(tag))
    return found.exclusive_bytes or 0, found.shared_bytes


async def test_what_other_repositories_hold_is_shared(rooms: Rooms) -> None:
    own = await rooms.push(APP, "own")
    inside = await rooms.push(APP, "inside")
    await rooms.push(WEB, "inside", inside)
    outside = await rooms.push(APP, "outside")
    await rooms.push(COPY, "outside", outside)
    registry, admin = rooms.registry, rooms.admin

    app, web = [await show_repository_storage(registry, admin, path) for path in (APP, WEB)]
    acme, lab = [await show_organization_storage(registry, admin, name) for name in (ACME, LAB)]

    assert (app.stored_bytes, app.exclusive_bytes) == (size(own, inside, outside), size(own))
    assert app.shared_bytes == size(inside, outside)
    assert web == Storage(size(inside), 0)
    assert acme == Storage(size(own, inside, outside), size(own, inside))
    assert lab == Storage(size(outside), 0)
    assert await version(rooms, "own") == (size(own), 0)
    assert await version(rooms, "outside") == (0, size(outside))
    assert (await show_overview(registry, admin)).storage == Storage(acme.stored_bytes, acme.stored_bytes)


async def test_a_domain_shares_what_another_one_holds(rooms: Rooms) -> None:
    own, common = await rooms.push(APP, "own"), await rooms.push(APP, "common")
    await rooms.domain("guests")
    boss = await rooms.sign_in("guests/boss")
    await create_organization(rooms.registry, boss, OrganizationName("theirs"))
    await push_image(rooms.registry, boss, "theirs/app", common, "v1")

    ours, theirs = [(await show_overview(rooms.registry, actor)).storage for actor in (rooms.admin, boss)]

    assert ours == Storage(size(own, common), size(own))
    assert theirs == Storage(size(common), 0)
    ann = await rooms.user("ann")
    assert (await show_overview(rooms.registry, ann)).storage == Storage(size(own, common), None), "no administrator"


async def test_a_second_tag_and_an_index_hold_an_image(rooms: Rooms) -> None:
    image, part = await rooms.push(APP, "v1"), await rooms.push(APP, "part")
    await push_only(rooms.registry, rooms.admin, APP, image, "same")
    index = Image.index(part)
    await push_manifest(rooms.registry, rooms.admin, APP, TagName("all"), index.body, index.media_type)

    assert await version(rooms, "v1") == (0, size(image))
    assert await version(rooms, "part") == (0, size(part))
    assert await version(rooms, "all") == (0, size(part)), "its platform has a tag of its own"
    whole = await show_version_storage(rooms.registry, rooms.admin, APP, image.digest)
    assert whole == Storage(size(image), size(image)), "with all its tags"


async def test_layers_of_another_image_in_the_repository_are_shared(rooms: Rooms) -> None:
    common = Blob(b"a common base")
    base, upper = Image.make(holding=[common]), Image.make(holding=[common])
    await rooms.push(APP, "base", base)
    await rooms.push(APP, "upper", upper)

    shared = len(common.content)
    assert await version(rooms, "upper") == (size(upper) - shared, shared)
    assert await version(rooms, "base") == (size(base) - shared, shared)


async def test_what_is_held_alone_is_told_to_who_manages_it(rooms: Rooms) -> None:
    await rooms.push(APP, "v1")
    reader, manager = await rooms.user("reader"), await rooms.user("manager")
    await rooms.grant("acme", "reader", Level.EDIT)
    await rooms.grant("acme", "manager", Level.MANAGE)

    for actor, is_told in ((reader, False), (manager, True)):
        repository = await show_repository_storage(rooms.registry, actor, APP)
        organization = await show_organization_storage(rooms.registry, actor, ACME)
        assert (repository.exclusive_bytes is not None, organization.exclusive_bytes is not None) == (is_told, is_told)
        assert repository.stored_bytes == organization.stored_bytes > 0
    with pytest.raises(AccessDenied):
        await show_version_storage(rooms.registry, reader, APP, TagName("v1"))


async def test_much_is_told_as_it_was_measured(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LINKS_MANY", 1)
    image, other = await rooms.push(APP, "v1"), await rooms.push(APP, "v2")
    await rooms.push(COPY, "v2", other)
    registry, admin, stored = rooms.registry, rooms.admin, size(image, other)
    assert await show_repository_storage(registry, admin, APP) == Storage(stored, None)
    assert await show_organization_storage(registry, admin, ACME) == Storage(stored, None)

    await measure_stores(registry)
    then = rooms.clock.now()
    rooms.clock.advance(minutes=5)
    await rooms.push(APP, "v3")

    assert await show_repository_storage(registry, admin, APP) == Storage(stored, size(image), then)
    assert await show_organization_storage(registry, admin, ACME) == Storage(stored, size(image), then)
    assert (await show_overview(registry, admin)).storage == Storage(stored, stored, then)


async def test_what_hangs_on_very_many_manifests_is_not_looked_at(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [await rooms.push(APP, tag) for tag in ("a", "b", "c")]
    index = Image.index(*parts)
    await push_manifest(rooms.registry, rooms.admin, APP, TagName("all"), index.body, index.media_type)
    monkeypatch.setattr("entrepot.registry.storage._MANIFESTS_MAX", 3)

    with pytest.raises(TooMany):
        await version(rooms, "all")
