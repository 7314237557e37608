"""Targets: where the bytes of an archive go. A tar file or a folder takes blobs in any order, a stream in its own.

Nothing bears its final name before it is complete: a tar file is `FILE.part` until then, a folder has no `index.json`.
What was left by an attempt before is looked at, and blobs that are there and right need not come again (`has`).
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from entrepot.archives import layout
from entrepot.archives.blob import CHUNK_BYTES
from entrepot.archives.writing import END, Member, plan_tar
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, worded

_PART = ".part"


class Target(Protocol):
    """Takes the blobs of the members it was made for; each from its beginning to its end, by one caller."""

    in_order: bool
    """Whether blobs must come one after the other, in the order of the members."""

    def has(self, blob: Member) -> bool:
        """Whether the blob is there already, whole and right."""
        ...

    def write(self, blob: Member, at: int, chunk: bytes) -> None:
        """Take `chunk` as the bytes of `blob` from `at` on."""
        ...

    def finish(self) -> None:
        """Make it durable and give it its name, once every blob has come."""
        ...

    def close(self) -> None:
        """Let go. Before `finish`, what has come stays for the next attempt."""
        ...


class TarTarget:
    """A tar file on disk."""

    in_order = False

    def __init__(self, path: Path, members: Sequence[Member]) -> None:
        """Raises OSError where nothing can be written."""
        self._path = path
        self._part = path.with_name(path.name + _PART)
        places = plan_tar(members)
        self._places = {place.member.name: place for place in places}
        size = (places[-1].stop if places else 0) + len(END)
        self._fd = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        # One of the same size may be what an attempt before has left; what it holds is checked blob by blob.
        self._is_resumed = os.fstat(self._fd).st_size == size
        os.ftruncate(self._fd, size)
        for place in places:
            self._write_at(place.start, place.header)
            self._write_at(place.content_start, place.member.content or b"")
            self._write_at(place.stop - len(place.padding), place.padding)
        self._write_at(size - len(END), END)

    def has(self, blob: Member) -> bool:
        if not self._is_resumed or blob.digest is None:
            return False
        start = self._places[blob.name].content_start
        hashed = hashlib.new(blob.digest.algorithm)
        for at in range(0, blob.size, CHUNK_BYTES):
            hashed.update(os.pread(self._fd, min(CHUNK_BYTES, blob.size - at), start + at))
        return hashed.hexdigest() == blob.digest.hex

    def write(self, blob: Member, at: int, chunk: bytes) -> None:
        self._write_at(self._places[blob.name].content_start + at, chunk)

    def finish(self) -> None:
        os.fsync(self._fd)
        self._part.replace(self._path)

    def close(self) -> None:
        os.close(self._fd)

    def _write_at(self, at: int, chunk: bytes) -> None:
        while chunk:
            written = os.pwrite(self._fd, chunk, at)
            at, chunk = at + written, chunk[written:]


class StreamTarget:
    """A stream, such as standard output."""

    in_order = True

    def __init__(self, stream: BinaryIO, members: Sequence[Member]) -> None:
        self._stream = stream
        self._left = list(reversed(plan_tar(members)))

    def has(self, blob: Member) -> bool:  # a stream holds nothing
        return False

    def write(self, blob: Member, at: int, chunk: bytes) -> None:
        if at == 0:
            self._write_up_to(blob.name)
        self._stream.write(chunk)
        if at + len(chunk) == blob.size:
            self._stream.write(self._left.pop().padding)

    def finish(self) -> None:
        self._write_up_to(None)
        self._stream.write(END)
        self._stream.flush()

    def close(self) -> None: ...

    def _write_up_to(self, name: str | None) -> None:
        """Everything before the bytes of the blob `name`: documents, empty blobs, its own header."""
        while self._left:
            place = self._left[-1]
            self._stream.write(place.header)
            if place.member.name == name:
                return
            self._stream.write((place.member.content or b"") + place.padding)
            self._left.pop()


class FolderTarget:
    """An OCI layout in a folder."""

    in_order = False

    def __init__(self, folder: Path, members: Sequence[Member]) -> None:
        """Raises ArchiveInvalid where a layout is already, OSError where nothing can be written."""
        if (folder / layout.INDEX).exists():
            raise ArchiveInvalid(
                worded("There is an image layout in {folder} already; name another folder.", folder=folder)
            )
        self._folder = folder
        self._members = members
        for member in members:
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, BinaryIO] = {}

    def has(self, blob: Member) -> bool:
        path = self._folder / blob.name
        if blob.digest is None or not path.is_file():
            return False
        with path.open("rb") as file:
            return (
                Digest(blob.digest.algorithm, hashlib.file_digest(file, blob.digest.algorithm).hexdigest())
                == blob.digest
            )

    def write(self, blob: Member, at: int, chunk: bytes) -> None:
        if at == 0:
            self._files[blob.name] = (self._folder / blob.name).open("wb")
        file = self._files[blob.name]
        file.write(chunk)
        if at + len(chunk) == blob.size:
            _sync(self._files.pop(blob.name))

    def finish(self) -> None:
        for member in self._members:  # `index.json` is among the last: with it, the layout is there
            if member.digest is None or not member.size:
                with (self._folder / member.name).open("wb") as file:
                    file.write(member.content or b"")
                    _sync(file)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
