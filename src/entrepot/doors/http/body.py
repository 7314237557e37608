"""Request bodies: streams of bounded chunks that never wait forever and never end early unnoticed."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from entrepot.plumbing import metrics
from entrepot.values.errors import BodyIncomplete, BodyTooLarge, EntrepotError, SizeInvalid, worded


def declared_length(header: str | None) -> int | None:
    """The Content-Length, None when there is none. Raises SizeInvalid."""
    if header is None:
        return None
    if not header.isascii() or not header.isdigit():
        raise SizeInvalid(worded("Content-Length must be a number, not {header}.", header=repr(header[:40])))
    return int(header)


async def stream(receive: Receive, length: int | None, idle_seconds: float) -> AsyncIterator[bytes]:
    """The chunks of a body as they come.

    Raises BodyIncomplete when the client goes away, sends nothing for `idle_seconds`, or ends
    before the `length` it declared; SizeInvalid when it sends more.
    """
    received = 0
    has_more = True
    while has_more:
        try:
            async with asyncio.timeout(idle_seconds):
                message = await receive()
        except TimeoutError:
            raise BodyIncomplete(
                worded("No byte of the body came for {idle_seconds} seconds.", idle_seconds=f"{idle_seconds:g}")
            ) from None
        if message["type"] == "http.disconnect":
            raise BodyIncomplete("The client went away before the body was complete.")
        chunk = message.get("body", b"")
        has_more = message.get("more_body", False)
        if chunk:
            received += len(chunk)
            if length is not None and received > length:
                raise SizeInvalid(worded("The body has more than the {length} bytes declared.", length=length))
            metrics.bytes_in.inc(len(chunk))
            yield chunk
    if length is not None and received != length:
        raise BodyIncomplete(
            worded("The body has {received} bytes; {length} were declared.", received=received, length=length)
        )


async def whole(
    receive: Receive,
    length: int | None,
    idle_seconds: float,
    bytes_max: int,
    too_large: type[EntrepotError] = BodyTooLarge,
) -> bytes:
    """A small body at once. Raises BodyIncomplete, or `too_large` beyond `bytes_max`."""
    if length is not None and length > bytes_max:
        raise too_large(f"The body has {length} bytes; at most {bytes_max} are accepted.")
    gathered = bytearray()
    async for chunk in stream(receive, length, idle_seconds):
        gathered += chunk
        if len(gathered) > bytes_max:
            raise too_large(f"The body is larger than the {bytes_max} bytes accepted.")
    return bytes(gathered)
