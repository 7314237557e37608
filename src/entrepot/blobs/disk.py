"""Disk: the file system calls of the files store. All of them block; callers bring a thread.

They raise OSError as it comes; `trouble` turns it into an error of ours at the border.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from entrepot.values.errors import Broken, StorageFailed, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}
# The page cache does not hold these bytes, or this file system cannot say (tmpfs, most network file systems).
_NOT_CACHED = {errno.EAGAIN, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def trouble() -> Iterator[None]:
    """Inside, an OSError becomes StorageFull or StorageFailed, with the system's word for it as detail `errno`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error


def storage_error(error: OSError) -> Broken:
    name = errno.errorcode.get(error.errno or 0, "unknown")
    words = error.strerror or "input/output error"
    if error.errno in _FULL:
        return StorageFull(f"The blob storage is full: {words}.", errno=name)
    return StorageFailed(f"The blob storage failed: {words}.", errno=name)


def check_free(folder: Path, free_bytes_min: int) -> None:
    """Raises StorageFull if less than `free_bytes_min` is left for us on the file system of `folder`."""
    if not free_bytes_min:
        return
    found = os.statvfs(folder)
    free_bytes = found.f_bavail * found.f_frsize
    if free_bytes < free_bytes_min:
        raise StorageFull(free_bytes=free_bytes, free_bytes_min=free_bytes_min)


def make_root(folder: Path) -> None:
    """Make the folders above `folder`, as an administrator would with `mkdir -p`."""
    os.makedirs(folder.parent, exist_ok=True)


def make_folder(folder: Path) -> None:
    """Make `folder` if it is not there; either way its entry in the folder above is durable afterwards."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        # Another process may have made it and not yet come to the next line.
        pass
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable: made, moved and removed ones."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def write(fd: int, chunks: Sequence[bytes]) -> None:
    """All of `chunks`; at most 1024 of them (IOV_MAX)."""
    size = sum(map(len, chunks))
    written = os.writev(fd, chunks)
    if written < size:  # a disk about to be full, or a signal; the next call says which
        rest = memoryview(b"".join(chunks))[written:]
        while rest:
            rest = rest[os.write(fd, rest) :]


def sync(fd: int) -> None:
    """Make the bytes and the length of a file durable."""
    os.fdatasync(fd)


def close(fd: int) -> None:
    os.close(fd)


def move(source: Path, target: Path) -> None:
    os.rename(source, target)


def remove(path: Path) -> None:
    """A file that is not there is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def size_of(path: Path) -> int | None:
    """None if there is no such file."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def open_to_read(path: Path) -> tuple[int, int] | None:
    """The descriptor and the size of a file that will be read from front to back; None if there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        with suppress(OSError):  # advice; not every file system takes it
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        return fd, os.fstat(fd).st_size
    except OSError:
        os.close(fd)
        raise


def read(fd: int, count: int, offset: int) -> bytes:
    return os.pread(fd, count, offset)


def read_cached(fd: int, scratch: memoryview, offset: int) -> int:
    """Read into `scratch` what can be had without waiting for the disk; returns how much. Never blocks."""
    try:
        return os.preadv(fd, [scratch], offset, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno in _NOT_CACHED:
            return 0
        raise


def write_file(path: Path, body: bytes) -> None:
    fd = create(path)
    try:
        write(fd, [body])
    finally:
        close(fd)


def read_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def folders_in(root: Path, folder: str) -> list[str]:
    """Keys of the folders in `root/folder`, which may be absent."""
    try:
        with os.scandir(root / folder) as entries:
            return [f"{folder}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def files_in(root: Path, folder: str) -> list[tuple[str, int, float]]:
    """Key, size and time of the last write of every file in `root/folder`, which may be absent."""
    found = []
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                try:
                    stat = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # went away meanwhile
                if S_ISREG(stat.st_mode):
                    found.append((f"{folder}/{entry.name}", stat.st_size, stat.st_mtime))
    except FileNotFoundError:
        pass
    return found
