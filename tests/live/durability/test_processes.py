"""Starting twice, stopping while busy, and losing one process of several."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from tests.live.conformance.builders import digest_of
from tests.live.conftest import StartServer
from tests.live.durability import folders, processes
from tests.live.durability.client import Client
from tests.live.durability.conftest import Home
from tests.live.durability.crowds import answer, crowd, head
from tests.live.durability.watching import answered, counted, until
from tests.live.ending import ends
from tests.live.process import Server

CONTENT = b"0123456789" * 100_000
HALF = len(CONTENT) // 2
DRAIN_SECONDS = 3
LEAVE_SECONDS_MAX = 15.0

pytestmark = pytest.mark.xdist_group("durability-processes")


async def test_a_second_server_on_the_same_folder_is_refused_and_does_no_harm(
    start_server: StartServer, repository: Home
) -> None:
    first = start_server()
    async with Client(first, repository(first)) as client:
        digest = await client.push_whole(CONTENT)
        posts = await answered(client, "POST")
        second = start_server(wait=False, data=first.data)
        assert second.process is not None
        assert second.process.wait(30) == 1
        sentence = second.log_text().strip()
        assert sentence.startswith("entrepot: The data folder "), sentence
        assert f"process {first.pid})" in sentence
        assert "Traceback" not in sentence

        assert await client.blob(digest) == CONTENT
        assert await client.push_whole(CONTENT + b"more")
        assert await answered(client, "POST") == posts + 1


def test_a_port_that_is_taken_is_said_in_a_sentence(start_server: StartServer) -> None:
    first = start_server(job_worker=False)
    second = start_server(wait=False, port=first.port)
    assert second.process is not None
    assert second.process.wait(30) == 1
    assert second.log_text().strip().startswith(f"entrepot: Cannot listen on 127.0.0.1:{first.port}")
    assert first.is_ready()


async def begin_upload(server: Server, name: str, plug: socket.socket) -> str:
    """Send half of a PATCH over `plug`, and return its location when a worker is writing it."""
    async with Client(server, name) as client:
        location = await client.start()
    plug.sendall(head(server, "PATCH", location, f"Content-Length: {len(CONTENT)}") + CONTENT[:HALF])
    until(lambda: len(folders.parts(server)) == 1, "the server writes the first half")
    return location


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_server_told_to_stop_finishes_what_it_is_doing(
    start_server: StartServer, repository: Home, workers: int
) -> None:
    server = start_server(workers=workers, drain_seconds=20)
    name = repository(server)
    with crowd(server, 1) as (plug,):
        location = await begin_upload(server, name, plug)
        server.signal(signal.SIGTERM)
        until(lambda: not server.is_ready(), "new clients are turned away")
        plug.sendall(CONTENT[HALF:])
        status, headers, _ = answer(plug)
        assert (status, headers["range"]) == (202, f"0-{len(CONTENT) - 1}")
    assert server.process is not None
    assert server.process.wait(LEAVE_SECONDS_MAX) == 0

    server.start()
    async with Client(server, name) as client:
        assert await client.held(location) == len(CONTENT)
        assert await client.finish(location, CONTENT) == digest_of(CONTENT)


async def test_a_server_told_to_stop_does_not_wait_for_ever(start_server: StartServer, repository: Home) -> None:
    server = start_server(drain_seconds=DRAIN_SECONDS)
    with crowd(server, 1) as (plug,):
        await begin_upload(server, repository(server), plug)
        server.signal(signal.SIGTERM)
        assert server.process is not None
        assert server.process.wait(DRAIN_SECONDS + LEAVE_SECONDS_MAX) == 0


async def test_an_idle_connection_does_not_keep_a_server_from_stopping(start_server: StartServer) -> None:
    server = start_server(drain_seconds=60)
    with crowd(server, 2) as (idle, silent):
        idle.sendall(head(server, "GET", "/v2/"))
        assert answer(idle)[0] == 200
        server.signal(signal.SIGTERM)
        assert server.process is not None
        assert server.process.wait(LEAVE_SECONDS_MAX) == 0
        assert silent.recv(1) == b""


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
async def test_all_leave_when_their_parent_is_killed_and_a_new_server_starts(
    start_server: StartServer, repository: Home, is_busy: bool
) -> None:
    server = start_server(workers=2, drain_seconds=DRAIN_SECONDS)
    name = repository(server)
    async with Client(server, name) as client:
        digest = await client.push_whole(CONTENT)
    left = processes.children(server.pid)
    assert len(left) >= 3  # two workers and the job worker
    with crowd(server, 2) as (plug, idle):
        idle.sendall(head(server, "GET", "/v2/"))
        assert answer(idle)[0] == 200
        if is_busy:
            await begin_upload(server, name, plug)
        server.signal(signal.SIGKILL)
        assert server.process is not None
        server.process.wait(LEAVE_SECONDS_MAX)
        for pid in left:
            assert ends(pid, DRAIN_SECONDS + LEAVE_SECONDS_MAX), f"process {pid} outlives its parent"
    server.start()
    async with Client(server, name) as client:
        assert await client.blob(digest) == CONTENT


async def test_a_worker_that_is_killed_is_replaced(start_server: StartServer, repository: Home) -> None:
    server = start_server(workers=2)
    name = repository(server)
    before = processes.workers(server)
    async with Client(server, name) as client:
        location = await client.start()
        await client.append(location, CONTENT[:HALF], 0)
    for victim in before:
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in processes.workers(server), "the worker is gone")  # noqa: B023  # called at once
    until(lambda: len(processes.workers(server)) == 2, "both workers are replaced")
    until(server.is_ready, "the server is ready again")
    assert set(processes.workers(server)).isdisjoint(before)
    async with Client(server, name) as client:
        assert await client.held(location) == HALF
        await client.append(location, CONTENT[HALF:], HALF)
        assert await client.blob(await client.finish(location, CONTENT)) == CONTENT


async def test_of_a_worker_that_was_killed_the_counters_stay_and_the_gauges_go(
    start_server: StartServer, repository: Home
) -> None:
    server = start_server(workers=1, job_worker=False)
    name = repository(server)
    async with Client(server, name) as client:
        await client.push_whole(CONTENT)
        assert await counted(client, "entrepot_uploads_open") == 0
        before = await counted(client, "entrepot_bytes_in_total"), await answered(client, "POST")
    (victim,) = processes.workers(server)
    kept = {path for path in processes.mapped_files(victim, ".db") if not path.name.startswith("gauge_")}
    gauges = processes.mapped_files(victim, ".db") - kept
    assert kept
    assert gauges

    os.kill(victim, signal.SIGKILL)
    until(lambda: processes.workers(server) not in ([], [victim]), "the worker is replaced")
    until(server.is_ready, "the server is ready again")

    async with Client(server, name) as client:
        after = await counted(client, "entrepot_bytes_in_total"), await answered(client, "POST")
        assert await counted(client, "entrepot_uploads_open") == 0
    assert all(now >= then for now, then in zip(after, before, strict=True))
    assert [path for path in gauges if path.exists()] == []
    assert all(path.exists() for path in kept)
