"""Uploads and downloads that break off go on where they were; what is damaged is refused."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace

import pytest

from entrepot.remote.blobs import How, Source, pull_blob, push_blob
from entrepot.remote.manifests import get_manifest, put_manifest
from entrepot.remote.session import Remote
from entrepot.remote.settings import DEFAULT
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import DigestMismatch, ManifestInvalid, RemoteRefused, RemoteUnreachable
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCI_MANIFEST, OCTET_STREAM
from entrepot.values.names import RepositoryName, TagName
from tests.make.image import Image
from tests.remote.registry import Registry, running

NAME = RepositoryName("acme/app")
CONTENT = os.urandom(50_000)
BLOB = Descriptor(OCTET_STREAM, Digest.of(CONTENT), len(CONTENT))


@pytest.fixture
def registry() -> Iterator[Registry]:
    with running() as registry:
        yield registry


@pytest.fixture
async def waits() -> list[float]:
    return []


@pytest.fixture
async def remote(registry: Registry, waits: list[float]) -> AsyncIterator[Remote]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with Remote(registry.url, sleep=sleep, settings=replace(DEFAULT, attempts_max=3)) as remote:
        yield remote


def source_of(content: bytes) -> Source:
    async def source(start: int) -> AsyncGenerator[bytes, None]:
        for at in range(start, len(content), 1_000):
            yield content[at : at + 1_000]

    return source


async def read(chunks: AsyncGenerator[bytes, None]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def test_a_blob_is_sent_once(registry: Registry, remote: Remote) -> None:
    moved: list[int] = []

    first = await push_blob(remote, NAME, BLOB, source_of(CONTENT), moved.append)
    second = await push_blob(remote, NAME, BLOB, source_of(CONTENT), moved.append)

    assert (first, second) == (How.SENT, How.PRESENT)
    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert registry.bytes_in == len(CONTENT)
    assert moved[-1] == len(CONTENT)
    assert moved == sorted(moved)


async def test_an_upload_goes_on_from_what_the_registry_holds(registry: Registry, remote: Remote) -> None:
    registry.cuts = [10_000, 7_000, 1_000, 1_000, 1_000]

    await push_blob(remote, NAME, BLOB, source_of(CONTENT), lambda _: None)

    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert registry.bytes_in == len(CONTENT)
    assert registry.uploads_begun == 1


async def test_an_upload_that_the_registry_forgot_begins_again(registry: Registry, remote: Remote) -> None:
    registry.cuts, registry.forgets_uploads = [10_000], True

    await push_blob(remote, NAME, BLOB, source_of(CONTENT), lambda _: None)

    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert registry.uploads_begun == 2


async def test_a_lost_answer_to_the_last_request_is_no_loss(registry: Registry, remote: Remote) -> None:
    registry.cuts = [100_000, 0]

    assert await push_blob(remote, NAME, BLOB, source_of(CONTENT), lambda _: None) is How.SENT
    assert registry.uploads_begun == 1


async def test_an_upload_that_does_not_move_on_ends(registry: Registry, remote: Remote, waits: list[float]) -> None:
    registry.busy = 100

    with pytest.raises(RemoteUnreachable, match="503"):
        await push_blob(remote, NAME, BLOB, source_of(CONTENT), lambda _: None)

    assert waits == [0.5, 1.0]


async def test_what_is_not_what_it_was_announced_as_is_refused_and_not_left_there(
    registry: Registry, remote: Remote
) -> None:
    with pytest.raises(RemoteRefused, match="another digest"):
        await push_blob(remote, NAME, BLOB, source_of(CONTENT[::-1]), lambda _: None)

    assert registry.asked[-1] == "DELETE upload"


async def test_what_fails_to_be_read_is_not_tried_again(registry: Registry, remote: Remote) -> None:
    async def source(start: int) -> AsyncGenerator[bytes, None]:
        yield CONTENT[start : start + 10]
        raise ManifestInvalid("the file is gone")

    with pytest.raises(ManifestInvalid, match="gone"):
        await push_blob(remote, NAME, BLOB, source, lambda _: None)
    assert registry.uploads_begun == 1


@pytest.mark.parametrize("ignores_ranges", [False, True])
async def test_a_download_goes_on_where_it_broke_off(
    registry: Registry, remote: Remote, waits: list[float], ignores_ranges: bool
) -> None:
    registry.blobs[str(BLOB.digest)] = CONTENT
    registry.ignores_ranges = ignores_ranges
    registry.cuts = [10_000, 20_000, 5_000]

    assert await read(pull_blob(remote, NAME, BLOB)) == CONTENT
    assert len(waits) == 3


async def test_a_download_begins_where_it_is_told_to(registry: Registry, remote: Remote) -> None:
    registry.blobs[str(BLOB.digest)] = CONTENT

    assert await read(pull_blob(remote, NAME, BLOB, 49_000)) == CONTENT[49_000:]


async def test_a_download_that_does_not_move_on_ends(registry: Registry, remote: Remote) -> None:
    registry.blobs[str(BLOB.digest)] = CONTENT
    registry.cuts = [0] * 100

    with pytest.raises(RemoteUnreachable):
        await read(pull_blob(remote, NAME, BLOB))


@pytest.mark.parametrize("held", [CONTENT[::-1], CONTENT + b"x"])
async def test_a_download_that_is_damaged_is_refused(registry: Registry, remote: Remote, held: bytes) -> None:
    registry.blobs[str(BLOB.digest)] = held

    with pytest.raises(DigestMismatch):
        await read(pull_blob(remote, NAME, BLOB))


async def test_a_blob_that_ends_too_early_is_refused_without_trying_again(
    registry: Registry, remote: Remote, waits: list[float]
) -> None:
    registry.blobs[str(BLOB.digest)] = CONTENT[:30_000]

    with pytest.raises(DigestMismatch, match="fewer than"):
        await read(pull_blob(remote, NAME, BLOB))
    assert len(waits) == 1


async def test_the_blob_without_a_byte_needs_no_request(registry: Registry, remote: Remote) -> None:
    assert await read(pull_blob(remote, NAME, Descriptor(OCTET_STREAM, Digest.of(b""), 0))) == b""
    assert registry.asked == []


async def test_a_manifest_comes_back_and_a_damaged_one_is_refused(registry: Registry, remote: Remote) -> None:
    manifest = Manifest.parse(Image.make().body, OCI_MANIFEST)

    await put_manifest(remote, NAME, TagName("1"), manifest)
    assert await get_manifest(remote, NAME, TagName("1")) == manifest

    registry.manifests[str(manifest.digest)] = (OCI_MANIFEST, Image.make().body)
    with pytest.raises(DigestMismatch):
        await get_manifest(remote, NAME, manifest.digest)


async def test_a_document_without_end_is_not_read_to_it(registry: Registry, remote: Remote) -> None:
    registry.manifests["1"] = (OCI_MANIFEST, b" " * (DEFAULT.document_bytes_max + 1))

    with pytest.raises(RemoteRefused, match="more than"):
        await get_manifest(remote, NAME, TagName("1"))


async def test_a_registry_that_is_busy_for_a_moment_is_asked_again(
    registry: Registry, remote: Remote, waits: list[float]
) -> None:
    registry.blobs[str(BLOB.digest)] = CONTENT
    registry.busy = 2

    assert await push_blob(remote, NAME, BLOB, source_of(CONTENT), lambda _: None) is How.PRESENT
    assert waits == [0.5, 1.0]


async def test_nobody_listening_is_said(waits: list[float]) -> None:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with Remote("http://127.0.0.1:1", sleep=sleep) as remote:
        with pytest.raises(RemoteUnreachable, match=r"cannot be reached .*Is the address right, and does it run"):
            await get_manifest(remote, NAME, TagName("1"))
    assert len(waits) == 5
