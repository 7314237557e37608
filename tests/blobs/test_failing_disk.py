"""FilesStore on a disk whose every call fails in turn: a clear error, nothing half done, and the next try succeeds."""

import errno
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from entrepot.blobs import disk
from entrepot.blobs.files import FilesStore
from entrepot.values.digest import Digest
from entrepot.values.errors import EntrepotError, StorageFailed, StorageFull
from tests.blobs.failing_disk import ERRORS, Call, WatchedOs
from tests.contracts.conftest import open_files_below
from tests.contracts.streams import MIB, chunked, collect, listed, parts_left, some_bytes, write_part

Scenario = Callable[[FilesStore], Awaitable[Digest]]


async def put_small(store: FilesStore) -> Digest:
    return await _put(store, some_bytes(1000))


async def put_large(store: FilesStore) -> Digest:
    return await _put(store, some_bytes(3 * MIB))


async def put_very_large(store: FilesStore) -> Digest:
    """Long enough for the disk to be told to begin early, and for a second look at the space left."""
    return await _put(store, b"\0" * (70 * MIB))


async def join(store: FilesStore) -> Digest:
    bodies = [some_bytes(MIB + 1, 1), some_bytes(100, 2)]
    digest = Digest.of(b"".join(bodies))
    async with AsyncExitStack() as undo:
        parts = []
        for body in bodies:
            part = await write_part(store, body)
            undo.push_async_callback(store.discard_parts, [part.key])
            parts.append(part)
        await store.keep(parts, digest)
    return digest


async def _put(store: FilesStore, body: bytes) -> Digest:
    digest = Digest.of(body)
    await store.put(chunked(body, 256 << 10), digest)
    return digest


SCENARIOS: tuple[Scenario, ...] = (put_small, put_large, put_very_large, join)

# Without the first, a kept blob's parts wait for the sweeper; the second is advice.
HARMLESS = {"unlink", "posix_fadvise"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory if there is such a place: hundreds of uploads, and no need to wait for a real disk."""
    in_memory = Path("/dev/shm")
    if not os.access(in_memory, os.W_OK):
        yield tmp_path / "new" / "store"
        return
    with tempfile.TemporaryDirectory(dir=in_memory) as folder:
        yield Path(folder) / "new" / "store"


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_call_of_an_upload_may_fail(
    scenario: Scenario, error: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = await _calls_of(scenario, folder / "rehearsal", monkeypatch)
    assert {"open", "writev", "fdatasync", "fsync", "rename", "mkdir"} <= {call.name for call in calls}
    if scenario is put_very_large:  # the calls it shares with the others fail there
        calls = [call for call in calls if call.name in {"fdatasync", "statvfs"}]

    for number, call in enumerate(calls):
        root = folder / f"{number}"
        failing = WatchedOs(call, error)
        monkeypatch.setattr(disk, "os", failing)
        store = FilesStore(root, free_bytes_min=1)
        refused = await _refusal(scenario(store))
        if failing.has_failed and call.name not in HARMLESS:
            assert refused is not None, call
        if refused is not None:
            assert type(refused) is (StorageFull if error == errno.ENOSPC else StorageFailed), call
            assert refused.detail == {"errno": errno.errorcode[error]}, call
            assert str(root) not in refused.message, call
        monkeypatch.setattr(disk, "os", WatchedOs())

        assert failing.has_failed or call.name == "fdatasync", call  # how many there are depends on the disk's pace
        assert open_files_below(root) == [], call
        if call.name != "unlink":
            assert await parts_left(store) == [], call
        for digest in await listed(store):  # a kept blob whose folder could not be synced: not acknowledged, but whole
            assert Digest.of(await collect(store.open(digest))) == digest, call

        digest = await scenario(store)
        assert Digest.of(await collect(store.open(digest))) == digest, call
        await store.delete([digest])
        await store.close()


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
async def test_nothing_is_visible_when_a_call_before_the_rename_fails(
    error: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = await _calls_of(put_large, folder / "rehearsal", monkeypatch)
    names = [call.name for call in calls]
    for number, call in enumerate(calls[: names.index("rename") + 1]):
        monkeypatch.setattr(disk, "os", WatchedOs(call, error))
        store = FilesStore(folder / f"{number}", free_bytes_min=1)
        with pytest.raises((StorageFull, StorageFailed)):
            await put_large(store)
        monkeypatch.setattr(disk, "os", WatchedOs())
        assert await listed(store) == {}, call
        await store.close()


@pytest.mark.parametrize("name", ["open", "fstat", "pread", "preadv"])
async def test_a_failing_read_is_reported_and_closes_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FilesStore(tmp_path)
    digest = await put_large(store)
    monkeypatch.setattr(disk, "os", WatchedOs(Call(name, 1), errno.EIO))
    with pytest.raises(StorageFailed) as failed:
        await collect(store.open(digest))
    assert failed.value.detail == {"errno": "EIO"}
    assert open_files_below(tmp_path) == []
    assert Digest.of(await collect(store.open(digest))) == digest
    await store.close()


@pytest.mark.parametrize("name", ["open", "writev", "statvfs"])
async def test_a_failing_disk_is_not_ready(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FilesStore(folder, free_bytes_min=1)
    await store.check()
    monkeypatch.setattr(disk, "os", WatchedOs(Call(name, 1), errno.EROFS))
    with pytest.raises(StorageFailed):
        await store.check()
    await store.check()
    assert await parts_left(store) == []
    await store.close()


async def test_a_part_that_cannot_be_removed_is_left_to_the_sweeper(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FilesStore(folder)
    writer = await store.new_part()
    await writer.write(b"abc")
    monkeypatch.setattr(disk, "os", WatchedOs(Call("unlink", 1), errno.EIO))
    await writer.discard()
    assert open_files_below(folder) == []
    left = await parts_left(store)
    assert len(left) == 1
    await store.discard_parts(left)
    assert await parts_left(store) == []
    await store.close()


async def test_a_short_write_is_continued(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class HastyOs(WatchedOs):
        def writev(self, fd: int, chunks: list[bytes]) -> int:
            return os.write(fd, b"".join(chunks)[:1000])

        def write(self, fd: int, chunk: bytes) -> int:
            return os.write(fd, chunk[:100_000])

    monkeypatch.setattr(disk, "os", HastyOs())
    store = FilesStore(folder)
    digest = await put_large(store)
    assert Digest.of(await collect(store.open(digest))) == digest
    await store.close()


async def _refusal(work: Awaitable[Digest]) -> EntrepotError | None:
    try:
        await work
    except EntrepotError as error:
        return error
    return None


async def _calls_of(scenario: Scenario, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the scenario calls in a new store, when nothing fails."""
    watched = WatchedOs()
    monkeypatch.setattr(disk, "os", watched)
    store = FilesStore(folder, free_bytes_min=1)
    await scenario(store)
    await store.close()
    return [call for call, _ in watched.calls]
