"""Pieces: however many large uploads there are, together they hold a bounded number of pieces in memory.

S3 takes an object in pieces of 5 MiB or more, so an upload cannot make do with less when there are
many: each has at least one piece, in which its bytes collect until they can be sent. A few uploads
get several, to collect one while others are on their way. Whoever finds none waits, and so does its
client. What fits into one batch (`batch.py`) is no large upload: it is sent as it is and never waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

PIECE_BYTES = 8 << 20  # S3 allows 10,000 pieces: objects up to 78 GiB


@dataclass(slots=True)
class Pieces:
    """`count` pieces for all large uploads, of which one takes `at_once` while many are free, and fewer later."""

    count: int
    at_once: int
    _taken: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def take(self) -> int:
        """How many pieces the caller now has, at least one. First come, first served."""
        if self._waiting or self._taken >= self.count:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():  # it had its piece a moment before
                    self.give_back(1)
                elif turn in self._waiting:
                    self._waiting.remove(turn)
                raise
            return 1
        # The fewer are free the fewer for one: many slow uploads shall fit in before anybody waits.
        taken = max(1, min(self.at_once, (self.count - self._taken) // (2 * self.at_once)))
        self._taken += taken
        return taken

    def give_back(self, taken: int) -> None:
        """Free pieces go to who has waited longest, one to each."""
        self._taken -= taken
        while self._waiting and self._taken < self.count:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
