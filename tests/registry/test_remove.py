"""Removing: what something else needs stays, the rest is gone at once, and its bytes wait for review."""

import pytest

from entrepot.registry import pull
from entrepot.registry.lists import list_catalog, list_tags
from entrepot.registry.organizations import delete_organization, show_organization
from entrepot.registry.remove import delete_blob, delete_manifest, delete_tag
from entrepot.registry.repositories import delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.tables import manifest, manifest_blob, manifest_child, repository_blob, tag, upload, upload_part
from entrepot.registry.uploads import append, show_upload, start_upload
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    ManifestUnknown,
    OrganizationNotEmpty,
    OrganizationUnknown,
    RepositoryUnknown,
    Unsupported,
    UploadUnknown,
)
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import chunks, push_blobs, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.looking import dropped, rows_in
from tests.make.rooms import Rooms

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")
ANY = Accept.parse([])


async def is_there(registry: Registry, cast: Cast, path: RepositoryName, reference: TagName | Digest) -> bool:
    try:
        await pull.find_manifest(registry, cast["admin"], path, reference, ANY)
    except ManifestUnknown:
        return False
    return True


async def test_deleting_a_tag_leaves_the_manifest_and_its_other_tags(cast: Cast, registry: Registry) -> None:
    await push_only(registry, cast["editor"], APP, cast.image, "v2")

    await delete_tag(registry, cast["manager"], APP, TagName("v1"))

    assert not await is_there(registry, cast, APP, TagName("v1"))
    assert await is_there(registry, cast, APP, TagName("v2"))
    await delete_tag(registry, cast["manager"], APP, TagName("v2"))
    assert await is_there(registry, cast, APP, cast.image.digest)
    for name in ("v1", "v2", "never"):
        with pytest.raises(ManifestUnknown):
            await delete_tag(registry, cast["manager"], APP, TagName(name))


async def test_deleting_a_manifest_takes_all_its_tags(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await push_only(registry, cast["editor"], APP, cast.image, "v2")
    other = await rooms.push(APP, "v3")

    rooms.clock.advance(hours=1)
    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)

    assert (await list_tags(registry, cast["admin"], APP, "", 10)).items == ["v3"]
    assert not await is_there(registry, cast, APP, cast.image.digest)
    assert await is_there(registry, cast, APP, other.digest)
    assert await dropped(rooms.db, rooms.clock.now()) == {str(blob.digest) for blob in cast.image.blobs}
    with pytest.raises(ManifestUnknown):
        await delete_manifest(registry, cast["manager"], APP, cast.image.digest)


async def test_a_manifest_that_an_index_names_stays_until_the_index_goes(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    outer = await rooms.push(APP, "outer", Image.index(await rooms.push(APP, "inner", Image.index(cast.image))))
    inner = await pull.find_manifest(registry, cast["admin"], APP, TagName("inner"), ANY)
    inner_digest = Digest.parse(inner.digest)

    for needed, user in ((cast.image.digest, inner.digest), (inner_digest, str(outer.digest))):
        with pytest.raises(Unsupported) as refused:
            await delete_manifest(registry, cast["manager"], APP, needed)
        assert refused.value.detail["used_by"] == user

    for digest in (outer.digest, inner_digest, cast.image.digest):
        await delete_manifest(registry, cast["manager"], APP, digest)


async def test_a_manifest_with_referrers_can_go_and_they_stay(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    referrer = await rooms.push(APP, "sig", Image.make(subject=cast.image))

    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)

    assert await is_there(registry, cast, APP, referrer.digest)


async def test_a_blob_that_a_manifest_names_stays_until_the_manifest_goes(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    config = cast.image.blobs[0].digest
    with pytest.raises(Unsupported) as refused:
        await delete_blob(registry, cast["manager"], APP, config)
    assert refused.value.detail["used_by"] == str(cast.image.digest)

    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)
    await delete_blob(registry, cast["manager"], APP, config)

    for _ in range(2):
        with pytest.raises(BlobUnknown):
            await pull.find_blob(registry, cast["admin"], APP, config)
        with pytest.raises(BlobUnknown):
            await delete_blob(registry, cast["manager"], APP, config)


async def test_deleting_a_blob_hides_it_here_and_nowhere_else(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    loose = Blob(b"loose")
    for path in (APP, OPEN):
        await push_blobs(registry, cast["admin"], path, [loose])

    rooms.clock.advance(hours=1)
    await delete_blob(registry, cast["manager"], APP, loose.digest)

    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["admin"], APP, loose.digest)
    assert await pull.find_blob(registry, cast["admin"], OPEN, loose.digest) == 5
    assert await dropped(rooms.db, rooms.clock.now()) == {str(loose.digest)}
    assert await rooms.blobs.stat(loose.digest) == 5  # bytes go later


async def test_a_digest_dropped_again_waits_anew(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    loose = Blob(b"loose")
    for _ in range(2):
        await push_blobs(registry, cast["editor"], APP, [loose])
        rooms.clock.advance(hours=1)
        await delete_blob(registry, cast["manager"], APP, loose.digest)

    assert await dropped(rooms.db, rooms.clock.now()) == {str(loose.digest)}


async def test_deleting_a_repository_leaves_nothing_of_it(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    loose = Blob(b"loose")
    await push_blobs(registry, cast["editor"], APP, [loose])
    await rooms.push(APP, "index", Image.index(cast.image))
    begun = await start_upload(registry, cast["editor"], APP)
    await append(registry, cast["editor"], APP, begun.id, chunks(b"half"))

    rooms.clock.advance(hours=1)
    await delete_repository(registry, cast["manager"], APP)

    with pytest.raises(RepositoryUnknown):
        await list_tags(registry, cast["admin"], APP, "", 10)
    assert (await list_catalog(registry, cast["admin"], "", 10)).items == ["acme/open"]
    assert await dropped(rooms.db, rooms.clock.now()) == {str(blob.digest) for blob in (*cast.image.blobs, loose)}
    for table, left in (
        (upload, 0),
        (upload_part, 0),
        (tag, 1),
        (manifest, 1),
        (manifest_blob, len(cast.open_image.blobs)),
        (manifest_child, 0),
        (repository_blob, len(cast.open_image.blobs)),
    ):
        assert (table.name, await rows_in(rooms.db, table)) == (table.name, left)
    assert [key async for key in rooms.blobs.list_parts(0)] == []


async def test_a_name_that_is_made_again_starts_clean(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    begun = await start_upload(registry, cast["editor"], APP)
    await delete_repository(registry, cast["admin"], APP)
    await rooms.push(APP, "new")

    for who in ("anonymous", "reader", "editor", "manager"):
        with pytest.raises(Exception, match=r"There is no repository|Authentication is required"):
            await list_tags(registry, cast[who], APP, "", 10)
    assert (await list_tags(registry, cast["admin"], APP, "", 10)).items == ["new"]
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["admin"], APP, cast.image.blobs[0].digest)
    await rooms.repository("acme/again", is_public=True)
    await delete_repository(registry, cast["admin"], RepositoryName("acme/again"))
    await rooms.repository("acme/again")
    assert "acme/again" not in (await list_catalog(registry, cast["anonymous"], "", 10)).items
    with pytest.raises(UploadUnknown):
        await show_upload(registry, cast["admin"], APP, begun.id)


async def test_a_neighbour_with_a_longer_name_is_left_alone(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    for path in ("acme/app/inner", "acme/app-2", "acme/app_2"):
        await rooms.repository(path, is_public=True)

    await delete_repository(registry, cast["manager"], APP)

    left = ["acme/app-2", "acme/app/inner", "acme/app_2", "acme/open"]
    assert (await list_catalog(registry, cast["anonymous"], "", 10)).items == left


async def test_an_organization_goes_when_it_is_empty_and_takes_its_permissions(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    acme = OrganizationName("acme")
    await rooms.organization("acme_2")
    for path in (APP, OPEN):
        with pytest.raises(OrganizationNotEmpty):
            await delete_organization(registry, cast["admin"], acme)
        await delete_repository(registry, cast["admin"], path)
    await delete_organization(registry, cast["admin"], acme)
    with pytest.raises(OrganizationUnknown):
        await show_organization(registry, cast["admin"], acme)
    await show_organization(registry, cast["admin"], OrganizationName("acme_2"))

    await rooms.organization("acme", by=cast["stranger"])
    with pytest.raises(OrganizationUnknown):
        await show_organization(registry, cast["manager"], acme)


async def test_a_manifest_is_pushed_again_after_it_was_deleted(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)

    await push_image(registry, cast["editor"], APP, cast.image, "v1")

    assert await is_there(registry, cast, APP, TagName("v1"))
