"""Rate: so many bytes in a second, whoever moves them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

_PIECE = 16_384


class Rate:
    """Each `take` has its place in one line, so that all who move bytes together keep to the number."""

    def __init__(
        self,
        per_second: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = 0.0

    @property
    def is_limited(self) -> bool:
        return self._per_second is not None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """The chunk in pieces so small that no connection falls silent for long while they wait."""
        step = len(chunk) if self._per_second is None else _PIECE
        return (chunk[at : at + step] for at in range(0, len(chunk), max(step, 1)))

    async def take(self, count: int) -> None:
        """Wait until `count` bytes may go."""
        if self._per_second is None:
            return
        now = self._clock()
        begin = max(self._free_at, now)
        self._free_at = begin + count / self._per_second
        if begin > now:
            await self._sleep(begin - now)


class Rates:
    """Several of them: each piece has its place in every line."""

    def __init__(self, *rates: Rate) -> None:
        self._rates = rates

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """As the slowest takes them."""
        limited = next((one for one in self._rates if one.is_limited), self._rates[0])
        return limited.pieces(chunk)

    async def take(self, count: int) -> None:
        """Wait until `count` bytes may go by all of them."""
        for one in self._rates:
            await one.take(count)
