"""Threads for work that blocks: file system calls, hashing large bodies.

Work that has begun is always waited for, even by a caller that is cancelled meanwhile: a thread
may still be writing to a file that the caller is about to close.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A bounded number of threads, started when first needed. Work beyond that number waits in line."""

    def __init__(self, count: int = 16, name: str = "entrepot") -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """`work(*args, **kwargs)`, begun now, awaited later (see `settled`)."""
        call = partial(work, *args, **kwargs) if kwargs else work
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *(() if kwargs else args))

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work(*args, **kwargs)` returns or raises. When cancelled, raises only after `work` has ended."""
        future = self.start(work, *args, **kwargs)
        await settled((future,))
        return future.result()

    def close(self) -> None:
        """Takes no more work; what was begun goes on to its end."""
        self._pool.shutdown(wait=False)


async def settled(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Waits until all of `futures` have ended, well or badly; a caller cancelled meanwhile hears of it afterwards."""
    pending = {future for future in futures if not future.done()}
    cancelled: asyncio.CancelledError | None = None
    while pending:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
        pending = {future for future in pending if not future.done()}
    if cancelled is not None:
        raise cancelled
