"""An image as a file: what is in it, how long it is, who gets it, what is counted."""

import io

import pytest

from entrepot.archives.image import Form
from entrepot.archives.opening import open_archive
from entrepot.registry.download import plan_download, read_download
from entrepot.registry.organizations import change_organization
from entrepot.registry.push import push_manifest
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, ManifestBlobUnknown, ManifestUnknown, RepositoryUnknown
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from entrepot.values.platform import Platform
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
V1 = TagName("v1")


async def fetch(rooms: Rooms, reference: TagName | Digest, form: Form, platform: str = "") -> tuple[int, bytes]:
    wanted = Platform.parse(platform) if platform else None
    planned = await plan_download(rooms.registry, rooms.admin, APP, reference, form, wanted, "registry.example")
    return planned.size, b"".join([chunk async for chunk in read_download(rooms.registry, planned)])


async def platforms(cast: Cast) -> tuple[Image, ...]:
    """acme/app:many, for two platforms."""
    children = tuple([await cast.rooms.push(APP, name, Image.make(architecture=name)) for name in ("amd64", "arm64")])
    await cast.rooms.push(APP, "many", Image.index(*children))
    return children


@pytest.mark.parametrize("form", list(Form))
async def test_a_file_has_the_length_that_was_told_and_the_image_under_its_name(cast: Cast, form: Form) -> None:
    size, body = await fetch(cast.rooms, V1, form)

    assert len(body) == size
    with open_archive(io.BytesIO(body)) as archive:
        (listed,) = archive.images
        image = listed.load()
    assert listed.names == ("registry.example/acme/app:v1",)
    assert image.root.digest == cast.image.digest
    assert set(image.blobs) == {blob.digest for blob in cast.image.blobs}


async def test_an_oci_file_has_every_platform_and_a_docker_file_one(cast: Cast) -> None:
    amd64, arm64 = await platforms(cast)
    many = TagName("many")

    _, every = await fetch(cast.rooms, many, Form.OCI)
    _, usual = await fetch(cast.rooms, many, Form.DOCKER)
    _, wanted = await fetch(cast.rooms, many, Form.DOCKER, "linux/arm64")

    with open_archive(io.BytesIO(every)) as archive:
        assert len(archive.images[0].load().manifests) == 3
    for body, image in ((usual, amd64), (wanted, arm64)):
        with open_archive(io.BytesIO(body)) as archive:
            assert archive.images[0].load().root.digest == image.digest
    with pytest.raises(ManifestUnknown, match="linux/amd64, linux/arm64"):
        await fetch(cast.rooms, many, Form.DOCKER, "linux/s390x")


async def test_what_a_repository_does_not_hold_whole_is_refused_before_the_first_byte(cast: Cast) -> None:
    image = Image.make()
    await change_organization(cast.rooms.registry, cast.rooms.admin, OrganizationName("acme"), allows_sparse=True)
    await push_manifest(cast.rooms.registry, cast.rooms.admin, APP, TagName("thin"), image.body, image.media_type)

    with pytest.raises(ManifestBlobUnknown, match="2 of its blobs are not in this repository"):
        await fetch(cast.rooms, TagName("thin"), Form.OCI)


async def test_what_is_no_container_image_is_kept_by_the_oci_form_alone(cast: Cast) -> None:
    chart = Image.make(artifactType="application/vnd.example.chart")
    document = chart.body.replace(b"application/vnd.oci.image.config.v1+json", b"application/vnd.example.chart")
    artifact = Image(document, blobs=chart.blobs)
    await cast.rooms.push(APP, "chart", artifact)

    size, body = await fetch(cast.rooms, TagName("chart"), Form.OCI)

    assert len(body) == size
    with pytest.raises(ArchiveInvalid, match="only the OCI form can hold it"):
        await fetch(cast.rooms, TagName("chart"), Form.DOCKER)


async def test_a_download_is_one_pull_and_its_blobs_are_counted(cast: Cast, registry: Registry) -> None:
    registry.counts.take()

    await fetch(cast.rooms, V1, Form.OCI)

    counted = registry.counts.take()
    assert dict(counted.manifests) == {("acme/app", "v1"): 1}
    assert sum(counted.blobs.values()) == sum(len(blob.content) for blob in cast.image.blobs)


@pytest.mark.parametrize(("who", "may"), [("stranger", False), ("reader", True), ("editor", True)])
async def test_who_may_pull_may_download(cast: Cast, registry: Registry, who: str, may: bool) -> None:
    asked = plan_download(registry, cast[who], APP, V1, Form.OCI)

    if may:
        assert (await asked).file_name == "acme-app-v1.tar"
    else:
        with pytest.raises(RepositoryUnknown):
            await asked


async def test_an_image_without_layers_and_one_with_an_empty_blob_are_whole_files(cast: Cast) -> None:
    await cast.rooms.push(APP, "empty", Image.make(0, holding=[Blob(b"")]))

    size, body = await fetch(cast.rooms, TagName("empty"), Form.OCI)

    assert len(body) == size
