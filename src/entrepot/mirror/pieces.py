"""Pieces: what comes from an upstream goes into the store piece by piece, each of so many bytes or of so long."""

from collections.abc import AsyncGenerator, Callable
from time import monotonic

from entrepot.values.errors import RemoteUnreachable


class Piece:
    """The next bytes of a fetch, as one part of the upload: so many, or as many as come in so long.

    `show` is called with each chunk before it is given on.
    """

    def __init__(
        self, show: Callable[[bytes], None], chunks: AsyncGenerator[bytes, None], limit: int, seconds: float
    ) -> None:
        self.size = 0
        self.trouble: RemoteUnreachable | None = None
        """What ended it early; what had come until then is kept."""
        self._show = show
        self._chunks = chunks
        self._limit = limit
        self._until = monotonic() + seconds

    async def read(self) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in self._chunks:
                self.size += len(chunk)
                self._show(chunk)
                yield chunk
                if self.size >= self._limit or monotonic() > self._until:
                    return
        except RemoteUnreachable as error:
            self.trouble = error
