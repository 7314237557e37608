"""Bodies that are made while they are sent: a slow reader slows the source, a vanished one ends it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Send


async def send_chunks(chunks: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Send `chunks` as the body of an answer that has begun, and end it; unless the client goes away before."""
    gone = asyncio.create_task(until_gone(receive))
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                await asyncio.sleep(0)  # neither making nor sending need wait, and then `gone` would never hear of it
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def until_gone(receive: Receive) -> None:
    """Wait until the client of a request, whose body was read, goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
