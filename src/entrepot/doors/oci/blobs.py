"""`/v2/NAME/blobs/DIGEST`: pull and delete of blobs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

from starlette.types import Receive, Scope, Send

from entrepot.doors.http.streaming import until_gone
from entrepot.doors.oci.call import Call, Plain, Response
from entrepot.doors.oci.conditions import is_same, is_unchanged
from entrepot.doors.oci.onward import onward
from entrepot.mirror.virtual.pulls import find_blob
from entrepot.plumbing import metrics
from entrepot.registry.pull import locate_blob, open_blob
from entrepot.registry.remove import delete_blob
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.ranges import parse_range

Source: TypeAlias = Callable[[int, int], AsyncGenerator[bytes, None]]
"""The bytes of a blob from one place to another."""


async def get_blob(call: Call) -> Response:
    """A blob, whole or one byte range of it (`end-2`)."""
    digest = Digest.parse(call.reference)
    method = call.request.method
    found = await find_blob(call.rooms.mirror, call.actor, call.name, digest, with_bytes=method == "GET")
    headers = call.request.headers
    wanted = headers.get("range") if is_same(headers.get("if-range"), call.reference) else None
    unchanged = headers.get("if-none-match")
    coming = found.fetch.read if found.fetch is not None else None
    nearer = None
    if method == "GET" and not is_unchanged(unchanged, call.reference):
        nearer = await onward(call.rooms.regions, call.request.scope, call.actor, call.name, digest)
    return await blob_response(
        call.registry,
        found.path or call.name,
        digest,
        found.size,
        method,
        wanted,
        unchanged,
        coming,
        nearer,
        is_counted=not call.actor.is_house,
    )


async def blob_response(
    registry: Registry,
    path: str,
    digest: Digest,
    size: int,
    method: str,
    range_header: str | None,
    if_none_match: str | None,
    coming: Source | None = None,
    nearer: str | None = None,
    *,
    is_counted: bool = True,
) -> Response:
    """The answer for a blob of the repository at `path` that the caller may read.

    `coming`: where its bytes are read while they are on their way here. `nearer`: where the client has them nearer by.
    `is_counted`: they count as pulled; what a regional node sends, that reports.
    """
    name = str(digest)
    headers = {
        "Docker-Content-Digest": name,
        "ETag": f'"{name}"',
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
    }
    if is_unchanged(if_none_match, name):
        return Plain(304, headers)
    if method == "HEAD":
        return Plain(200, headers, length=size)

    def count(sent: int) -> None:
        if is_counted:
            registry.counts.sent(path, name, sent)

    if nearer is not None:
        return Plain(307, {"Docker-Content-Digest": name, "Location": nearer, "Cache-Control": "no-store"})
    if coming is None and (location := await locate_blob(registry, digest)):
        count(size)
        return Plain(307, {"Docker-Content-Digest": name, "Location": location})
    source = coming or partial(open_blob, registry, digest)
    wanted = parse_range(range_header, size)
    if wanted is None:
        return Stream(200, headers, size, source(0, size), count)
    start, stop = wanted
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Stream(206, headers, stop - start, source(start, stop), count)


async def remove_blob(call: Call) -> Response:
    """Take a blob out of the repository (`end-10`)."""
    await delete_blob(call.registry, call.actor, call.name, Digest.parse(call.reference))
    return Plain(202, {})


class Stream:
    """An answer whose body comes in chunks; a slow reader slows the source, a vanished one ends it."""

    def __init__(
        self,
        status: int,
        headers: dict[str, str],
        length: int,
        chunks: AsyncGenerator[bytes, None],
        count: Callable[[int], None],
    ) -> None:
        self._status = status
        self._headers = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        self._headers.append((b"content-length", str(length).encode()))
        self._length = length
        self._chunks = chunks
        self._count = count
        self._sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The first chunk is fetched before the status leaves: a store that fails at once still gets its own answer.
        try:
            async with aclosing(self._chunks) as chunks:
                first = await anext(chunks, b"")
                await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
                await self._send(first, send)
                if len(first) < self._length and not await self._send_rest(chunks, receive, send):
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._count(self._sent)

    async def _send(self, chunk: bytes, send: Send) -> None:
        metrics.bytes_out.inc(len(chunk))
        self._sent += len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _send_rest(self, chunks: AsyncIterator[bytes], receive: Receive, send: Send) -> bool:
        """False when the client went away. The server says so here only: it takes and drops what goes to nobody."""
        gone = asyncio.create_task(until_gone(receive))
        try:
            async for chunk in chunks:
                await asyncio.sleep(0)  # neither reading nor sending need wait, and then `gone` would never hear of it
                if gone.done():
                    return False
                await self._send(chunk, send)
        finally:
            gone.cancel()
        return True
