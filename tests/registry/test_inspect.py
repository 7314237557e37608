"""One version inspected, and what belongs to it."""

import json
from dataclasses import replace

import pytest

from entrepot.registry.history import may_restore
from entrepot.registry.inspect import inspect_version, show_version
from entrepot.registry.referring import count_referring, list_referring
from entrepot.registry.room import Registry
from entrepot.values.errors import ManifestUnknown, RepositoryUnknown, Unauthenticated
from entrepot.values.kinds import Kind
from entrepot.values.media_types import OCI_CONFIG, OCI_MANIFEST
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Blob, Image

APP = RepositoryName("acme/app")
V1 = TagName("v1")


async def _push_with_config(registry: Registry, cast: Cast, config: bytes, tag: str) -> Image:
    held = Blob(config)
    described = {"mediaType": OCI_CONFIG, "digest": str(held.digest), "size": len(config)}
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": []}).encode()
    image = Image(body, blobs=(held,))
    await push_image(registry, cast["admin"], APP, image, tag)
    return image


async def test_a_version_says_what_it_is_who_pushed_it_and_which_tags_name_it(cast: Cast, registry: Registry):
    await push_only(registry, cast["admin"], APP, cast.image, "stable")
    found = await inspect_version(registry, cast["reader"], APP, V1)
    assert (found.digest, found.kind, found.pushed_by) == (str(cast.image.digest), Kind.IMAGE, "admin")
    assert list(found.tags) == ["stable", "v1"]
    assert found.config is not None
    assert found.config.platform == "linux/amd64"
    assert found.size == sum(len(blob.content) for blob in cast.image.blobs)


async def test_looking_is_not_counted_as_a_pull(cast: Cast, registry: Registry):
    await inspect_version(registry, cast["reader"], APP, V1)
    await show_version(registry, cast["reader"], APP, cast.image.digest)
    assert len(registry.counts) == 0


async def test_an_index_has_the_size_of_its_images_and_they_know_it(cast: Cast, registry: Registry):
    other = Image.make(architecture="arm64")
    index = Image.index(cast.image, other)
    await push_image(registry, cast["admin"], APP, other)
    await push_only(registry, cast["admin"], APP, index, "multi")
    found = await inspect_version(registry, cast["reader"], APP, TagName("multi"))
    parts = [await inspect_version(registry, cast["reader"], APP, image.digest) for image in (cast.image, other)]
    assert found.kind is Kind.INDEX
    assert found.size == sum(part.size for part in parts)
    assert [str(child.descriptor.platform) for child in found.children] == ["linux/amd64", "linux/arm64"]
    assert list(parts[1].indexes) == [found.digest]


async def test_who_may_not_read_learns_nothing(cast: Cast, registry: Registry):
    with pytest.raises(Unauthenticated):
        await inspect_version(registry, cast["anonymous"], APP, V1)
    with pytest.raises(RepositoryUnknown):
        await inspect_version(registry, cast["stranger"], APP, V1)
    with pytest.raises(RepositoryUnknown):
        await list_referring(registry, cast["stranger"], APP, cast.image.digest, "", 10)
    with pytest.raises(ManifestUnknown):
        await inspect_version(registry, cast["reader"], APP, TagName("nothing"))


async def test_the_pusher_is_not_told_to_people_of_other_domains(cast: Cast, registry: Registry):
    found = await inspect_version(registry, cast["anonymous"], RepositoryName("acme/open"), V1)
    assert found.pushed_by == ""


@pytest.mark.parametrize("config", [b"[1]", b"{", b"\xff\xfe", b"[" * 100])
async def test_a_configuration_that_cannot_be_read_is_said_and_the_rest_is_there(
    cast: Cast, registry: Registry, config: bytes
):
    image = await _push_with_config(registry, cast, config, "odd")
    found = await inspect_version(registry, cast["reader"], APP, TagName("odd"))
    assert found.config is None
    assert "cannot be read" in found.config_problem
    assert found.digest == str(image.digest)


async def test_a_configuration_beyond_the_bound_is_not_read(cast: Cast, registry: Registry):
    small = replace(registry, settings=replace(registry.settings, config_bytes_max=10))
    found = await inspect_version(small, cast["reader"], APP, V1)
    assert found.config is None
    assert "config_bytes_max" in found.config_problem


async def test_what_refers_to_a_version_is_listed_with_its_files_however_clients_keep_it(
    cast: Cast, registry: Registry
):
    sbom = Image.make(subject=cast.image, artifactType="application/spdx+json")
    signature = Image.make()
    await push_image(registry, cast["admin"], APP, sbom)
    await push_image(registry, cast["admin"], APP, signature, f"sha256-{cast.image.digest.hex}.sig")

    items, following = await list_referring(registry, cast["reader"], APP, cast.image.digest, "", 10)

    kinds = {one.digest: one.kind for one in items}
    assert kinds == {str(sbom.digest): Kind.SBOM, str(signature.digest): Kind.SIGNATURE}
    assert all(len(one.files) == 1 for one in items)
    assert following is None
    assert await count_referring(registry, cast["reader"], APP, cast.image.digest, 100) == 2


async def test_a_long_list_of_referrers_goes_on_where_it_ended(cast: Cast, registry: Registry):
    for number in range(3):
        await push_image(registry, cast["admin"], APP, Image.make(subject=cast.image, annotations={"n": str(number)}))
    first, following = await list_referring(registry, cast["reader"], APP, cast.image.digest, "", 2)
    assert following is not None
    rest, end = await list_referring(registry, cast["reader"], APP, cast.image.digest, following, 2)
    assert len({one.digest for one in (*first, *rest)}) == 3
    assert end is None


@pytest.mark.parametrize(("who", "may"), [("stranger", False), ("reader", False), ("editor", True), ("admin", True)])
async def test_who_may_edit_may_restore(cast: Cast, registry: Registry, who: str, may: bool):
    assert await may_restore(registry, cast[who], APP) is may
