"""Trimming: what was of no use for longest goes, until what is held fits again; what is needed stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from entrepot.mirror.filling import nudge
from entrepot.mirror.pin_rules import Pin
from entrepot.mirror.pins import pin_images
from entrepot.mirror.queries import fetches, trims
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source, source_of
from entrepot.mirror.trimming import trim, trim_mirrors
from entrepot.mirror.upstreams import Change, Upstream, change_mirror, create_mirror
from entrepot.registry.accounting import Accountant
from entrepot.registry.closing import close_organization
from entrepot.registry.immutability import create_rule
from entrepot.registry.immutability_rules import Rule
from entrepot.registry.push import push_manifest
from entrepot.registry.uploads import push_blob
from entrepot.upkeep.collect import collect
from entrepot.values.digest import Digest
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event, manifest_digests
from tests.make.waiting import until

HUB, NGINX, REDIS = OrganizationName("hub"), RepositoryName("hub/nginx"), RepositoryName("hub/redis")
SIZE = 1_000
DAY = timedelta(days=1).total_seconds()


def image(name: str, *more: Blob, **told: object) -> Image:
    """One whose only blobs of weight are a layer of `SIZE` bytes and `more`."""
    return Image.make(layers=0, holding=[layer(name), *more], **told)  # type: ignore[arg-type]


def layer(name: str) -> Blob:
    return Blob(name.encode().ljust(SIZE, b"."))


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def mirror(cast: Cast) -> Mirror:
    room = cast.rooms.mirror
    await create_mirror(room, cast["admin"], HUB, Upstream(("https://docker.io",)))
    return room


async def source(mirror: Mirror, name: str = HUB) -> Source:
    found = await source_of(mirror, name)
    assert found is not None
    return found


async def bring(mirror: Mirror, path: RepositoryName, reference: str, brought: Image) -> Image:
    """An image as it came from the upstream, with all its blobs; by a tag, or by its digest for no tag."""
    house = (await source(mirror, path.organization)).house
    for blob in brought.blobs:
        await push_blob(mirror.registry, house, path, blob.digest, chunks(blob.content))
    named = TagName(reference) if reference else brought.digest
    await push_manifest(mirror.registry, house, path, named, brought.body, brought.media_type, asked_at=0)
    return brought


async def pull(mirror: Mirror, path: RepositoryName, reference: str, digest: str = "") -> None:
    mirror.registry.counts.answered("GET", path, reference, digest or reference)
    await Accountant(mirror.registry).keep(is_last=True)


async def held(mirror: Mirror) -> int:
    async with mirror.db.reading() as tx:
        return await trims.needed_bytes(tx, (await source(mirror)).organization_id)


async def left(mirror: Mirror, path: RepositoryName = NGINX) -> set[str]:
    return await manifest_digests(mirror.db, path)


async def test_what_was_pulled_longest_ago_goes_first_until_it_fits(mirror: Mirror, cast: Cast) -> None:
    images = [await bring(mirror, NGINX, f"1.{number}", image(f"n{number}")) for number in range(5)]
    for number in (3, 1, 0, 4, 2):
        cast.rooms.clock.advance(seconds=DAY)
        await pull(mirror, NGINX, f"1.{number}")
    cast.rooms.clock.advance(seconds=DAY)
    before = await held(mirror)

    trimmed = await trim(mirror, 4 * SIZE, HUB)

    assert await left(mirror) == {str(images[number].digest) for number in (4, 2, 0)}
    assert (trimmed.images, trimmed.is_enough) == (2, True)
    assert trimmed.held_bytes == await held(mirror) == before - trimmed.freed_bytes < 4 * SIZE
    assert await trim(mirror, 4 * SIZE, HUB) == type(trimmed)(held_bytes=trimmed.held_bytes)


async def test_a_layer_of_several_images_counts_once_and_is_free_when_the_last_has_gone(
    mirror: Mirror, cast: Cast
) -> None:
    base = layer("base")
    for path, tag, name in ((NGINX, "1", "a"), (REDIS, "1", "b"), (NGINX, "2", "c")):
        await bring(mirror, path, tag, image(name, base))
        cast.rooms.clock.advance(seconds=DAY)
    configs = await held(mirror) - 4 * SIZE
    assert 0 < configs < SIZE

    trimmed = await trim(mirror, 3 * SIZE, HUB)

    assert (trimmed.images, await left(mirror, REDIS)) == (2, set())
    assert 2 * SIZE < trimmed.freed_bytes < 3 * SIZE
    assert len(await left(mirror)) == 1


async def test_an_index_goes_with_its_platforms_and_with_what_refers_to_it(mirror: Mirror, cast: Cast) -> None:
    arm, amd = image("arm"), image("amd", architecture="amd64")
    for child in (arm, amd):
        await bring(mirror, NGINX, "", child)
    index = await bring(mirror, NGINX, "1", Image.index(arm, amd))
    await bring(mirror, NGINX, "", image("sbom", subject=index))
    cast.rooms.clock.advance(seconds=DAY)
    last = await bring(mirror, REDIS, "1", image("redis"))
    cast.rooms.clock.advance(seconds=DAY)

    trimmed = await trim(mirror, 3 * SIZE, HUB)

    assert (trimmed.images, await left(mirror)) == (1, set())
    assert await left(mirror, REDIS) == {str(last.digest)}


async def test_what_is_pinned_stays_whatever_is_held(mirror: Mirror, cast: Cast) -> None:
    kept = [await bring(mirror, NGINX, tag, image(tag)) for tag in ("1.27", "1.27.1", "stable")]
    await bring(mirror, NGINX, "1.26", image("old"))
    whole = await bring(mirror, REDIS, "", image("untagged"))
    for pin in (Pin("ngi*", "1.27*"), Pin("*", "stable"), Pin("redis")):
        await pin_images(mirror, cast["admin"], HUB, pin)
    cast.rooms.clock.advance(seconds=DAY)

    trimmed = await trim(mirror, 1, HUB)

    assert await left(mirror) == {str(one.digest) for one in kept}
    assert await left(mirror, REDIS) == {str(whole.digest)}
    assert (trimmed.images, trimmed.is_enough) == (1, False)


async def test_what_was_of_use_a_moment_ago_stays(mirror: Mirror, cast: Cast) -> None:
    by_tag = await bring(mirror, NGINX, "1", image("by tag"))
    by_digest = await bring(mirror, NGINX, "", image("by digest"))
    await bring(mirror, NGINX, "", image("of no use"))
    part = image("part")
    await bring(mirror, REDIS, "", part)
    index = await bring(mirror, REDIS, "1", Image.index(part))
    cast.rooms.clock.advance(seconds=DAY)
    await pull(mirror, NGINX, "1")
    await pull(mirror, NGINX, str(by_digest.digest))
    await pull(mirror, REDIS, str(part.digest))
    new = await bring(mirror, NGINX, "2", image("new"))
    cast.rooms.clock.advance(seconds=mirror.settings.trim_spare_seconds - 1)

    assert (await trim(mirror, 1, HUB)).images == 1
    assert await left(mirror) == {str(one.digest) for one in (by_tag, by_digest, new)}
    assert await left(mirror, REDIS) == {str(part.digest), str(index.digest)}

    cast.rooms.clock.advance(seconds=2)
    assert (await trim(mirror, 1, HUB)).images == 4


async def test_what_is_being_fetched_stays(mirror: Mirror, cast: Cast) -> None:
    coming = await bring(mirror, NGINX, "1", image("coming"))
    cast.rooms.clock.advance(seconds=DAY)
    digest = str(coming.blobs[-1].digest)
    async with mirror.db.writing() as tx:
        assert await fetches.begin(tx, NGINX, digest, "upload", "leader", tx.now + timedelta(seconds=10))

    assert (await trim(mirror, 1, HUB)).images == 0

    cast.rooms.clock.advance(seconds=11)
    assert (await trim(mirror, 1, HUB)).images == 1


async def test_an_immutable_tag_keeps_its_image(mirror: Mirror, cast: Cast) -> None:
    await create_rule(mirror.registry, cast["admin"], HUB, Rule("*", "1.*"))
    kept, gone = image("kept"), image("gone")
    for tag, one in (("1.0", kept), ("latest", kept), ("edge", gone)):
        await bring(mirror, NGINX, tag, one)
    cast.rooms.clock.advance(seconds=DAY)

    assert (await trim(mirror, 1, HUB)).images == 1
    assert await left(mirror) == {str(kept.digest)}


async def test_what_is_in_an_organization_that_is_read_only_stays(mirror: Mirror, cast: Cast) -> None:
    kept = await bring(mirror, NGINX, "1", image("kept"))
    await close_organization(mirror.registry, cast["admin"], HUB)
    cast.rooms.clock.advance(seconds=DAY)

    trimmed = await trim(mirror, 1, HUB)

    assert (trimmed.images, await left(mirror)) == (0, {str(kept.digest)})


async def test_a_manifest_without_a_byte_here_is_no_use_to_delete(mirror: Mirror, cast: Cast) -> None:
    house, empty = (await source(mirror)).house, image("elsewhere")
    await push_manifest(mirror.registry, house, NGINX, TagName("1"), empty.body, empty.media_type, asked_at=0)
    await bring(mirror, NGINX, "2", image("here"))
    cast.rooms.clock.advance(seconds=DAY)

    assert (await trim(mirror, 1, HUB)).images == 1
    assert await left(mirror) == {str(empty.digest)}


async def test_all_organizations_together_are_trimmed_like_one(mirror: Mirror, cast: Cast) -> None:
    """As a node of a region does with all that it holds; pins hold there, too."""
    kept = await bring(mirror, NGINX, "1", image("kept"))
    await pin_images(mirror, cast["admin"], HUB, Pin("nginx"))
    shared = layer("shared")
    await bring(mirror, REDIS, "1", image("redis", shared))
    app = image("app", shared)
    await cast.rooms.push("acme/app", "v2", app)
    cast.rooms.clock.advance(seconds=DAY)
    await pull(mirror, RepositoryName("acme/app"), "v2")
    cast.rooms.clock.advance(seconds=DAY)
    began = await last_event(mirror.db)

    trimmed = await trim(mirror, 4 * SIZE)

    assert await left(mirror) == {str(kept.digest)}
    assert (await left(mirror, REDIS), await left(mirror, RepositoryName("acme/open"))) == (set(), set())
    assert await left(mirror, RepositoryName("acme/app")) == {str(app.digest)}
    assert 3 * SIZE < trimmed.held_bytes < 4 * SIZE
    told = [event for event in await events_after(mirror.db, began) if event.type == "mirror.trimmed"]
    assert {event.subject: event.data["images"] for event in told} == {"acme": 2, "hub": 1}


async def test_one_event_tells_of_a_trim_and_who_did_it(mirror: Mirror, cast: Cast) -> None:
    for number in range(3):
        await bring(mirror, NGINX, f"1.{number}", image(f"n{number}"))
    cast.rooms.clock.advance(seconds=DAY)
    began = await last_event(mirror.db)

    trimmed = await trim(mirror, 1, HUB)

    told = await events_after(mirror.db, began)
    assert [event.type for event in told].count("manifest.deleted") == 3
    [event] = [one for one in told if one.type == "mirror.trimmed"]
    assert (event.subject, event.actor) == ("hub", (await source(mirror)).house.subject)
    assert event.data == {"images": 3, "freed_bytes": trimmed.freed_bytes, "limit_bytes": 1}


async def test_two_do_not_trim_the_same_at_once(mirror: Mirror, cast: Cast) -> None:
    await bring(mirror, NGINX, "1", image("one"))
    cast.rooms.clock.advance(seconds=DAY)
    scope = str((await source(mirror)).organization_id)
    async with mirror.db.writing() as tx:
        assert await trims.take_lease(tx, scope, "another", tx.now, tx.now + timedelta(seconds=60))

    assert (await trim(mirror, 1, HUB)).images == 0

    cast.rooms.clock.advance(seconds=60)  # the other one is gone
    assert (await trim(mirror, 1, HUB)).images == 1


async def test_bytes_are_freed_by_garbage_collection(mirror: Mirror, cast: Cast) -> None:
    gone = await bring(mirror, NGINX, "1", image("gone"))
    cast.rooms.clock.advance(seconds=DAY)
    await trim(mirror, 1, HUB)
    digest = Digest.parse(str(gone.blobs[-1].digest))
    assert await cast.rooms.blobs.stat(digest) == SIZE

    for _ in range(2):
        cast.rooms.clock.advance(seconds=30 * DAY)
        await collect(cast.rooms.upkeep)

    assert await cast.rooms.blobs.stat(digest) is None


async def test_the_job_trims_mirrors_with_a_limit_alone(mirror: Mirror, cast: Cast) -> None:
    await create_mirror(mirror, cast["admin"], OrganizationName("quay"), Upstream(("https://quay.io",)))
    free = RepositoryName("quay/app")
    await bring(mirror, free, "1", image("free"))
    for number in range(3):
        await bring(mirror, NGINX, f"1.{number}", image(f"n{number}"))
    cast.rooms.clock.advance(seconds=DAY)
    assert await trim_mirrors(mirror) == 0

    await change_mirror(mirror, cast["admin"], HUB, Change(policy={"limit_bytes": 2 * SIZE}))

    assert await trim_mirrors(mirror) == 2
    assert (len(await left(mirror)), len(await left(mirror, free))) == (1, 1)


async def test_a_mirror_that_fills_up_is_trimmed_at_once(mirror: Mirror, cast: Cast) -> None:
    mirror = replace(mirror, settings=replace(mirror.settings, trim_rest_seconds=0.05))

    def is_at_rest() -> bool:
        return not mirror.running.shared["filling", HUB].is_looked_at

    for number in range(4):
        await bring(mirror, NGINX, f"{number}", image(f"{number}"))
        nudge(mirror, HUB, 3 * SIZE, SIZE)
        await until(is_at_rest)
    assert len(await left(mirror)) == 4  # all of it was brought a moment ago
    cast.rooms.clock.advance(seconds=DAY)

    nudge(mirror, HUB, 3 * SIZE, SIZE)
    nudge(mirror, HUB, 3 * SIZE, SIZE)

    await until(is_at_rest)
    assert len(await left(mirror)) == 2
    nudge(mirror, HUB, 0, SIZE)
    assert is_at_rest()
