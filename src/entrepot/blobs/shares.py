"""Shares: however many streams there are and however slow their clients, together they hold a bounded amount of memory.

A stream that waits for its client holds a few chunks: one in hand, others in the queues on its way.
A few streams get chunks of 1 MiB, which cost least for each byte. Many get smaller ones, and while
stalled streams hold what there is, the others make do with the smallest.
"""

from __future__ import annotations

from dataclasses import dataclass

from entrepot.blobs.store import CHUNK_BYTES


@dataclass(slots=True)
class Shares:
    """What all streams of one kind may hold: about `bytes_max`, and one smallest chunk times `chunks_held` for each."""

    bytes_max: int
    chunks_held: int
    """How many chunks a stream holds while it waits."""
    chunk_bytes_min: int
    _held: int = 0
    _streams: int = 0

    def open(self) -> Share:
        self._streams += 1
        return Share(self)

    def resize(self, before: int) -> int:
        """The size of the next chunk of a stream whose last one had `before` bytes."""
        free = self.bytes_max - (self._held - before * self.chunks_held)
        size = min(free, self.bytes_max // self._streams) // self.chunks_held
        size = max(self.chunk_bytes_min, min(size, CHUNK_BYTES))
        self._held += (size - before) * self.chunks_held
        return size

    def leave(self, before: int) -> None:
        self._streams -= 1
        self._held -= before * self.chunks_held


class Share:
    """One stream's part in it, from `open` to `close`."""

    def __init__(self, shares: Shares) -> None:
        self._shares: Shares | None = shares
        self._size = 0

    def next(self) -> int:
        """How large the next chunk may be; at most `CHUNK_BYTES`."""
        assert self._shares is not None, "this share was closed"
        self._size = self._shares.resize(self._size)
        return self._size

    def close(self) -> None:
        """Closing again is harmless."""
        shares, self._shares = self._shares, None
        if shares is not None:
            shares.leave(self._size)
