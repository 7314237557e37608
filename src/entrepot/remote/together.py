"""Together: some things side by side, a bounded number of them, and one error when any fails."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")

WIDTH = 4
"""Blobs on their way at once: enough to fill a line, few enough for the server and the disk."""


async def together(jobs: Iterable[Callable[[], Awaitable[_T]]], width: int = WIDTH) -> list[_T]:
    """What `jobs` return, in their order. The first error ends the others and is raised."""
    room = asyncio.Semaphore(width)

    async def run(job: Callable[[], Awaitable[_T]]) -> _T:
        async with room:
            return await job()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(job)) for job in jobs]
    except BaseExceptionGroup as failed:
        raise _first(failed) from None
    return [task.result() for task in tasks]


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
