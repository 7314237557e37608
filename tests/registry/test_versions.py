"""Versions of an image: what each is, what belongs to it, who pushed it, when it was last pulled."""

from collections.abc import Mapping

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.registry.accounting import Accountant
from entrepot.registry.known import KnownPlatforms
from entrepot.registry.room import Registry
from entrepot.registry.versions import Version, list_versions
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.errors import RepositoryUnknown
from entrepot.values.kinds import Kind
from entrepot.values.media_types import OCI_CONFIG
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")


async def versions(registry: Registry, actor: Actor, path: RepositoryName = APP) -> Mapping[str, Version]:
    found, following = await list_versions(registry, actor, path, WantedTags(limit=50))
    assert following is None
    return {one.tagged.name: one for one in found}


async def test_an_index_has_the_size_and_the_platforms_of_its_images(registry: Registry, cast: Cast):
    children = [Image.make(architecture=one) for one in ("amd64", "arm64")]
    for child in children:
        await push_image(registry, cast["admin"], APP, child)
    await push_image(registry, cast["admin"], APP, Image.index(*children), "all")

    found = await versions(registry, cast["reader"])

    assert found["all"].kind is Kind.INDEX
    assert found["all"].platforms == ["linux/amd64", "linux/arm64"]
    assert found["all"].size == sum(len(blob.content) for child in children for blob in child.blobs)
    assert found["v1"].kind is Kind.IMAGE
    assert found["v1"].platforms == ["linux/amd64"]
    assert found["v1"].size == sum(len(blob.content) for blob in cast.image.blobs)


async def test_configurations_are_read_once_and_one_that_is_gone_or_strange_tells_no_platform(
    rooms: Rooms, registry: Registry, cast: Cast
):
    layer = Blob(b"not an image's configuration")
    config = {"mediaType": OCI_CONFIG, "digest": str(layer.digest), "size": len(layer.content)}
    strange = Image.make(config=config, holding=[layer])
    await push_image(registry, cast["admin"], APP, strange, "strange")
    lost = Image.make()
    await push_image(registry, cast["admin"], APP, lost, "lost")
    await rooms.blobs.delete([lost.blobs[0].digest])

    found = await versions(registry, cast["reader"])

    assert [found[tag].platforms for tag in ("v1", "strange", "lost")] == [["linux/amd64"], (), ()]
    await rooms.blobs.delete([cast.image.blobs[0].digest])
    assert (await versions(registry, cast["reader"]))["v1"].platforms == ["linux/amd64"]


async def test_platforms_not_asked_for_lately_are_forgotten():
    known = KnownPlatforms(digests_max=2)
    for digest in ("a", "b"):
        known.keep(digest, "linux/amd64")
    assert known.get("a") == "linux/amd64"
    known.keep("c", "")
    assert (known.get("a"), known.get("b"), known.get("c"), len(known)) == ("linux/amd64", None, "", 2)


async def test_what_refers_to_a_version_and_what_older_clients_keep_beside_it_belongs_to_it(
    registry: Registry, cast: Cast
):
    sbom = Image.make(subject=cast.image, artifactType="application/spdx+json")
    await push_image(registry, cast["admin"], APP, sbom)
    kept = f"{str(cast.image.digest).replace(':', '-')}.sig"
    await push_image(registry, cast["admin"], APP, Image.make(), kept)

    found = await versions(registry, cast["reader"])

    assert found["v1"].belonging == {Kind.SBOM, Kind.SIGNATURE}
    assert found[kept].kind is Kind.SIGNATURE
    assert (await versions(registry, cast["reader"], OPEN))["v1"].belonging == frozenset()


async def test_who_pushed_is_known_to_people_of_the_domain_only(rooms: Rooms, registry: Registry, cast: Cast):
    await rooms.domain("guests")
    assert (await versions(registry, cast["stranger"], OPEN))["v1"].pushed_by == "admin"
    assert (await versions(registry, ANONYMOUS, OPEN))["v1"].pushed_by == ""
    assert (await versions(registry, await rooms.sign_in("guests/boss"), OPEN))["v1"].pushed_by == ""


async def test_a_version_knows_the_day_it_was_last_pulled_on(rooms: Rooms, registry: Registry, cast: Cast):
    assert (await versions(registry, cast["reader"]))["v1"].last_pulled is None
    registry.counts.answered("GET", APP, "v1", str(cast.image.digest))
    await Accountant(registry).keep()
    assert (await versions(registry, cast["reader"]))["v1"].last_pulled == rooms.clock.now().date()


async def test_pages_follow_each_other_and_strangers_see_none(registry: Registry, cast: Cast):
    await push_image(registry, cast["admin"], APP, Image.make(), "v2")
    first, marker = await list_versions(registry, cast["reader"], APP, WantedTags("V", TagOrder.NAME, False, limit=1))
    second, end = await list_versions(
        registry, cast["reader"], APP, WantedTags("V", TagOrder.NAME, False, marker or "", 1)
    )
    assert [one.tagged.name for one in (*first, *second)] == ["v1", "v2"]
    assert end is None
    with pytest.raises(RepositoryUnknown):
        await versions(registry, cast["stranger"])
