"""BlobStore: what a place that keeps bytes by digest must be able to do.

Bytes arrive as *parts*: durable, but nobody's blob yet. `keep` joins parts into a blob, checks the
digest, and only then does the blob exist. `files.py`, `s3.py` and `memory.py` fulfil this
contract; `tests/contracts/test_blobs.py` holds them to it.

A store knows digests and bytes. Who may read a blob, and whether anyone still wants it, is decided
above; so `delete` and `discard_parts` ask no questions. A crash anywhere leaves parts that
`list_parts` names, or a blob that `list` names: litter, never a lie.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from entrepot.values.digest import Digest

CHUNK_BYTES = 1 << 20
"""The size of the pieces in which blobs are read and parts are written."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of an upload that are durable, but not a blob yet."""

    key: str
    """Opaque; names where the store keeps it."""
    size: int
    digest: Digest
    """Of this part alone, in the algorithm that was asked for."""


class PartWriter(Protocol):
    """A part being written. Whoever holds one ends it with `seal` or `discard`, also when cancelled.

    One task writes; calls do not overlap. After an error nothing is left of the part, and only
    `discard`, which is harmless then, may follow.
    """

    @property
    def size(self) -> int:
        """Bytes taken so far; after a cancelled `write`, says whether its chunk was taken."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Take `chunk`. Buffers a few MiB at most, then a slow disk slows the caller.

        Raises StorageFull, StorageFailed or StorageUnreachable, possibly for bytes written earlier.
        """
        ...

    async def seal(self) -> Part:
        """Make everything written durable. Sealing again returns the same part.

        Raises StorageFull, StorageFailed or StorageUnreachable.
        """
        ...

    async def discard(self) -> None:
        """Leave nothing behind. Harmless at any time; after `seal` it removes the part.

        What cannot be removed just now is left to the sweeper (`BlobStore.list_parts`).
        """
        ...


class BlobStore(Protocol):
    """Bytes by digest.

    Every method may raise StorageFailed, and StorageUnreachable where the store is a service.
    """

    async def new_part(self, algorithm: str = "sha256") -> PartWriter:
        """A part to write to, hashed with `algorithm` on the way.

        Raises DigestInvalid for an algorithm that is not known, StorageFull when space is short.
        """
        ...

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        """Join `parts`, in order, into the blob `digest`; returns its size. Durable when it returns.

        No parts make the empty blob. One part hashed with the digest's algorithm moves into place
        as it is. Others are read again and stay, so that whoever holds their names can repeat this
        after a crash; `discard_parts` is for when nobody does any more. Keeping a blob that is
        already there is harmless; so is a repetition that finds its one part moved and the blob kept.

        Raises DigestMismatch (the parts stay as they were), UploadUnknown for a part that is gone,
        BlobCorrupt for a part that is not what was sealed, StorageFull.
        """
        ...

    async def put(self, chunks: AsyncIterable[bytes], expect: Digest) -> int:
        """Keep what `chunks` yields as the blob `expect`; returns its size. Leaves nothing behind when it fails.

        Raises DigestMismatch, StorageFull, and what `chunks` raises.
        """
        ...

    async def stat(self, digest: Digest) -> int | None:
        """The size of the blob, None if it is not here."""
        ...

    def open(self, digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to, not including, `stop` (None: the end), in chunks of about 1 MiB.

        Whoever stops early closes the generator (`contextlib.aclosing`). Callers know the size from
        their facts, so a range beyond the end means that the stored bytes are too few.

        Raises, at the first chunk, BlobUnknown, or BlobCorrupt for a blob shorter than `start` or
        `stop`; later BlobCorrupt for one that turns out shorter than it was. Never ends early silently.
        """
        ...

    def open_part(self, part: Part, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of a sealed part from `start` up to, not including, `stop` (None: its end), like `open`.

        Raises, at the first chunk, UploadUnknown for a part that is gone, or BlobCorrupt for one that is too short.
        """
        ...

    async def locate(self, digest: Digest, *, seconds: int) -> str | None:
        """A URL from which anyone can read the blob for `seconds`, or None when bytes go through `open`.

        Does not look whether the blob is there.
        """
        ...

    async def delete(self, digests: Sequence[Digest]) -> None:
        """Remove these blobs. Those not here are fine. A reader that has begun may or may not finish."""
        ...

    def list(self) -> AsyncGenerator[tuple[Digest, int], None]:
        """Every blob with its size, by digest. One that comes or goes meanwhile may be missed or named."""
        ...

    async def set_aside(self, digest: Digest) -> bool:
        """Move the blob's bytes, right or not, to where they are neither read, listed nor removed.

        False if it is not here. Bytes set aside for the same digest before are replaced.
        """
        ...

    async def discard_parts(self, keys: Sequence[str]) -> None:
        """Remove these parts, sealed or not. Those not here are fine."""
        ...

    def list_parts(self, older_than_seconds: float) -> AsyncGenerator[str, None]:
        """Keys of all parts last written at least that long ago: candidates for the sweeper."""
        ...

    async def check(self) -> None:
        """Write and read a little, for readiness. Raises StorageFull, StorageFailed or StorageUnreachable."""
        ...

    async def close(self) -> None:
        """Give back threads and connections. Nothing may be called afterwards."""
        ...
