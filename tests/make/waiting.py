"""Waiting for what tells nobody when it happens: another process, a thread of a library."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def until(is_so: Callable[[], bool | Awaitable[bool]], seconds_max: float = 10.0) -> None:
    """Return as soon as `is_so()` is true. Raises TimeoutError."""
    async with asyncio.timeout(seconds_max):
        while True:
            answer = is_so()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(0.01)
