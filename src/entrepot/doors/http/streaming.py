"""Bodies that are made while they are sent: a slow reader slows the source, a vanished one ends it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class SentFile(Response):
    """A file of `size` bytes that browsers save as `name`, made while it is sent."""

    media_type = "application/x-tar"

    def __init__(self, chunks: AsyncGenerator[bytes, None], size: int, name: str) -> None:
        said = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
        super().__init__(None, 200, {**said, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})
        self.chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await self.chunks.aclose()
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_chunks(self.chunks, receive, send)


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
