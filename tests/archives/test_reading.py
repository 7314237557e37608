"""Archives of every form are read alike: names, manifests, blobs by digest."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from backports import zstd

from entrepot.archives.docker import LayerPacking
from entrepot.archives.image import Form, Image
from entrepot.archives.opening import open_folder
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid
from entrepot.values.media_types import OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST
from entrepot.values.platform import Platform
from tests.archives.conftest import Open
from tests.make.archive import DockerArchive, LayoutArchive, Named, blob_name, layer, link, tar, to_json


def content(image: Image, digest: Digest) -> bytes:
    return b"".join(image.blobs[digest].open())


def test_an_image_that_docker_saved_becomes_one_of_the_registry(opened: Open) -> None:
    archive = DockerArchive()
    layers = (layer(), layer())
    config = archive.add("acme/app:1", "acme/app:latest", layers=layers)

    found = opened(archive.pack())

    assert found.form is Form.DOCKER
    [listed] = found.images
    image = listed.load()
    assert image.names == ("acme/app:1", "acme/app:latest")
    assert image.root.media_type == OCI_MANIFEST
    assert image.root.config is not None
    assert content(image, image.root.config.digest) == config
    assert [one.media_type for one in image.root.layers] == [OCI_LAYER_GZIP, OCI_LAYER_GZIP]
    assert [gzip.decompress(content(image, one.digest)) for one in image.root.layers] == list(layers)
    for digest, blob in image.blobs.items():
        assert Digest.of(content(image, digest)) == digest
        assert blob.size == len(content(image, digest))


def test_plain_layers_are_kept_when_asked_for(opened: Open) -> None:
    archive = DockerArchive()
    one = layer()
    archive.add("acme/app:1", layers=(one,))

    image = opened(archive.pack(), packing=LayerPacking.KEEP).images[0].load()

    assert (image.root.media_type, image.root.layers[0].media_type) == (OCI_MANIFEST, OCI_LAYER)
    assert content(image, Digest.of(one)) == one


def test_layers_that_are_compressed_already_stay_byte_for_byte(opened: Open) -> None:
    archive = DockerArchive()
    one = layer()
    archive.add("acme/app:1", layers=(one,), packed=True)

    image = opened(archive.pack()).images[0].load()

    assert content(image, image.root.layers[0].digest) == gzip.compress(one, mtime=0)


def test_the_same_file_gives_the_same_digests(opened: Open) -> None:
    archive = DockerArchive()
    archive.add("acme/app:1")

    first, second = (opened(archive.pack()).images[0].load() for _ in range(2))

    assert first.root.digest == second.root.digest


def test_several_images_share_layers_also_by_the_links_of_old_dockers(opened: Open) -> None:
    archive = DockerArchive()
    shared = layer()
    archive.add("acme/a:1", layers=(shared, layer()))
    archive.add("acme/b:1", layers=(shared, layer()))
    first = archive.entries[0]["Layers"][0]
    archive.entries[1]["Layers"][0] = "other/layer.tar"
    members: list[Named] = [*archive.members().items(), (link("other/layer.tar", f"../{first}"), b"")]

    a, b = (listed.load() for listed in opened(tar(members)).images)

    assert (a.names, b.names) == (("acme/a:1",), ("acme/b:1",))
    assert a.root.layers[0] == b.root.layers[0]
    assert a.root.layers[1] != b.root.layers[1]


def test_names_come_from_repositories_where_manifest_json_has_none(opened: Open) -> None:
    archive = DockerArchive()
    archive.add()
    top = archive.entries[0]["Layers"][-1].partition("/")[0]
    archive.files["repositories"] = to_json({"acme/app": {"1": top, "2": "another"}})

    assert opened(archive.pack()).images[0].names == ("acme/app:1",)


def test_a_layout_is_read_as_it_is(opened: Open) -> None:
    archive = LayoutArchive()
    described = archive.name(archive.image(), "acme/app:1", "latest")

    found = opened(archive.pack())

    assert found.form is Form.OCI
    image = found.images[0].load()
    assert image.names == ("acme/app:1", "latest")
    assert str(image.root.digest) == described["digest"]
    assert {blob_name(content(image, digest)) for digest in image.blobs} < set(archive.files)


def test_the_name_that_docker_and_containerd_write_is_preferred_to_the_tag(opened: Open) -> None:
    archive = LayoutArchive()
    archive.name(archive.image(), "1")
    archive.entries[0]["annotations"]["io.containerd.image.name"] = "docker.io/acme/app:1"

    assert opened(archive.pack()).images[0].names == ("docker.io/acme/app:1",)


def test_a_file_that_is_both_keeps_the_digests_of_its_layout(opened: Open) -> None:
    archive = LayoutArchive()
    described = archive.name(archive.image(), "1")
    archive.files["manifest.json"] = b"[]"

    found = opened(archive.pack())

    assert (found.form, str(found.images[0].load().root.digest)) == (Form.OCI, described["digest"])


def test_nested_indexes_come_with_everything_below_children_first(opened: Open) -> None:
    archive = LayoutArchive()
    inner = archive.platforms("amd64", "arm64")
    archive.name(archive.index(inner, archive.image("s390x")), "1")

    image = opened(archive.pack()).images[0].load()

    kinds = [manifest.is_index for manifest in image.manifests]
    assert kinds == [False, False, True, False, True]
    assert image.manifests[-1] == image.root
    assert len(image.blobs) == 6


def test_of_an_index_one_platform_can_be_taken(opened: Open) -> None:
    archive = LayoutArchive()
    archive.name(archive.platforms("amd64", "arm64"), "1")
    image = opened(archive.pack()).images[0].load()

    arm = image.of_platform(Platform("linux", "arm64"))

    assert arm.root.digest == image.root.children[1].digest
    assert set(arm.blobs) == {blob.digest for blob in arm.root.blobs}
    with pytest.raises(ArchiveInvalid, match="no image for linux/s390x"):
        image.of_platform(Platform("linux", "s390x"))


def test_what_an_index_names_and_the_archive_has_not_is_told(opened: Open) -> None:
    archive = LayoutArchive()
    described = archive.platforms("amd64", "arm64")
    archive.name(described, "1")
    [_, absent] = json.loads(archive.files[f"blobs/sha256/{described['digest'][7:]}"])["manifests"]
    del archive.files[f"blobs/sha256/{absent['digest'][7:]}"]

    image = opened(archive.pack()).images[0].load()

    assert [str(one.digest) for one in image.missing] == [absent["digest"]]
    assert not image.of_platform(Platform("linux", "amd64")).missing


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstd.compress, lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:])]
)
def test_compressed_archives_are_the_same_archives(opened: Open, pack) -> None:
    archive = LayoutArchive()
    archive.name(archive.image(), "1")

    plain, packed = opened(archive.pack()).images[0].load(), opened(pack(archive.pack())).images[0].load()

    assert plain.root == packed.root
    assert {digest: content(packed, digest) for digest in packed.blobs} == {
        digest: content(plain, digest) for digest in plain.blobs
    }


def test_names_may_begin_with_the_folder_itself_and_folders_may_be_listed(opened: Open) -> None:
    archive = LayoutArchive()
    archive.name(archive.image(), "1")
    folder = tarfile.TarInfo("./blobs")
    folder.type = tarfile.DIRTYPE
    members: list[Named] = [
        (folder, b""),
        (folder, b""),
        *((f"./{name}", data) for name, data in archive.members().items()),
    ]

    assert opened(tar(members)).images[0].load().names == ("1",)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_dialect_of_tar_is_read(opened: Open, form: int) -> None:
    archive = DockerArchive()
    archive.add("acme/app:1")
    long = f"{'a' * 60}/{'b' * 60}.json"
    archive.files[long] = archive.files.pop(archive.entries[0]["Config"])
    archive.entries[0]["Config"] = long
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as file:
        for name, data in archive.members().items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))

    assert opened(held.getvalue()).images[0].load().root.config is not None


def test_a_folder_is_read_like_a_file(tmp_path: Path) -> None:
    archive = LayoutArchive()
    described = archive.name(archive.image(), "1")
    for name, data in archive.members().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)

    with open_folder(tmp_path) as found:
        image = found.images[0].load()
        assert str(image.root.digest) == described["digest"]
        assert all(Digest.of(content(image, digest)) == digest for digest in image.blobs)


def test_bytes_are_read_from_any_place_on(opened: Open) -> None:
    archive = LayoutArchive()
    archive.name(archive.image(), "1")
    image = opened(archive.pack()).images[0].load()

    for digest, blob in image.blobs.items():
        assert b"".join(blob.open(7)) == content(image, digest)[7:]


def test_work_is_watched_and_ends_when_the_watcher_says_so(opened: Open) -> None:
    archive = DockerArchive()
    archive.add("acme/app:1")
    counted: list[int] = []
    opened(archive.pack(), watch=counted.append).images[0].load()
    assert sum(counted) > 1024

    class Enough(Exception): ...

    def stop(_count: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        opened(archive.pack(), watch=stop)
