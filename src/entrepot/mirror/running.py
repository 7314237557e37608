"""What one process is doing for upstreams: questions that several wait for, blobs on their way, ways to registries.

A question, or a fetch, is a task of its own: whoever wanted it first may leave, and it goes on. All end with the room.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from entrepot.blobs.shares import Shares
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError

T = TypeVar("T")
_KEPT_MAX: Final = 2_000
_READING_BYTES_MAX: Final = 8 << 20
_CHUNKS_HELD: Final = 5
_CHUNK_BYTES_MIN: Final = 8 << 10
_log = get_logger()


@dataclass(slots=True)
class Running:
    """`id` tells this process from others."""

    id: str = field(default_factory=new_id)
    shared: dict[Hashable, Any] = field(default_factory=dict)
    """What is known or held by key, as long as it is of use: open sources, fetches under way."""
    readers: Shares = field(default_factory=lambda: Shares(_READING_BYTES_MAX, _CHUNKS_HELD, _CHUNK_BYTES_MIN))
    """What those hold who read what is on its way, before it is durable."""
    _kept: dict[Hashable, tuple[float, Any]] = field(default_factory=dict)
    _questions: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def keep(self, key: Hashable, value: Any, until: float) -> None:
        """Have `recall` know something for a while (seconds since the epoch)."""
        if len(self._kept) >= _KEPT_MAX:
            self._kept.clear()
        self._kept[key] = until, value

    def recall(self, key: Hashable, now: float) -> Any:
        """What was kept under the key and still holds; None when nothing was."""
        until, value = self._kept.get(key, (now, None))
        return value if now < until else None

    async def together(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `ask` answers; who asks the same meanwhile gets the same answer, or error."""
        task: asyncio.Task[T] | None = self._questions.get(key)
        if task is None:
            task = self._questions[key] = self._task(ask())
            task.add_done_callback(lambda _: self._questions.pop(key, None))
        return await asyncio.shield(task)

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it beside everything else; what goes wrong in it is logged by whoever knows what it means."""
        _ = self.start(work)

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """The same, for who waits for its end."""
        return self._task(work)

    def _task(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def closing(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call it when the room closes."""
        self._closers.append(close)

    async def close(self) -> None:
        """End what is under way: bytes that are here stay, and another process, or the next start, goes on."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for close in self._closers:
            await close()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, EntrepotError):
            _log.error("work for an upstream broke", exc_info=error)
