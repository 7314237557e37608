"""FilesStore: durability, permissions, damaged files, and full disks."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrepot.blobs import disk, layout
from entrepot.blobs.files import FilesStore
from entrepot.blobs.store import PartWriter
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, StorageFull
from tests.blobs.failing_disk import WatchedOs
from tests.contracts.conftest import open_files_below
from tests.contracts.streams import MIB, chunked, collect, listed, parts_left, put, some_bytes, write_part


@pytest.fixture
def store(tmp_path: Path) -> FilesStore:
    return FilesStore(tmp_path / "store")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_everything_is_synced_before_it_is_acknowledged(
    store: FilesStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power may fail at any moment after the answer: bytes and all names must be on the disk by then."""
    events: list[str] = []

    class Diary(WatchedOs):
        def fsync(self, fd: int) -> None:
            events.append(f"sync {_path_of(fd, tmp_path)}")

        def fdatasync(self, fd: int) -> None:
            events.append(f"sync {_path_of(fd, tmp_path)}")

        def mkdir(self, path: Path, mode: int) -> None:
            path.mkdir(mode)
            events.append(f"mkdir {path.relative_to(tmp_path)}")

        def rename(self, source: Path, target: Path) -> None:
            source.rename(target)
            events.append("rename")

    monkeypatch.setattr(disk, "os", Diary())
    digest = Digest.of(b"abc")
    writer = await store.new_part()
    assert events == ["mkdir store", "sync .", "mkdir store/parts", "sync store"]
    await writer.write(b"abc")
    events.clear()
    part = await writer.seal()
    assert events == [f"sync store/{part.key}", "sync store/parts"]
    events.clear()
    await store.keep([part], digest)
    prefix = f"store/{layout.blob_key(digest)}".rpartition("/")[0]
    assert events == [
        *("mkdir store/blobs", "sync store"),
        *("mkdir store/blobs/sha256", "sync store/blobs"),
        *(f"mkdir {prefix}", "sync store/blobs/sha256"),
        *("rename", f"sync {prefix}"),
    ]


async def test_a_folder_another_process_made_is_synced_once_by_this_one_too(
    store: FilesStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, b"abc")
    other, watched = FilesStore(tmp_path / "store"), WatchedOs()
    monkeypatch.setattr(disk, "os", watched)
    await put(other, b"abc")
    counts = [_count(watched, "mkdir"), _count(watched, "fsync")]
    await put(other, b"abc")
    assert [_count(watched, "mkdir") - counts[0], _count(watched, "fsync") - counts[1]] == [0, 2]


async def test_nobody_else_on_the_machine_can_read_blobs(store: FilesStore, tmp_path: Path) -> None:
    await put(store, b"abc")
    await write_part(store, b"abc")
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


async def test_small_parts_take_one_trip_to_a_thread_to_seal_and_one_to_keep(
    store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[object] = []
    start = store._threads.start

    def counted(*args: Any) -> Any:
        jobs.append(args)
        return start(*args)

    writer = await store.new_part()
    monkeypatch.setattr(store._threads, "start", counted)
    await writer.write(some_bytes(64 << 10))
    await store.keep([await writer.seal()], Digest.of(some_bytes(64 << 10)))
    assert len(jobs) == 2


@pytest.mark.parametrize("left", [0, 1, MIB, 3 * MIB - 1])
@pytest.mark.parametrize("stop", [None, 3 * MIB])
async def test_a_truncated_blob_is_corrupt_and_never_silently_short(
    store: FilesStore, tmp_path: Path, left: int, stop: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers say where a blob ends (`stop`), or it is cut while it is read."""
    digest = await put(store, some_bytes(3 * MIB))
    path = tmp_path / "store" / layout.blob_key(digest)
    if stop is None:
        size = path.stat().st_size
        monkeypatch.setattr(disk, "open_to_read", lambda path: (os.open(path, os.O_RDONLY), size))
    os.truncate(path, left)
    with pytest.raises(BlobCorrupt):
        await collect(store.open(digest, 0, stop))
    assert open_files_below(tmp_path) == []


async def test_pushing_again_heals_a_damaged_blob(store: FilesStore, tmp_path: Path) -> None:
    body = some_bytes(1000)
    digest = await put(store, body)
    (tmp_path / "store" / layout.blob_key(digest)).write_bytes(b"damaged")
    await put(store, body)
    assert await collect(store.open(digest)) == body


async def test_a_sealed_part_that_changed_size_makes_no_blob(store: FilesStore, tmp_path: Path) -> None:
    part = await write_part(store, b"abc")
    (tmp_path / "store" / part.key).write_bytes(b"ab")
    with pytest.raises(BlobCorrupt):
        await store.keep([part], part.digest)
    with pytest.raises(BlobCorrupt):
        await store.keep([part, part], Digest.of(b"abcabc"))
    assert await listed(store) == {}
    assert await parts_left(store) == [part.key]


@pytest.mark.parametrize("error", [errno.EAGAIN, errno.EOPNOTSUPP])
async def test_bytes_outside_the_page_cache_are_read_by_a_thread(
    store: FilesStore, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ColdOs(WatchedOs):
        def preadv(self, *_: object) -> int:
            raise OSError(error, "not now")

    body = some_bytes(3 * MIB + 5)
    digest = await put(store, body)
    monkeypatch.setattr(disk, "os", ColdOs())
    assert await collect(store.open(digest, 7)) == body[7:]


async def test_bytes_partly_in_the_page_cache_are_all_read(store: FilesStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class LukewarmOs(WatchedOs):
        def preadv(self, fd: int, buffers: list[memoryview], offset: int, flags: int) -> int:
            return os.preadv(fd, [buffers[0][:4096]], offset, flags) if offset % 3 else 0

    body = some_bytes(3 * MIB + 5)
    digest = await put(store, body)
    monkeypatch.setattr(disk, "os", LukewarmOs())
    assert await collect(store.open(digest)) == body


async def test_files_of_others_in_the_folder_are_neither_listed_nor_removed(store: FilesStore, tmp_path: Path) -> None:
    digest = await put(store, b"abc")
    part = await write_part(store, b"part")
    root = tmp_path / "store"
    prefix = (root / layout.blob_key(digest)).parent
    strangers = [root / "parts" / "README", root / "blobs" / "README", prefix / "README", prefix / ("f" * 64)]
    for path in strangers:
        path.write_bytes(b"not ours")
    (prefix / ("e" * 64)).mkdir()
    (root / "parts" / ("a" * 32)).symlink_to(root / "blobs" / "README")
    assert await listed(store) == {digest: 3}
    assert await parts_left(store) == [part.key]
    assert all(path.exists() for path in strangers)


async def test_uploads_are_refused_while_little_space_is_left(tmp_path: Path) -> None:
    plenty = FilesStore(tmp_path / "store")
    digest = await put(plenty, b"abc")
    short = FilesStore(tmp_path / "store", free_bytes_min=1 << 60)
    with pytest.raises(StorageFull) as refused:
        await short.new_part()
    assert refused.value.detail["free_bytes_min"] == 1 << 60
    with pytest.raises(StorageFull):
        await short.check()
    assert await collect(short.open(digest)) == b"abc"
    assert await parts_left(short) == []


async def test_an_upload_stops_when_space_gets_short_on_the_way(tmp_path: Path) -> None:
    store = FilesStore(tmp_path / "store", free_bytes_min=1)
    writer = await store.new_part()
    writer._free_bytes_min = 1 << 60
    with pytest.raises(StorageFull):
        await _write_all(writer, 80 * MIB)
    assert await parts_left(store) == []
    assert open_files_below(tmp_path) == []


async def test_a_full_disk_refuses_uploads_and_keeps_what_it_has(small_disk: Path) -> None:
    store = FilesStore(small_disk / "store")
    kept = await put(store, some_bytes(MIB))
    for _ in range(2):
        with pytest.raises(StorageFull) as refused:
            await store.put(chunked(some_bytes(8 * MIB)), Digest.of(some_bytes(8 * MIB)))
        assert refused.value.detail == {"errno": "ENOSPC"}
        assert await parts_left(store) == []
    parts = [await write_part(store, some_bytes(MIB, seed)) for seed in range(2)]
    with pytest.raises(StorageFull):  # joining needs as much again
        await store.keep(parts, Digest.of(some_bytes(MIB, 0) + some_bytes(MIB, 1)))
    assert sorted(await parts_left(store)) == sorted(part.key for part in parts)
    await store.discard_parts([part.key for part in parts])
    again = await put(store, some_bytes(2 * MIB, 9))
    assert await listed(store) == {kept: MIB, again: 2 * MIB}
    assert await collect(store.open(kept)) == some_bytes(MIB)


async def _write_all(writer: PartWriter, size: int) -> None:
    async for chunk in chunked(bytes(size), MIB):
        await writer.write(chunk)


def _path_of(fd: int, folder: Path) -> Path:
    return Path(f"/proc/self/fd/{fd}").readlink().relative_to(folder)


def _count(watched: WatchedOs, name: str) -> int:
    return sum(call.name == name for call, _ in watched.calls)
