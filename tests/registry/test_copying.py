"""Copies within the registry: complete, in order, by the rights of whoever copies, without moving a byte."""

import pytest

from entrepot.access.actor import Actor
from entrepot.access.levels import Level
from entrepot.registry.copying import copy_image
from entrepot.registry.lists import list_referrers
from entrepot.registry.push import push_manifest
from entrepot.registry.room import Registry
from entrepot.registry.tagged import show_tag
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    AccessDenied,
    ManifestUnknown,
    OrganizationUnknown,
    RepositoryUnknown,
    TagExists,
)
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Image
from tests.make.rooms import Rooms

APP, COPY, ELSEWHERE = RepositoryName("acme/app"), RepositoryName("acme/copy"), RepositoryName("other/app")
V1, V2 = TagName("v1"), TagName("v2")


@pytest.fixture
async def multi(rooms: Rooms, cast: Cast) -> Image:
    """An index of two platforms in `acme/app:multi`, one of them signed, and the signature itself signed."""
    platforms = [Image.make(architecture=one) for one in ("amd64", "arm64")]
    for one in platforms:
        await push_image(rooms.registry, rooms.admin, APP, one)
    index = Image.index(*platforms)
    await push_manifest(rooms.registry, rooms.admin, APP, TagName("multi"), index.body, index.media_type)
    signature = Image.make(subject=platforms[0], artifactType="application/vnd.example.signature")
    await push_image(rooms.registry, rooms.admin, APP, signature)
    await push_image(
        rooms.registry,
        rooms.admin,
        APP,
        Image.make(subject=signature, artifactType="application/vnd.example.signature"),
    )
    return index


async def test_an_image_is_in_the_other_repository_too_under_its_tag(rooms: Rooms, cast: Cast, registry: Registry):
    made = await copy_image(registry, rooms.admin, APP, V1, COPY, V2)

    assert (made.digest, made.manifests) == (cast.image.digest, 1)
    assert (await show_tag(registry, rooms.admin, COPY, V2)).digest == str(cast.image.digest)
    assert (await show_tag(registry, rooms.admin, APP, V1)).digest == str(cast.image.digest)


async def test_platforms_and_what_refers_to_them_come_along(rooms: Rooms, multi: Image, registry: Registry):
    made = await copy_image(registry, rooms.admin, APP, TagName("multi"), COPY, V1)

    assert made.manifests == 5
    platform = Digest.parse(multi.children[0])
    listed = await list_referrers(registry, rooms.admin, COPY, platform, None, "")
    assert len(listed.descriptors) == 1
    again = await list_referrers(registry, rooms.admin, COPY, Digest.parse(listed.descriptors[0]["digest"]), None, "")
    assert len(again.descriptors) == 1


async def test_referrers_stay_behind_when_that_is_said(rooms: Rooms, multi: Image, registry: Registry):
    made = await copy_image(registry, rooms.admin, APP, TagName("multi"), COPY, V1, with_referrers=False)
    assert made.manifests == 3
    listed = await list_referrers(registry, rooms.admin, COPY, Digest.parse(multi.children[0]), None, "")
    assert listed.descriptors == []


async def test_a_tag_that_names_something_else_moves_only_when_it_may(rooms: Rooms, cast: Cast, registry: Registry):
    other = await rooms.push(COPY, "v1")
    with pytest.raises(TagExists):
        await copy_image(registry, rooms.admin, APP, V1, COPY, V1)
    assert (await show_tag(registry, rooms.admin, COPY, V1)).digest == str(other.digest)

    await copy_image(registry, rooms.admin, APP, V1, COPY, V1, may_move=True)
    assert (await show_tag(registry, rooms.admin, COPY, V1)).digest == str(cast.image.digest)
    await copy_image(registry, rooms.admin, APP, V1, COPY, V1)  # again, which changes nothing


@pytest.mark.parametrize(
    ("who", "wanted"),
    [("stranger", RepositoryUnknown), ("reader", AccessDenied), ("anonymous", Exception)],
)
async def test_who_may_not_read_the_one_or_push_to_the_other_copies_nothing(
    rooms: Rooms, cast: Cast, registry: Registry, who: str, wanted: type[Exception]
):
    with pytest.raises(wanted):
        await copy_image(registry, cast[who], APP, V1, RepositoryName("acme/app"), V2)


async def test_a_reader_copies_into_an_organization_of_their_own(rooms: Rooms, cast: Cast, registry: Registry):
    reader: Actor = cast["reader"]
    await rooms.organization("other", by=reader)
    await copy_image(registry, reader, APP, V1, ELSEWHERE, V1)
    assert (await show_tag(registry, reader, ELSEWHERE, V1)).digest == str(cast.image.digest)


async def test_what_is_not_there_cannot_be_copied_nor_to_where_nothing_is(rooms: Rooms, cast: Cast, registry: Registry):
    with pytest.raises(ManifestUnknown):
        await copy_image(registry, rooms.admin, APP, TagName("none"), COPY, V1)
    with pytest.raises(OrganizationUnknown):
        await copy_image(registry, rooms.admin, APP, V1, RepositoryName("nowhere/app"), V1)


async def test_the_right_to_read_is_asked_for_again_when_the_copy_is_made_by_digest(
    rooms: Rooms, cast: Cast, registry: Registry
):
    stranger = cast["stranger"]
    await rooms.organization("other", by=stranger)
    with pytest.raises(RepositoryUnknown):
        await copy_image(registry, stranger, APP, cast.image.digest, ELSEWHERE, V1)
    await rooms.grant(APP, "stranger", Level.READ)
    assert (await copy_image(registry, stranger, APP, cast.image.digest, ELSEWHERE)).manifests == 1
