"""Layers: what is in them, read from the store as a stream, by few at a time, and remembered by digest.

A digest names the same bytes for everybody, so what is remembered may serve all; who may see it is asked before, in
`files.py`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from threading import Event
from time import monotonic
from typing import TypeVar
from weakref import WeakValueDictionary

from entrepot.archives.listing import Listing, list_layer
from entrepot.archives.settings import LISTING, ListingSettings
from entrepot.plumbing.threads import Threads, settled

Result = TypeVar("Result")


class Layers:
    """Listings of layers. `kept_max`: entries that are remembered, of all layers together."""

    def __init__(self, settings: ListingSettings = LISTING, kept_max: int = 200_000, at_once: int = 2) -> None:
        self.settings = settings
        self._kept_max = kept_max
        self._threads = Threads(at_once, "layers")
        self._kept: OrderedDict[str, Listing] = OrderedDict()
        self._count = 0
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def kept(self, digest: str) -> Listing | None:
        """The listing of a layer, when it is remembered."""
        if digest in self._kept:
            self._kept.move_to_end(digest)
        return self._kept.get(digest)

    async def listing(self, digest: str, read: Callable[[], AsyncGenerator[bytes, None]], seconds: float) -> Listing:
        """The listing of a layer, read from `read()` when it is not remembered, for `seconds` at most.

        Many who want the same layer wait for one reading. Raises what reading raises.
        """
        lock = self._reading.setdefault(digest, asyncio.Lock())
        async with lock:
            found = self.kept(digest)
            if found is None:
                found = await self._read(read, monotonic() + seconds)
                self._keep(digest, found)
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

    def _keep(self, digest: str, listing: Listing) -> None:
        size = len(listing.entries) + 1
        if listing.is_late or size > self._kept_max:
            return
        self._kept[digest] = listing
        self._count += size
        while self._count > self._kept_max:
            _, old = self._kept.popitem(last=False)
            self._count -= len(old.entries) + 1


def _pulled(loop: asyncio.AbstractEventLoop, chunks: AsyncGenerator[bytes, None]) -> Iterator[bytes]:
    """The chunks, for a thread that reads what the loop brings."""

    async def following() -> bytes:
        return await anext(chunks, b"")

    while chunk := asyncio.run_coroutine_threadsafe(following(), loop).result():
        yield chunk
