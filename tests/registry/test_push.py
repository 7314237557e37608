"""Pushing manifests: completeness, tags, mounts on the way, and what is written."""

import asyncio

import pytest

from entrepot.registry import pull
from entrepot.registry.browse import show_repository
from entrepot.registry.lists import list_catalog
from entrepot.registry.organizations import change_organization
from entrepot.registry.push import push_manifest
from entrepot.registry.room import Registry
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    DigestMismatch,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    OrganizationUnknown,
    ParameterInvalid,
)
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_blobs, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.looking import tag_rows
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
ANY = Accept.parse([])


async def body_of(registry: Registry, cast: Cast, path: str, reference: str) -> bytes:
    found = await pull.find_manifest(registry, cast["admin"], RepositoryName(path), TagName(reference), ANY)
    return found.body


async def test_what_is_pushed_is_pulled_byte_for_byte(cast: Cast, registry: Registry) -> None:
    image = Image.make(layers=3, unheard={"of": ["ü", 1.50, None]})

    pushed = await push_image(registry, cast["editor"], APP, image, "v2")

    assert (pushed.digest, pushed.tags, pushed.warnings, pushed.subject) == (image.digest, ("v2",), (), None)
    assert await body_of(registry, cast, APP, "v2") == image.body


async def test_a_push_names_every_missing_blob(cast: Cast, registry: Registry) -> None:
    image = Image.make(layers=3)
    await push_blobs(registry, cast["editor"], APP, image.blobs[1:2])

    with pytest.raises(ManifestBlobUnknown) as refused:
        await push_only(registry, cast["editor"], APP, image, "v2")

    lacking = (image.blobs[0], *image.blobs[2:])
    assert refused.value.detail["digests"] == [str(blob.digest) for blob in lacking]
    with pytest.raises(ManifestUnknown):
        await body_of(registry, cast, APP, "v2")


async def test_an_index_needs_its_images_here_also_when_they_are_elsewhere(cast: Cast, registry: Registry) -> None:
    index = Image.index(cast.image, cast.open_image)

    with pytest.raises(ManifestBlobUnknown) as refused:
        await push_only(registry, cast["editor"], APP, index, "both")

    assert refused.value.detail["digests"] == [str(cast.open_image.digest)]


async def test_blobs_that_the_pusher_may_read_elsewhere_are_mounted(cast: Cast, registry: Registry) -> None:
    await push_only(registry, cast["admin"], "acme/copy", cast.image, "v1")

    for blob in cast.image.blobs:
        size = await pull.find_blob(registry, cast["admin"], RepositoryName("acme/copy"), blob.digest)
        assert size == len(blob.content)


async def test_blobs_that_the_pusher_may_not_read_are_missing(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await rooms.organization("theirs", by=cast["stranger"])

    with pytest.raises(ManifestBlobUnknown) as refused:
        await push_only(registry, cast["stranger"], "theirs/copy", cast.image, "v1")

    assert refused.value.detail["digests"] == [str(blob.digest) for blob in cast.image.blobs]


async def test_a_sparse_organization_takes_what_is_incomplete_with_a_word(cast: Cast, registry: Registry) -> None:
    await change_organization(registry, cast["admin"], OrganizationName("acme"), True)
    image = Image.make()

    pushed = await push_only(registry, cast["editor"], APP, image, "sparse")
    index = await push_only(registry, cast["editor"], APP, Image.index(image, Image.make()), "index")

    assert len(pushed.warnings) == len(index.warnings) == 1
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["admin"], APP, image.blobs[0].digest)


async def test_pushing_twice_changes_only_when_the_tag_was_pushed(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    [before] = await tag_rows(rooms.db, APP)
    rooms.clock.advance(seconds=5)

    await push_only(registry, cast["editor"], APP, cast.image, "v1")

    [after] = await tag_rows(rooms.db, APP)
    assert after.pushed_at == rooms.clock.now()
    assert after._asdict() == before._asdict() | {"pushed_at": after.pushed_at}


async def test_a_push_by_digest_moves_the_tags_it_names(cast: Cast, registry: Registry) -> None:
    image = Image.make()
    await push_blobs(registry, cast["editor"], APP, image.blobs)

    pushed = await push_only(registry, cast["editor"], APP, image, tags=["v1", "v2", "v1"])

    assert pushed.tags == ("v1", "v2")
    assert await body_of(registry, cast, APP, "v1") == await body_of(registry, cast, APP, "v2") == image.body


async def test_a_push_by_another_digest_is_refused(cast: Cast, registry: Registry) -> None:
    for digest in (Digest.of(b"?"), Digest.of(b"?", "sha512")):
        with pytest.raises(DigestMismatch):
            await push_manifest(registry, cast["editor"], APP, digest, cast.image.body, cast.image.media_type)


async def test_one_body_can_be_kept_under_two_algorithms(cast: Cast, registry: Registry) -> None:
    digest = Digest.of(cast.image.body, "sha512")

    await push_manifest(registry, cast["editor"], APP, digest, cast.image.body, cast.image.media_type)

    for reference in (digest, cast.image.digest):
        found = await pull.find_manifest(registry, cast["reader"], APP, reference, ANY)
        assert (found.digest, found.body) == (str(reference), cast.image.body)


async def test_a_push_into_an_unknown_organization_says_how_to_make_one(cast: Cast, registry: Registry) -> None:
    with pytest.raises(OrganizationUnknown) as refused:
        await push_image(registry, cast["admin"], "nowhere/app", Image.make(), "v1")

    assert "entrepot org create nowhere" in refused.value.message


async def test_a_new_repository_is_private(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    image = await rooms.push("acme/new", "v1")

    assert await body_of(registry, cast, "acme/new", "v1") == image.body
    shown = await show_repository(registry, cast["admin"], RepositoryName("acme/new"))
    assert not shown.repository.is_public


async def test_what_is_no_manifest_is_refused_before_anything_is_written(cast: Cast, registry: Registry) -> None:
    for body in (b"", b"{}", b"null", b"[]", b'{"schemaVersion":2}', b"\xff"):
        with pytest.raises(ManifestInvalid):
            await push_manifest(registry, cast["admin"], RepositoryName("acme/bad"), TagName("v1"), body, OCI_INDEX)
    tags = [TagName(f"t{number}") for number in range(101)]
    with pytest.raises(ParameterInvalid):
        await push_manifest(registry, cast["editor"], APP, cast.image.digest, cast.image.body, None, tags)
    assert (await list_catalog(registry, cast["admin"], "", 10)).items == ["acme/app", "acme/open"]


async def test_many_pushes_of_one_image_at_once_all_succeed(cast: Cast, registry: Registry) -> None:
    image = Image.make(layers=4)

    async def push(number: int) -> None:
        await push_blobs(registry, cast["editor"], APP, image.blobs)
        await push_only(registry, cast["editor"], APP, image, "same")
        await push_only(registry, cast["editor"], APP, image, f"n{number}")

    await asyncio.gather(*(push(number) for number in range(12)))

    for tag in ("same", "n0", "n11"):
        assert await body_of(registry, cast, APP, tag) == image.body


async def test_many_new_repositories_of_one_name_at_once_are_one(cast: Cast, registry: Registry) -> None:
    blobs = [Blob(f"blob {number}".encode()) for number in range(12)]

    await asyncio.gather(*(push_blobs(registry, cast["admin"], "acme/raced", [blob]) for blob in blobs))

    for blob in blobs:
        assert await pull.find_blob(registry, cast["admin"], RepositoryName("acme/raced"), blob.digest)
