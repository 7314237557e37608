"""Layers: what is in them, read from the store as a stream, by few at a time, and remembered by digest.

A digest names the same bytes for everybody, so what is remembered may serve all; who may see it is asked before, in
`files.py`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from threading import Event
from time import monotonic
from typing import TypeVar
from weakref import WeakValueDictionary

from entrepot.archives.listing import Listing, list_layer
from entrepot.archives.settings import LISTING, ListingSettings
from entrepot.archives.tree import Node
from entrepot.plumbing.threads import Threads, settled
from entrepot.registry.remembered import Remembered

Result = TypeVar("Result")


class Layers:
    """Listings of layers, and trees made of them. `kept_max`: names that are remembered, of each of the two."""

    def __init__(self, settings: ListingSettings = LISTING, kept_max: int = 200_000, at_once: int = 2) -> None:
        self.settings = settings
        self._threads = Threads(at_once, "layers")
        self._listings = Remembered[Listing](kept_max)
        self._trees = Remembered[tuple[Node, Sequence[str]]](kept_max)
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def kept(self, digest: str) -> Listing | None:
        """The listing of a layer, when it is remembered."""
        return self._listings.get(digest)

    def kept_tree(self, digests: Sequence[str], at: int | None = None) -> tuple[Node, Sequence[str]] | None:
        """The tree of layers over each other, or of the one `at` a place, and sentences about what is not in it.

        None when it is not remembered.
        """
        return self._trees.get((at, *digests))

    def keep_tree(
        self, digests: Sequence[str], at: int | None, tree: Node, problems: Sequence[str], count: int
    ) -> None:
        """Remember the tree that these layers make, always, of `count` names."""
        self._trees.keep((at, *digests), (tree, problems), count + 1)

    async def listing(self, digest: str, read: Callable[[], AsyncGenerator[bytes, None]], seconds: float) -> Listing:
        """The listing of a layer, read from `read()` when it is not remembered, for `seconds` at most.

        Many who want the same layer wait for one reading. Raises what reading raises.
        """
        lock = self._reading.setdefault(digest, asyncio.Lock())
        async with lock:
            found = self.kept(digest)
            if found is None:
                found = await self._read(read, monotonic() + seconds)
                if not found.is_late:
                    self._listings.keep(digest, found, len(found.entries) + 1)
            return found

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns: it goes over listings, and would hold up everybody else."""
        return await self._threads.run(work)

    async def _read(self, read: Callable[[], AsyncGenerator[bytes, None]], until: float) -> Listing:
        loop, gone = asyncio.get_running_loop(), Event()
        async with aclosing(read()) as chunks:
            pulled = _pulled(loop, chunks)
            future = self._threads.start(
                list_layer, pulled, self.settings, lambda: gone.is_set() or monotonic() > until
            )
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError:
                gone.set()
                await settled((future,))  # it still reads `chunks`
                raise
            return future.result()


def _pulled(loop: asyncio.AbstractEventLoop, chunks: AsyncGenerator[bytes, None]) -> Iterator[bytes]:
    """The chunks, for a thread that reads what the loop brings."""

    async def following() -> bytes:
        return await anext(chunks, b"")

    while chunk := asyncio.run_coroutine_threadsafe(following(), loop).result():
        yield chunk
