"""Turns: so many blobs of an upstream are fetched at the same time, those that clients wait for before all others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class Turns:
    """`width` at the same time. What nobody waits for steps back when a client comes and no turn is free."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._running = 0
        self._wanted = 0
        self._beside: list[asyncio.Task[Any]] = []
        self._leaving: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def of_client(self) -> AsyncIterator[None]:
        """A turn for what a client waits for."""
        self._wanted += 1
        try:
            while self._running >= self._width:
                if self._beside and len(self._leaving) < self._wanted:
                    last = self._beside.pop()
                    self._leaving.add(last)
                    last.cancel()
                await self._change()
            self._running += 1
        finally:
            self._wanted -= 1
            self._tell()
        try:
            yield
        finally:
            self._running -= 1
            self._tell()

    async def free(self) -> None:
        """Wait until there is a turn that no client wants."""
        while self._running >= self._width or self._wanted:
            await self._change()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """A turn that was `free` a moment ago, for what nobody waits for: for a client, the task is cancelled."""
        task = asyncio.current_task()
        assert task is not None, "it is awaited in a task"
        self._running += 1
        self._beside.append(task)
        try:
            yield
        finally:
            self._running -= 1
            self._leaving.discard(task)
            self.keep(task)
            self._tell()

    def keep(self, task: "asyncio.Task[Any] | None") -> None:
        """Let the task have its turn to the end: now a client waits for it, too."""
        if task in self._beside:
            self._beside.remove(task)

    async def _change(self) -> None:
        await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
