"""Garbage collection: what nothing needs goes after its time, and nothing else ever does."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from entrepot.blobs.store import Part
from entrepot.operations.maintenance import close_to_move, open_unmoved
from entrepot.registry.lists import list_tags
from entrepot.registry.pull import find_blob, find_manifest, open_blob
from entrepot.registry.queries import content, dropped, names
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_domain_quotas, show_domain_quotas
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.repositories import delete_repository
from entrepot.registry.tables import gc_blob, gc_candidate, gc_link, gc_manifest
from entrepot.registry.uploads import mount_blob
from entrepot.upkeep import aging, strays
from entrepot.upkeep.collect import collect
from entrepot.upkeep.garbage import request_collection
from entrepot.upkeep.round import Round
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobLeaving, BlobUnknown, ManifestBlobUnknown, ManifestUnknown
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import chunks, push_blobs, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP, LIB = RepositoryName("acme/app"), RepositoryName("acme/lib")
ANY = Accept.parse([])


async def stored(rooms: Rooms) -> set[str]:
    return {str(digest) async for digest, _ in rooms.blobs.list()}


def digests(*images: Image) -> set[str]:
    return {str(blob.digest) for image in images for blob in image.blobs}


async def later(rooms: Rooms, **parts: float) -> None:
    """Some time passes, and a worker collects, twice: what the first left over is removed an hour later."""
    rooms.clock.advance(**parts)
    await collect(rooms.upkeep)
    rooms.clock.advance(hours=1)
    await collect(rooms.upkeep)


async def test_blobs_of_a_deleted_manifest_go_after_the_grace_time(cast: Cast) -> None:
    rooms, kept = cast.rooms, digests(cast.image, cast.open_image)
    image = await rooms.push("acme/app", "old")
    await delete_manifest(rooms.registry, rooms.admin, APP, image.digest)

    await later(rooms, hours=20)
    assert await stored(rooms) == kept | digests(image)
    await later(rooms, hours=5)

    assert await stored(rooms) == kept
    async with rooms.db.reading() as tx:
        for table in (gc_candidate, gc_link, gc_manifest):
            assert await tx.rows(select(table)) == [], table.name
        assert await tx.rows(select(gc_blob).where(gc_blob.c.removed_at.is_(None))) == []


async def test_a_layer_that_another_image_needs_stays(cast: Cast) -> None:
    rooms, shared = cast.rooms, Blob(b"shared by two")
    first, second = Image.make(holding=[shared]), Image.make(holding=[shared])
    await rooms.push("acme/app", "first", first)
    await rooms.push("acme/lib", "second", second)
    await delete_manifest(rooms.registry, rooms.admin, APP, first.digest)
    await later(rooms, hours=25)

    assert await stored(rooms) == digests(cast.image, cast.open_image, second)
    with pytest.raises(BlobUnknown):
        await find_blob(rooms.registry, rooms.admin, APP, shared.digest)
    assert await find_blob(rooms.registry, rooms.admin, LIB, shared.digest) == len(shared.content)


async def test_a_deleted_repository_leaves_nothing(cast: Cast) -> None:
    rooms = cast.rooms
    await rooms.push("acme/lib", "v1")
    await delete_repository(rooms.registry, rooms.admin, LIB)
    await later(rooms, hours=25)
    assert await stored(rooms) == digests(cast.image, cast.open_image)


async def test_a_layer_whose_manifest_never_came_goes(cast: Cast) -> None:
    rooms, lonely = cast.rooms, Blob(b"its client died")
    await rooms.push_blob(APP, lonely)
    await later(rooms, hours=23)
    assert str(lonely.digest) in await stored(rooms)
    await later(rooms, hours=1)
    assert str(lonely.digest) not in await stored(rooms)


async def test_a_layer_pushed_again_waits_anew(cast: Cast) -> None:
    rooms, slow = cast.rooms, Blob(b"of a slow push")
    await rooms.push_blob(APP, slow)
    rooms.clock.advance(hours=20)
    await rooms.push_blob(APP, slow)
    await later(rooms, hours=10)
    assert await find_blob(rooms.registry, rooms.admin, APP, slow.digest) == len(slow.content)


async def test_an_untagged_manifest_that_never_had_a_name_stays(cast: Cast) -> None:
    rooms, image = cast.rooms, Image.make()
    await push_image(rooms.registry, rooms.admin, APP, image)
    await later(rooms, days=400)
    await find_manifest(rooms.registry, rooms.admin, APP, image.digest, ANY)
    assert digests(image) <= await stored(rooms)


async def test_a_moved_tag_keeps_its_image_as_long_as_history_is_kept(cast: Cast) -> None:
    rooms = cast.rooms
    old = await rooms.push("acme/app", "moving")
    new = await rooms.push("acme/app", "moving")

    rooms.clock.advance(days=13)
    await aging.forget_history(Round(rooms.upkeep))
    await later(rooms, hours=12)
    await find_manifest(rooms.registry, rooms.admin, APP, old.digest, ANY)

    rooms.clock.advance(hours=12)
    await aging.forget_history(Round(rooms.upkeep))
    await later(rooms, hours=25)
    with pytest.raises(ManifestUnknown):
        await find_manifest(rooms.registry, rooms.admin, APP, old.digest, ANY)
    assert await stored(rooms) == digests(cast.image, cast.open_image, new)


async def test_an_image_tagged_again_before_its_review_stays(cast: Cast) -> None:
    rooms = cast.rooms
    image = await rooms.push("acme/app", "gone")
    await delete_tag(rooms.registry, rooms.admin, APP, TagName("gone"))
    rooms.clock.advance(days=15)
    await aging.forget_history(Round(rooms.upkeep))
    await push_only(rooms.registry, rooms.admin, APP, image, "back")
    await later(rooms, days=2)
    await find_manifest(rooms.registry, rooms.admin, APP, TagName("back"), ANY)
    assert digests(image) <= await stored(rooms)


async def test_platforms_and_referrers_go_with_the_index_that_had_them(cast: Cast) -> None:
    rooms, admin = cast.rooms, cast.rooms.admin
    arm, amd = Image.make(architecture="arm64"), Image.make()
    index = Image.index(arm, amd)
    signature = Image.make(subject=index)
    for one in (arm, amd):
        await push_image(rooms.registry, admin, APP, one)
    await push_only(rooms.registry, admin, APP, index, "multi")
    await push_image(rooms.registry, admin, APP, signature)

    await delete_manifest(rooms.registry, admin, APP, index.digest)
    await later(rooms, hours=25)
    for one in (arm, amd, signature):
        with pytest.raises(ManifestUnknown):
            await find_manifest(rooms.registry, admin, APP, one.digest, ANY)
    assert await stored(rooms) == digests(cast.image, cast.open_image)


async def test_what_cosign_keeps_in_tags_goes_with_its_image_and_no_sooner(cast: Cast) -> None:
    rooms, image = cast.rooms, await cast.rooms.push("acme/app", "signed")
    signature = await rooms.push("acme/app", beside(image, ".sig"))
    bill, attestation = Image.make(), Image.make()
    await rooms.push("acme/app", beside(image, ".sbom"), bill)
    await rooms.push("acme/app", beside(image), attestation)
    await rooms.push("acme/app", "also", attestation)
    elsewhere = await rooms.push("acme/lib", beside(image, ".sig"))
    await delete_tag(rooms.registry, rooms.admin, APP, TagName("signed"))

    rooms.clock.advance(days=13)
    await aging.forget_history(Round(rooms.upkeep))
    await later(rooms, hours=12)
    await find_manifest(rooms.registry, rooms.admin, APP, TagName(beside(image, ".sig")), ANY)

    rooms.clock.advance(days=1)
    await aging.forget_history(Round(rooms.upkeep))
    await later(rooms, hours=25)

    assert (await list_tags(rooms.registry, rooms.admin, APP, "", 100)).items == ["also", "v1"]
    for one in (image, signature, bill):
        with pytest.raises(ManifestUnknown):
            await find_manifest(rooms.registry, rooms.admin, APP, one.digest, ANY)
    assert await stored(rooms) == digests(cast.image, cast.open_image, attestation, elsewhere)


def beside(image: Image, ending: str = "") -> str:
    """The tag of what is kept beside an image."""
    return str(image.digest).replace(":", "-") + ending


async def test_a_platform_that_another_index_names_stays(cast: Cast) -> None:
    rooms, admin = cast.rooms, cast.rooms.admin
    arm, amd = Image.make(architecture="arm64"), Image.make()
    first, second = Image.index(arm, amd), Image.index(arm)
    for one in (arm, amd):
        await push_image(rooms.registry, admin, APP, one)
    await push_only(rooms.registry, admin, APP, first, "first")
    await push_only(rooms.registry, admin, APP, second, "second")
    await delete_manifest(rooms.registry, admin, APP, first.digest)
    await later(rooms, hours=25)
    await find_manifest(rooms.registry, admin, APP, arm.digest, ANY)
    assert await stored(rooms) == digests(cast.image, cast.open_image, arm)


async def test_a_push_gets_back_what_a_review_took_away_a_moment_before(cast: Cast) -> None:
    """The client saw the layers, the review came, then came the manifest."""
    rooms, image = cast.rooms, Image.make()
    await push_blobs(rooms.registry, rooms.admin, APP, image.blobs)
    rooms.clock.advance(hours=25)
    await collect(rooms.upkeep)
    with pytest.raises(BlobUnknown):
        await find_blob(rooms.registry, rooms.admin, APP, image.blobs[0].digest)

    rooms.clock.advance(minutes=59)
    await collect(rooms.upkeep)
    await push_only(rooms.registry, rooms.admin, APP, image, "v2")
    await later(rooms, days=3)

    for blob in image.blobs:
        read = [chunk async for chunk in open_blob(rooms.registry, blob.digest, 0, len(blob.content))]
        assert b"".join(read) == blob.content


async def test_after_an_hour_the_client_pushes_the_layer_again(cast: Cast) -> None:
    rooms, image = cast.rooms, Image.make()
    await push_blobs(rooms.registry, rooms.admin, APP, image.blobs)
    await later(rooms, hours=25)
    with pytest.raises(ManifestBlobUnknown):
        await push_only(rooms.registry, rooms.admin, APP, image, "v2")
    await push_image(rooms.registry, rooms.admin, APP, image, "v2")


async def test_bytes_that_come_again_are_not_removed(cast: Cast) -> None:
    """They were left over already; the push makes them a blob again before it stores anything."""
    rooms, layer = cast.rooms, Blob(b"comes again")
    await rooms.push_blob(LIB, layer)
    rooms.clock.advance(hours=25)
    await collect(rooms.upkeep)
    async with rooms.db.reading() as tx:
        assert await dropped.left_over(tx, str(layer.digest)) is not None

    await rooms.push_blob(LIB, layer)
    rooms.clock.advance(hours=2)
    await collect(rooms.upkeep)
    assert str(layer.digest) in await stored(rooms)


async def test_bytes_that_a_collector_has_claimed_cannot_be_relied_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, layer = cast.rooms, Blob(b"on its way out")
    monkeypatch.setattr("entrepot.registry.keeping._LEAVING_SECONDS_MAX", 0.0)
    async with rooms.db.writing() as tx:
        new = {"digest": str(layer.digest), "size": 1, "dropped_at": tx.now - timedelta(hours=2), "claimed_at": tx.now}
        await tx.run(tx.insert(gc_blob), [new])
    with pytest.raises(BlobLeaving):
        await rooms.push_blob(LIB, layer)

    await collect(rooms.upkeep)  # which goes on where the other one was broken off
    await rooms.push_blob(LIB, layer)
    assert str(layer.digest) in await stored(rooms)


async def test_no_bytes_are_claimed_while_the_installation_is_closed(cast: Cast) -> None:
    """It may have moved, and another database name by now what this one has dropped."""
    rooms, layer = cast.rooms, Blob(b"left over")
    await rooms.push_blob(LIB, layer)
    await close_to_move(rooms.db, rooms.clock.now())
    await later(rooms, days=2)
    await later(rooms, days=2)
    assert str(layer.digest) in await stored(rooms)

    await open_unmoved(rooms.db, rooms.clock.now())
    await later(rooms, hours=1)
    assert str(layer.digest) not in await stored(rooms)


async def test_a_layer_mounted_elsewhere_stays_there(cast: Cast) -> None:
    rooms, layer = cast.rooms, Blob(b"mounted")
    image = Image.make(holding=[layer])
    await rooms.push("acme/app", "v9", image)
    assert await mount_blob(rooms.registry, rooms.admin, LIB, layer.digest, APP)
    second = Image.make(holding=[layer])
    await push_image(rooms.registry, rooms.admin, LIB, second, "v1")
    await delete_manifest(rooms.registry, rooms.admin, APP, image.digest)
    await later(rooms, hours=25)
    assert await find_blob(rooms.registry, rooms.admin, LIB, layer.digest) == len(layer.content)


async def test_bytes_that_the_database_does_not_know_are_found(cast: Cast) -> None:
    rooms, stray = cast.rooms, Blob(b"its server was killed")
    await rooms.blobs.put(chunks(stray.content), stray.digest)
    await later(rooms, days=3)
    assert str(stray.digest) in await stored(rooms), "nobody has looked yet"

    await strays.find_strays(Round(rooms.upkeep))
    await later(rooms, minutes=1)
    assert await stored(rooms) == digests(cast.image, cast.open_image)


async def test_a_push_takes_over_bytes_that_a_killed_server_left(cast: Cast) -> None:
    rooms, stray = cast.rooms, Blob(b"killed between storing and recording")
    await rooms.blobs.put(chunks(stray.content), stray.digest)
    await strays.find_strays(Round(rooms.upkeep))
    await rooms.push_blob(APP, stray)
    await later(rooms, hours=3)
    assert str(stray.digest) in await stored(rooms)


async def test_limits_count_what_was_collected_no_more(cast: Cast) -> None:
    rooms = cast.rooms
    image = Image.make(holding=[Blob(b"x" * 10_000)])
    await set_domain_quotas(rooms.registry, rooms.admin, "default", {Resource.BYTES: 1_000_000})
    await rooms.push("acme/app", "big", image)

    async def used() -> int:
        quotas = await show_domain_quotas(rooms.registry, rooms.admin)
        return next(one.used for one in quotas if one.resource is Resource.BYTES)

    before = await used()
    await delete_manifest(rooms.registry, rooms.admin, APP, image.digest)
    await later(rooms, hours=25)
    assert before - await used() == sum(len(blob.content) for blob in image.blobs)


async def test_only_one_collects_at_a_time(cast: Cast) -> None:
    rooms = cast.rooms
    image = await rooms.push("acme/app", "old")
    await delete_manifest(rooms.registry, rooms.admin, APP, image.digest)
    async with rooms.upkeep.collecting:
        await later(rooms, hours=25)
    assert digests(image) <= await stored(rooms)


async def test_a_push_whose_bytes_were_removed_while_it_kept_them_is_not_acknowledged(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no grace time at all, all of a collection fits between two steps of a push."""
    rooms = replace(cast.rooms, upkeep_settings=UpkeepSettings(gc_grace_seconds=0))
    layer, keep = Blob(b"removed at once"), rooms.blobs.keep
    await rooms.push_blob(LIB, layer)

    async def keep_and_be_overtaken(parts: Sequence[Part], digest: Digest) -> int:
        size = await keep(parts, digest)
        rooms.clock.advance(seconds=1)
        await request_collection(rooms.upkeep, rooms.admin)
        await collect(rooms.upkeep)
        assert await rooms.blobs.stat(digest) is None
        return size

    with monkeypatch.context() as overtaken:
        overtaken.setattr(rooms.blobs, "keep", keep_and_be_overtaken)
        with pytest.raises(BlobLeaving):
            await rooms.push_blob(APP, layer)

    await rooms.push_blob(APP, layer)  # as the client does then
    assert await rooms.blobs.stat(layer.digest) == len(layer.content)


async def test_a_stray_that_a_push_is_recording_is_no_stray(cast: Cast) -> None:
    """The push has asked whether anything is left over, and has not committed yet."""
    rooms, layer = cast.rooms, Blob(b"being recorded")
    await rooms.blobs.put(chunks(layer.content), layer.digest)
    digest = str(layer.digest)

    async with rooms.db.writing() as tx:
        await content.save_blob(tx, digest, len(layer.content), tx.now)
        assert await dropped.take_over(tx, digest, None)
        looking = asyncio.create_task(strays.find_strays(Round(rooms.upkeep)))
        await asyncio.wait([looking], timeout=0.5)
        repository = await names.repository_by_path(tx, APP)
        assert repository is not None
        await content.link_blobs(tx, repository.id, [digest], tx.now)
    await looking

    async with rooms.db.reading() as tx:
        assert await dropped.left_over(tx, digest) is None
    assert await find_blob(rooms.registry, rooms.admin, APP, layer.digest) == len(layer.content)


async def test_what_was_removed_is_remembered_for_a_day(cast: Cast) -> None:
    rooms, first, second = cast.rooms, Blob(b"first"), Blob(b"second")
    await rooms.push_blob(APP, first)
    await later(rooms, hours=25)
    await rooms.push_blob(APP, second)
    await later(rooms, hours=25)
    async with rooms.db.reading() as tx:
        assert [row.digest for row in await tx.rows(select(gc_blob))] == [str(second.digest)]
