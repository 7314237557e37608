"""The folder of a docker-registry: only what is in it is read, and only what it says it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.cli.moving.names import check_source_name
from entrepot.cli.moving.settings import MovingSettings
from entrepot.cli.moving.storage import StorageSource
from entrepot.plumbing.threads import Threads
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, NameInvalid, TooMany
from entrepot.values.media_types import OCTET_STREAM
from entrepot.values.names import RepositoryName, TagName
from tests.make.image import Image

APP = RepositoryName("team/app")
TAG = TagName("1.0")


class Storage:
    """A folder as a docker-registry writes it."""

    def __init__(self, folder: Path, threads: Threads) -> None:
        self.root = folder / "docker/registry/v2"
        self.source = StorageSource(folder, threads)

    def put(self, name: str, tag: str, image: Image) -> Image:
        for content in (image.body, *(blob.content for blob in image.blobs)):
            self.write(self.data(Digest.of(content)), content)
        manifests = f"repositories/{name}/_manifests"
        for link in (f"tags/{tag}/current", f"revisions/sha256/{image.digest.hex}"):
            self.write(f"{manifests}/{link}/link", str(image.digest).encode())
        return image

    def write(self, name: str, content: bytes) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def data(self, digest: Digest) -> str:
        return f"blobs/sha256/{digest.hex[:2]}/{digest.hex}/data"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    threads = Threads(1)
    yield Storage(tmp_path / "data", threads)
    threads.close()


async def read(storage: Storage, digest: Digest, size: int) -> bytes:
    shelf = storage.source.shelf(APP, [TAG])
    return b"".join([chunk async for chunk in shelf.blob(Descriptor(OCTET_STREAM, digest, size))])


async def test_repositories_tags_manifests_and_blobs_are_found(storage: Storage) -> None:
    image = storage.put("team/app", "1.0", Image.make())
    storage.put("app", "latest", Image.make())
    storage.put("team/app/below", "2", Image.make())

    assert await storage.source.repositories() == ["app", "team/app", "team/app/below"]
    assert await storage.source.tags(APP) == ["1.0"]
    shelf = storage.source.shelf(APP, ["1.0"])
    found = await shelf.find(TAG)
    assert found is not None and found.body == image.body
    assert await shelf.digest(TAG) == image.digest
    layer = image.blobs[1]
    assert await read(storage, layer.digest, len(layer.content)) == layer.content


async def test_what_was_deleted_or_never_there_is_not_found(storage: Storage) -> None:
    image = storage.put("team/app", "1.0", Image.make())
    shelf = storage.source.shelf(APP, ["1.0"])
    assert await shelf.find(TagName("2.0")) is None

    (storage.root / f"repositories/{APP}/_manifests/revisions/sha256/{image.digest.hex}/link").unlink()

    assert await shelf.find(TAG) is None, "the registry leaves links of tags behind"
    assert await storage.source.tags(RepositoryName("none")) == []


async def test_links_of_the_file_system_are_not_followed(storage: Storage, tmp_path: Path) -> None:
    image = storage.put("team/app", "1.0", Image.make())
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "_manifests").mkdir()
    (storage.root / "repositories" / "linked").symlink_to(outside)
    (storage.root / "repositories" / "again").symlink_to(storage.root / "repositories" / "team")
    assert await storage.source.repositories() == ["team/app"]

    data = storage.root / storage.data(image.digest)
    data.rename(outside / "data")
    data.symlink_to(outside / "data")
    with pytest.raises(ArchiveInvalid, match="not followed"):
        await storage.source.shelf(APP, ["1.0"]).find(TAG)


@pytest.mark.parametrize("link", [b"../../../../etc/passwd", b"sha256:short", b"", b"x" * 300, b"\xff\xfe"])
async def test_a_link_file_says_a_digest_or_nothing(storage: Storage, link: bytes) -> None:
    storage.put("team/app", "1.0", Image.make())
    storage.write(f"repositories/{APP}/_manifests/tags/1.0/current/link", link)

    with pytest.raises(ArchiveInvalid, match="no link to a digest"):
        await storage.source.shelf(APP, ["1.0"]).find(TAG)


async def test_what_is_damaged_is_refused(storage: Storage) -> None:
    image = storage.put("team/app", "1.0", Image.make())
    layer = image.blobs[1]
    storage.write(storage.data(layer.digest), layer.content[::-1])
    with pytest.raises(ArchiveInvalid, match="damaged"):
        await read(storage, layer.digest, len(layer.content))
    with pytest.raises(ArchiveInvalid, match="bytes where"):
        await read(storage, layer.digest, len(layer.content) + 1)
    storage.write(storage.data(image.digest), Image.make().body)
    with pytest.raises(ArchiveInvalid, match="damaged"):
        await storage.source.shelf(APP, ["1.0"]).find(TAG)


async def test_odd_names_of_folders_are_told_as_they_are(storage: Storage) -> None:
    storage.put("Odd Name?/app", "1.0", Image.make())

    [name] = await storage.source.repositories()

    assert name == "Odd Name?/app"
    with pytest.raises(NameInvalid):
        check_source_name(name)


async def test_folders_without_end_are_not_walked_to_it(storage: Storage, tmp_path: Path) -> None:
    for number in range(6):
        storage.put(f"app{number}", "1", Image.make())
    few = StorageSource(tmp_path / "data", storage.source.threads, settings=MovingSettings(folders_max=5))

    with pytest.raises(TooMany, match="more than 5 folders"):
        await few.repositories()
