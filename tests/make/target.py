"""A real HTTP server that webhooks deliver to, honest or not."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.make.waiting import until

Manner = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Target:
    """`answers`: statuses by path, 200 where none is set; `retry_after`: seconds that are said with them.

    `manners`: what happens instead of an answer, by path.
    """

    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    says: dict[str, bytes] = field(default_factory=dict)
    manners: dict[str, Manner] = field(default_factory=dict)
    retry_after: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path.partition("?")[0] == path]

    async def was_asked(self, count: int, path: str = "/", seconds_max: float = 10.0) -> list[Asked]:
        await until(lambda: len(self.at(path)) >= count, seconds_max)
        return self.at(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = head[0].split(" ")[1]
                self.asked.append(Asked(path, headers, body))
                plain = path.partition("?")[0]
                if plain in self.manners:
                    await self.manners[plain](reader, writer)
                    return
                said = self.says.get(plain, b"")
                status = self.answers.get(plain, 200)
                pause = b"retry-after: %d\r\n" % self.retry_after[plain] if plain in self.retry_after else b""
                writer.write(b"HTTP/1.1 %d Said\r\n%scontent-length: %d\r\n\r\n" % (status, pause, len(said)) + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except asyncio.CancelledError:
            return  # the test is over, and the loop with it
        finally:
            writer.close()


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing until the client goes."""
    await reader.read()


async def break_off(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promise more than is sent."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a gigabyte."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
    for _ in range(1024):
        writer.write(bytes(1024 * 1024))
        await writer.drain()


def redirect_to(url: str) -> Manner:
    async def redirect(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % url.encode())
        await writer.drain()

    return redirect


@asynccontextmanager
async def running_target() -> AsyncIterator[Target]:
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    target.port = server.sockets[0].getsockname()[1]
    try:
        yield target
    finally:
        server.close()
