"""Clients that stall or vanish cost a file descriptor while they are there, and nothing afterwards."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.live.conftest import StartServer
from tests.live.durability import folders, processes
from tests.live.durability.client import Client
from tests.live.durability.conftest import Home
from tests.live.durability.crowds import crowd, head, vanish
from tests.live.durability.watching import becomes, counted, until
from tests.live.process import Server

MIB = 1 << 20
CROWD = 200
READ_AHEAD_BYTES = MIB // 4
# Some thirty chunks of 8 KiB, in our hands and in the HTTP server's, and 80 KiB for the connection; then some air.
READER_BYTES_MAX = 400 << 10
# So much of a stalled answer the kernel's buffers can take; a blob must be larger for its reader to stall.
BLOB_BYTES = 32 * MIB

pytestmark = pytest.mark.xdist_group("durability-slow")


@pytest.fixture
def server(start_server: StartServer) -> Server:
    return start_server(log_level="warning", job_worker=False, body_idle_seconds=60, read_ahead_bytes=READ_AHEAD_BYTES)


def open_files(pid: int) -> Counter[str]:
    """How many sockets, files among the blobs and among the parts `pid` has open."""
    found: Counter[str] = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        kind = target.partition(":")[0] if ":" in target else Path(target).parent.name
        found["blob" if f"{os.sep}blobs{os.sep}" in target else kind] += 1
    return found


async def test_two_hundred_readers_that_stall_cost_descriptors_and_no_memory(server: Server, repository: Home) -> None:
    name = repository(server)
    async with Client(server, name) as client:
        digest = await client.push_whole(bytes(BLOB_BYTES))
        await client.blob(digest)
        (worker,) = processes.workers(server)
        before, held = processes.resident_bytes(worker), open_files(worker)
        with crowd(server, CROWD) as plugs:
            for plug in plugs:
                plug.sendall(head(server, "GET", f"/v2/{name}/blobs/{digest}"))
            for plug in plugs:
                assert plug.recv(12) == b"HTTP/1.1 200"
            until(lambda: open_files(worker)["blob"] == CROWD, "every reader has its file open")
            assert await client.blob(digest) == bytes(BLOB_BYTES)
            grown = processes.resident_bytes(worker) - before
            for plug in plugs:
                vanish(plug)
            until(lambda: open_files(worker)["blob"] == 0, "files nobody reads are closed")
            until(lambda: open_files(worker)["socket"] <= held["socket"] + 1, "sockets of nobody are closed")
        assert grown < CROWD * READER_BYTES_MAX, f"{CROWD} stalled readers cost {grown / MIB:.0f} MiB"


async def test_a_reader_that_vanished_is_not_read_for(server: Server, repository: Home) -> None:
    """The rest of a blob is not fetched and thrown away: of a layer of gigabytes, that would be seconds of work."""
    name = repository(server)
    async with Client(server, name) as client:
        digest = await client.push_whole(bytes(256 * MIB))
        (worker,) = processes.workers(server)
        before = await counted(client, "entrepot_bytes_out_total")
        with crowd(server, 4) as plugs:
            for plug in plugs:
                plug.sendall(head(server, "GET", f"/v2/{name}/blobs/{digest}"))
                assert plug.recv(12) == b"HTTP/1.1 200"
                vanish(plug)
            until(lambda: open_files(worker)["blob"] == 0, "files nobody reads are closed")
        assert await counted(client, "entrepot_bytes_out_total") - before < 4 * 64 * MIB


@pytest.mark.parametrize(
    ("sent", "each_max"),
    [
        pytest.param(60_000, MIB // 4, id="at their beginning"),
        # What the HTTP library reads ahead of a connection grows with its pace, to the bound that is set.
        pytest.param(3_000_000, 4 * READ_AHEAD_BYTES, id="after megabytes"),
    ],
)
async def test_two_hundred_uploads_that_stall_cost_descriptors_and_little_memory(
    server: Server, repository: Home, sent: int, each_max: int
) -> None:
    name = repository(server)
    async with Client(server, name) as client:
        await client.push_whole(bytes(8 * MIB))
        locations = [await client.start() for _ in range(CROWD)]
        (worker,) = processes.workers(server)
        before, held = processes.resident_bytes(worker), open_files(worker)
        arrived = await counted(client, "entrepot_bytes_in_total")
        with crowd(server, CROWD) as plugs:
            for plug, location in zip(plugs, locations, strict=True):
                plug.sendall(head(server, "PATCH", location, "Content-Length: 100000000") + bytes(sent))
            until(lambda: open_files(worker)["parts"] == CROWD, "every upload has its part open")

            async def has_arrived() -> bool:
                return await counted(client, "entrepot_bytes_in_total") >= arrived + CROWD * sent

            # Of what is unread when a client vanishes, the kernel takes back what it likes.
            await becomes(has_arrived, "every byte is read")
            assert await client.push_whole(bytes(MIB))
            grown = processes.resident_bytes(worker) - before
            for plug in plugs:
                vanish(plug)
            until(lambda: open_files(worker)["parts"] == 0, "parts nobody sends are closed")
            until(lambda: open_files(worker)["socket"] <= held["socket"] + 1, "sockets of nobody are closed")
        assert grown < CROWD * each_max, f"{CROWD} stalled uploads cost {grown / MIB:.0f} MiB"

        # What arrived is kept for whoever comes back.
        assert {await client.held(location) for location in locations} == {sent}
        for location in locations:
            await client.demand(204, "DELETE", location)
    assert folders.parts(server) == []


async def test_uploads_without_a_session_leave_nothing_when_their_clients_vanish(
    server: Server, repository: Home
) -> None:
    name = repository(server)
    (worker,) = processes.workers(server)
    with crowd(server, 20) as plugs:
        for plug in plugs:
            path = f"/v2/{name}/blobs/uploads/?digest=sha256:{'0' * 64}"
            plug.sendall(head(server, "POST", path, f"Content-Length: {4 * MIB}") + bytes(3 * MIB))
        until(lambda: open_files(worker)["parts"] == len(plugs), "every upload has its part open")
        for plug in plugs:
            vanish(plug)
        until(lambda: folders.parts(server) == [], "their parts are removed")
    assert open_files(worker)["parts"] == 0


async def test_an_upload_that_nobody_continues_is_forgotten_in_time(
    start_server: StartServer, repository: Home
) -> None:
    server = start_server(log_level="warning", job_worker=False, upload_idle_seconds=1)
    async with Client(server, repository(server)) as client:
        location = await client.start()
        await client.append(location, b"0123456789", 0)
        acknowledged = time.time()
        assert len(folders.parts(server)) == 1
        until(lambda: time.time() > acknowledged + 1, "a second has passed since the server answered")
        forgotten, _ = await folders.swept(server)
        assert forgotten == 1
        assert folders.parts(server) == []
        assert (await client.send("GET", location)).status_code == 404
        assert (await client.send("PATCH", location, content=b"more")).status_code == 404


async def test_what_a_crash_left_among_the_parts_goes_by_itself(start_server: StartServer, repository: Home) -> None:
    """The job worker looks for it when it starts: for uploads past their time, and for parts no upload names."""
    server = start_server(log_level="warning", upload_idle_seconds=1)
    name = repository(server)
    async with Client(server, name) as client:
        location = await client.start()
        await client.append(location, b"0123456789", 0)
        acknowledged = time.time()
        with crowd(server, 1) as (plug,):
            plug.sendall(head(server, "PATCH", location, "Content-Length: 1000") + b"x")
            until(lambda: len(folders.parts(server)) == 2, "the server writes a second part")
            server.kill()
    until(
        lambda: (
            min(time.time() - part.stat().st_mtime for part in folders.parts(server)) > 1 < time.time() - acknowledged
        ),
        "a second has passed",
    )
    server.start()
    until(lambda: folders.parts(server) == [], "the parts are gone")
