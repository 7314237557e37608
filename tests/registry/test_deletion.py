"""Deletion of many tags: the plan says what would go, and exactly that goes."""

import pytest

from entrepot.registry.accounting import Accountant
from entrepot.registry.deletion import TAGS_MAX, delete_tags, plan_deletion
from entrepot.registry.lists import list_tags
from entrepot.registry.push import push_manifest
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_domain_quotas, show_domain_quotas
from entrepot.registry.retag import add_tag
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, ParameterInvalid, RepositoryUnknown
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event, manifest_digests
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
V1, V2, V3, MULTI = TagName("v1"), TagName("v2"), TagName("v3"), TagName("multi")


async def tag_names(rooms: Rooms) -> list[str]:
    return (await list_tags(rooms.registry, rooms.admin, APP, "", 100)).items


async def test_the_plan_says_what_else_names_an_image_and_what_only_it_needs(
    rooms: Rooms, cast: Cast, registry: Registry
):
    shared = Blob(b"a layer that two images have")
    first = await rooms.push(APP, "v2", Image.make(holding=[shared]))
    await rooms.push(APP, "v3", Image.make(holding=[shared]))
    await add_tag(registry, rooms.admin, APP, V1, TagName("latest"))
    await push_image(rooms.registry, rooms.admin, APP, Image.make(subject=first))

    plan = await plan_deletion(registry, rooms.admin, APP, {V1, V2, TagName("gone")})

    one, two = plan.doomed
    assert (one.tag, list(one.other_tags), one.referrers, one.is_last) == ("v1", ["latest"], 0, False)
    assert (two.tag, list(two.other_tags), two.referrers, two.is_last) == ("v2", [], 1, True)
    assert plan.manifests == 2  # v2 and what refers to it
    own = sum(len(blob.content) for blob in first.blobs if blob != shared)
    assert own <= plan.exclusive_bytes < own + 200  # and the two small blobs of the referrer


async def test_with_an_image_go_the_tags_that_keep_its_signatures_and_the_plan_counts_them(
    rooms: Rooms, cast: Cast, registry: Registry
):
    image, signature = await rooms.push(APP, "v2"), Image.make()
    name = f"{image.digest}.sig".replace(":", "-")
    await rooms.push(APP, name, signature)
    await set_domain_quotas(registry, rooms.admin, "default", {Resource.TAGS: 10})

    plan = await plan_deletion(registry, rooms.admin, APP, {V2})
    assert plan.manifests == 2
    assert plan.exclusive_bytes >= sum(len(blob.content) for blob in (*image.blobs, *signature.blobs)) - 2

    before = await last_event(rooms.db)
    await delete_tags(registry, rooms.admin, APP, {V2}, with_content=True)
    assert await tag_names(rooms) == ["v1"]
    told = [one.data["tag"] for one in await events_after(rooms.db, before) if one.type == "tag.deleted"]
    assert told == ["v2", name]
    tags = next(one for one in await show_domain_quotas(registry, rooms.admin) if one.resource is Resource.TAGS)
    assert tags.used == 2  # with the public image


async def test_blobs_that_another_repository_holds_are_not_freed(rooms: Rooms, cast: Cast, registry: Registry):
    await rooms.push("acme/other", "v1", cast.image)
    plan = await plan_deletion(registry, rooms.admin, APP, {V1})
    assert (plan.manifests, plan.exclusive_bytes) == (1, 0)


async def test_tags_go_and_their_images_stay_unless_it_is_said(rooms: Rooms, cast: Cast, registry: Registry):
    await rooms.push(APP, "v2")
    before = await manifest_digests(rooms.db, APP)
    done = await delete_tags(registry, rooms.admin, APP, {V1, V2, TagName("gone")})
    assert (done.tags, done.manifests) == (2, 0)
    assert await tag_names(rooms) == []
    assert await manifest_digests(rooms.db, APP) == before


async def test_images_go_that_nothing_names_any_more_with_platforms_and_referrers(
    rooms: Rooms, cast: Cast, registry: Registry
):
    platforms = [Image.make(architecture=one) for one in ("amd64", "arm64")]
    for one in platforms:
        await push_image(rooms.registry, rooms.admin, APP, one)
    index, wider = Image.index(*platforms), Image.index(platforms[0])
    for tag, one in ((MULTI, index), (V3, wider)):
        await push_manifest(registry, rooms.admin, APP, tag, one.body, one.media_type)
    signature = Image.make(subject=index)
    await push_image(rooms.registry, rooms.admin, APP, signature)
    plan = await plan_deletion(registry, rooms.admin, APP, {MULTI})

    done = await delete_tags(registry, rooms.admin, APP, {MULTI}, with_content=True)

    left = await manifest_digests(rooms.db, APP)
    gone = {str(one.digest) for one in (index, signature, platforms[1])}
    assert gone.isdisjoint(left)
    assert {str(wider.digest), str(platforms[0].digest), str(cast.image.digest)} <= left
    assert done.manifests == plan.manifests == 3


async def test_the_feed_tells_of_every_tag_and_every_image(rooms: Rooms, cast: Cast, registry: Registry):
    seq, _ = await last_event(rooms.db), await rooms.push(APP, "v2")
    seq = await last_event(rooms.db)
    await delete_tags(registry, rooms.admin, APP, {V1, V2}, with_content=True)
    told = [one.type for one in await events_after(rooms.db, seq)]
    assert sorted(told) == ["manifest.deleted", "manifest.deleted", "tag.deleted", "tag.deleted"]


async def test_limits_get_back_what_was_taken(rooms: Rooms, cast: Cast, registry: Registry):
    await set_domain_quotas(registry, rooms.admin, "default", {Resource.TAGS: 10})
    before = next(one for one in await show_domain_quotas(registry, rooms.admin) if one.resource is Resource.TAGS)
    await delete_tags(registry, rooms.admin, APP, {V1}, with_content=True)
    after = next(one for one in await show_domain_quotas(registry, rooms.admin) if one.resource is Resource.TAGS)
    assert before.used is not None
    assert after.used == before.used - 1


async def test_the_plan_counts_the_pulls_of_the_last_days(rooms: Rooms, cast: Cast, registry: Registry):
    registry.counts.answered("GET", APP, "v1", str(cast.image.digest))
    await Accountant(registry).keep()
    (one,) = (await plan_deletion(registry, rooms.admin, APP, {V1})).doomed
    assert (one.pulls, one.last_pulled) == (1, rooms.clock.now().date())


@pytest.mark.parametrize(("who", "wanted"), [("stranger", RepositoryUnknown), ("editor", AccessDenied)])
async def test_only_who_manages_may_plan_or_delete(cast: Cast, registry: Registry, who: str, wanted: type[Exception]):
    with pytest.raises(wanted):
        await plan_deletion(registry, cast[who], APP, {V1})
    with pytest.raises(wanted):
        await delete_tags(registry, cast[who], APP, {V1})


async def test_no_tags_or_too_many_are_refused(rooms: Rooms, cast: Cast, registry: Registry):
    many = {TagName(f"v{number}") for number in range(TAGS_MAX + 1)}
    for wanted in (set[TagName](), many):
        with pytest.raises(ParameterInvalid):
            await delete_tags(registry, rooms.admin, APP, wanted)
