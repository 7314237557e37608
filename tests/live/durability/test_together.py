"""Many clients at once: the same image, the same repository, the same tag, the same upload."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest

from tests.live.conformance.builders import digest_of
from tests.live.durability import folders, processes
from tests.live.durability.client import Client, image
from tests.live.durability.conftest import Home
from tests.live.durability.crowds import answer, head
from tests.live.process import Server, running_server

CROWD = 50
CONFIG = b'{"architecture": "amd64", "os": "linux"}'
LAYERS = [bytes([number]) * 300_000 for number in range(3)]
IMAGE = image(CONFIG, LAYERS)

pytestmark = pytest.mark.xdist_group("durability-together")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    url = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else None
    folder = tmp_path_factory.mktemp("together")
    with running_server(folder, workers=2, log_level="warning", job_worker=False, database_url=url) as server:
        yield server


@pytest.fixture
async def clients(server: Server, repository: Home) -> AsyncIterator[list[Client]]:
    name = repository(server)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Client(server, name)) for _ in range(CROWD)]


async def test_fifty_clients_push_the_same_image_at_once(clients: list[Client], server: Server) -> None:
    async def push(number: int, client: Client) -> None:
        for blob in (CONFIG, *LAYERS):
            if number % 3 == 0:
                await client.push_whole(blob)
            elif number % 3 == 1:
                await client.push(blob)
            else:
                location = await client.start()
                half = len(blob) // 2
                await client.append(location, blob[:half], 0)
                await client.append(location, blob[half:], half)
                await client.finish(location, blob)
        await client.put_manifest("latest", IMAGE)

    async with asyncio.TaskGroup() as together:
        for number, client in enumerate(clients):
            together.create_task(push(number, client))

    assert set(folders.blobs(server)) >= {digest_of(blob) for blob in (CONFIG, *LAYERS)}
    await folders.check_blobs(server)
    assert folders.parts(server) == []
    assert await clients[0].manifest("latest") == IMAGE
    assert await clients[0].tags() == ["latest"]
    for blob in (CONFIG, *LAYERS):
        assert await clients[-1].blob(digest_of(blob)) == blob


async def test_fifty_clients_push_tags_of_one_repository_at_once(clients: list[Client], server: Server) -> None:
    async def push(number: int, client: Client) -> bytes:
        own = b"own layer %d" % number
        body = image(CONFIG, [LAYERS[0], own])
        for blob in (CONFIG, LAYERS[0], own):
            await client.push_whole(blob)
        await client.put_manifest(f"v{number}", body)
        return body

    async with asyncio.TaskGroup() as together:
        pushes = [together.create_task(push(number, client)) for number, client in enumerate(clients)]

    assert sorted(await clients[0].tags()) == sorted(f"v{number}" for number in range(CROWD))
    for number, pushed in enumerate(pushes):
        assert await clients[number % 3].manifest(f"v{number}") == pushed.result()
    await folders.check_blobs(server)
    assert folders.parts(server) == []


async def test_a_race_for_a_tag_ends_at_one_of_its_runners(clients: list[Client]) -> None:
    first, *_ = clients
    await first.push_whole(CONFIG)
    bodies = [image(CONFIG, [], annotations={"runner": str(number)}) for number in range(len(clients))]
    async with asyncio.TaskGroup() as together:
        for client, body in zip(clients, bodies, strict=True):
            together.create_task(client.put_manifest("latest", body))

    found = {await client.manifest("latest") for client in clients}
    assert len(found) == 1
    assert found < set(bodies)
    for body in bodies:
        assert await first.manifest(digest_of(body)) == body
    assert await first.tags() == ["latest"]


async def test_of_two_who_continue_an_upload_at_once_one_wins_and_the_other_is_told(clients: list[Client]) -> None:
    """In turn: chunks with a range, chunks without, and closing requests; whoever wins, the upload stays whole."""
    one, other, *_ = clients
    for attempt in range(10):
        start = b"start of %d " % attempt
        location = await one.start()
        await one.append(location, start, 0)
        chunks = [b"from one " * 20_000, b"from the other " * 20_000]

        async def continued(client: Client, chunk: bytes, place: str = location, size: int = len(start)) -> int:
            """The status of the answer."""
            headers = {"Content-Range": f"{size}-{size + len(chunk) - 1}"}
            return (await client.send("PATCH", place, content=chunk, headers=headers)).status_code

        statuses = await asyncio.gather(continued(one, chunks[0]), continued(other, chunks[1]))
        assert min(statuses) == 202
        assert 400 <= max(statuses) < 500
        won = chunks[statuses.index(202)]
        assert await other.held(location) == len(start) + len(won)

        whole = start + won + b" end"
        answers = await asyncio.gather(
            *(
                client.send("PUT", location, params={"digest": digest_of(whole)}, content=b" end")
                for client in clients[:2]
            )
        )
        codes = sorted(found.status_code for found in answers)
        assert codes[0] == 201
        assert codes[1] == 201 or 400 <= codes[1] < 500
        assert await one.blob(digest_of(whole)) == whole
        assert (await one.send("GET", location)).status_code == 404


async def test_closing_an_upload_with_the_wrong_digest_while_it_is_closed_rightly_proves_nothing(
    clients: list[Client], server: Server
) -> None:
    """Whoever never sent a blob does not get it by closing an upload of the same size beside the right close."""
    one, other, *_ = clients
    secret = b"a secret layer " * 1000
    await one.push_whole(secret)
    stranger = Client(server, f"{one.repository}-stranger")
    async with stranger:
        for _ in range(10):
            mine = bytes(len(secret))
            location = await stranger.start()
            await stranger.append(location, mine[:7], 0)
            await stranger.append(location, mine[7:], 7)
            answers = await asyncio.gather(
                *(
                    stranger.send("PUT", location, params={"digest": digest_of(content)})
                    for content in (mine, secret, mine, secret)
                )
            )
            assert 201 in {found.status_code for found in answers}
            assert await stranger.blob(digest_of(secret)) is None
    assert await other.blob(digest_of(secret)) == secret


@contextmanager
def connection_to(server: Server, worker: int) -> Iterator[socket.socket]:
    """A connection that `worker` answers."""
    for _ in range(200):
        plug = socket.create_connection(("127.0.0.1", server.port), 10)
        try:
            plug.sendall(head(server, "GET", "/v2/"))
            assert answer(plug)[0] == 200
            if processes.answering(server, plug) == worker:
                yield plug
                return
        finally:
            plug.close()
    raise AssertionError(f"worker {worker} answered none of 200 connections")


async def test_an_upload_begun_at_one_worker_goes_on_at_another(server: Server, clients: list[Client]) -> None:
    pieces = [b"piece %d " % number * 5000 for number in range(6)]
    whole = b"".join(pieces)
    workers = processes.workers(server)
    assert len(workers) == 2
    location, size = await clients[0].start(), 0
    for number, piece in enumerate(pieces):
        with connection_to(server, workers[number % 2]) as plug:
            span = f"Content-Range: {size}-{size + len(piece) - 1}"
            plug.sendall(head(server, "PATCH", location, span, f"Content-Length: {len(piece)}") + piece)
            status, headers, body = answer(plug)
            assert status == 202, body
            size += len(piece)
            assert headers["range"] == f"0-{size - 1}"
    with connection_to(server, workers[0]) as plug:
        plug.sendall(head(server, "PUT", f"{location}?digest={digest_of(whole)}", "Content-Length: 0"))
        status, _, body = answer(plug)
        assert status == 201, body
    assert await clients[0].blob(digest_of(whole)) == whole
