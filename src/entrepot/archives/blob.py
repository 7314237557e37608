"""Blob: bytes of a known size that can be read from any place on, in chunks, by several readers at once."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, quoted, worded

CHUNK_BYTES = 1 << 20


class Blob(Protocol):
    """What an archive holds under a name or a digest."""

    @property
    def size(self) -> int: ...

    def open(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in chunks of at most 1 MiB. Raises ArchiveInvalid when there are too few."""
        ...


class SharedFile:
    """A seekable file that many read at once: each says where."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._lock = threading.Lock()
        self.size = file.seek(0, os.SEEK_END)

    def read(self, start: int, count: int) -> bytes:
        with self._lock:
            self.file.seek(start)
            return self.file.read(count)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a file."""

    file: SharedFile
    start: int
    size: int

    def open(self, start: int = 0) -> Iterator[bytes]:
        at, stop = self.start + start, self.start + self.size
        while at < stop:
            chunk = self.file.read(at, min(CHUNK_BYTES, stop - at))
            if not chunk:
                raise ArchiveInvalid("The archive ends before its content does; it was cut off.")
            at += len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class FileBlob:
    """A whole file of a folder."""

    path: Path
    size: int

    def open(self, start: int = 0) -> Iterator[bytes]:
        left = self.size - start
        with self.path.open("rb") as file:
            file.seek(start)
            while left:
                chunk = file.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise ArchiveInvalid(
                        worded("The file {path} became shorter while it was read.", path=quoted(str(self.path)))
                    )
                left -= len(chunk)
                yield chunk


@dataclass(frozen=True, slots=True)
class BytesBlob:
    """Bytes in memory: a document."""

    content: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self, start: int = 0) -> Iterator[bytes]:
        if start < self.size:
            yield self.content[start:]


@dataclass(frozen=True, slots=True)
class VerifiedBlob:
    """A blob that must have a digest; whoever reads it from its beginning to its end hears when it has not."""

    blob: Blob
    digest: Digest
    name: str

    @property
    def size(self) -> int:
        return self.blob.size

    def open(self, start: int = 0) -> Iterator[bytes]:
        if start:
            yield from self.blob.open(start)
            return
        hashed = hashlib.new(self.digest.algorithm)
        for chunk in self.blob.open():
            hashed.update(chunk)
            yield chunk
        if hashed.hexdigest() != self.digest.hex:
            raise ArchiveInvalid(
                worded(
                    "{name} does not have the digest {digest} it is named by; the archive is damaged.",
                    name=quoted(self.name),
                    digest=self.digest,
                ),
                member=self.name,
            )
