"""Crashes: the whole server is killed at random moments while many clients push; nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sys
from collections.abc import AsyncIterator

import pytest

from tests.live.conformance.builders import digest_of
from tests.live.conftest import StartServer
from tests.live.durability import folders
from tests.live.durability.client import Client, Gone, held, image
from tests.live.durability.conftest import Home
from tests.live.durability.ledger import Ledger, OpenUpload
from tests.live.process import Server

ROUNDS = {1: 3, 2: 3}  # by worker processes
CLIENTS = 8
UNTIL_CRASH_SECONDS_MAX = 1.0
SHARED_TAGS = ("latest", "edge")
SEED = int(os.environ.get("ENTREPOT_CRASH_SEED") or secrets.randbits(32))

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("durability-crash")]


@pytest.fixture
def dice() -> random.Random:
    sys.stdout.write(f"repeat with ENTREPOT_CRASH_SEED={SEED}\n")  # pytest shows it on failure
    return random.Random(SEED)


class Pusher:
    """A client that pushes whatever comes to its mind until the server is gone."""

    def __init__(self, client: Client, ledger: Ledger, number: int, seed: int) -> None:
        self.client, self.ledger, self.number = client, ledger, number
        self.dice = random.Random(seed)

    async def push_until_gone(self) -> None:
        while True:
            act = self.dice.choice([self.whole, self.post_and_put, self.chunks, self.streamed, self.tag, self.tag])
            try:
                await act()
            except Gone:
                return

    def content(self) -> bytes:
        """Mostly small, sometimes larger than every buffer on the way."""
        return self.dice.randbytes(int(2 ** self.dice.uniform(5, 21.5)))

    async def whole(self) -> None:
        content = self.content()
        asked = self.ledger.ask_blob(content)
        await self.client.push_whole(content)
        self.ledger.acknowledge(asked)

    async def post_and_put(self) -> None:
        upload = await self.begin()
        await self.close(upload, upload.content)

    async def chunks(self) -> None:
        upload = await self.begin()
        while upload.size < len(upload.content):
            count = self.dice.randint(2, max(2, len(upload.content) // 2))
            await self.client.append(upload.location, upload.content[upload.size :][:count], upload.size)
            upload.size = min(upload.size + count, len(upload.content))
        await self.close(upload, b"")

    async def streamed(self) -> None:
        upload = await self.begin()
        half = len(upload.content) // 2
        upload.size = await self.client.stream(upload.location, _pieces(upload.content[:half]))
        assert upload.size == half
        await self.close(upload, upload.content[half:])

    async def begin(self) -> OpenUpload:
        upload = OpenUpload(await self.client.start(), self.content())
        self.ledger.uploads[upload.location] = upload
        return upload

    async def close(self, upload: OpenUpload, rest: bytes) -> None:
        asked = self.ledger.ask_blob(upload.content)
        upload.is_closing = True
        await self.client.finish(upload.location, upload.content, rest)
        del self.ledger.uploads[upload.location]
        self.ledger.acknowledge(asked)

    async def tag(self) -> None:
        """An image of blobs that other clients pushed, under a tag of this client or of everyone."""
        known = self.ledger.acknowledged_blobs()
        if not known:
            await self.whole()
            return
        body = image(self.dice.choice(known), self.dice.choices(known, k=2), annotations={"by": secrets.token_hex(8)})
        tag = self.dice.choice([*SHARED_TAGS, f"of-{self.number}", None])
        asked = self.ledger.ask_manifest(body, tag)
        await self.client.put_manifest(tag or asked[0].digest, body)
        self.ledger.acknowledge(*asked)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 50_000):
        yield content[start : start + 50_000]


@pytest.mark.parametrize("workers", ROUNDS)
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed_at_random_moments(
    start_server: StartServer, repository: Home, dice: random.Random, workers: int
) -> None:
    server = start_server(workers=workers, log_level="warning")
    name = repository(server)
    ledger = Ledger()
    for _ in range(ROUNDS[workers]):
        began = ledger.now()
        await push_and_crash(server, name, ledger, dice)
        server.start()
        async with Client(server, name) as client:
            await ledger.check(client, began)
    await folders.check_blobs(server)
    await no_litter_remains(server, name, ledger)


async def push_and_crash(server: Server, name: str, ledger: Ledger, dice: random.Random) -> None:
    clients = [Client(server, name) for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as crowd:
        for number, client in enumerate(clients):
            crowd.create_task(Pusher(client, ledger, number, dice.getrandbits(32)).push_until_gone())
        await ledger.until_acknowledged(CLIENTS)
        await asyncio.sleep(dice.uniform(0, UNTIL_CRASH_SECONDS_MAX))  # a random moment is no event
        server.kill()
    for client in clients:
        await client.close()


async def no_litter_remains(server: Server, name: str, ledger: Ledger) -> None:
    """Uploads go on where the server says they are, and end; then nothing is left among the parts."""
    server.stop()
    await folders.swept(server)
    server.start()
    async with Client(server, name) as client:
        for upload in ledger.uploads.values():
            await resume(client, upload)
        ledger.uploads.clear()
        assert folders.parts(server) == []
        await ledger.check(client)


async def resume(client: Client, upload: OpenUpload) -> None:
    seen = await client.send("GET", upload.location)
    if seen.status_code == 404:
        assert upload.is_closing
        return
    size = held(seen)
    assert size >= upload.size
    if size < len(upload.content):
        assert await client.append(upload.location, upload.content[size:], size) == len(upload.content)
    await client.finish(upload.location, upload.content)
    assert await client.blob(digest_of(upload.content)) == upload.content
