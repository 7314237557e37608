"""A disk that is full, broken or read-only: a clear error, nothing lost, and no hands needed once it is well again.

`tests/blobs/test_failing_disk.py` lets every single system call fail; here a whole server meets a real one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.live.conformance.builders import digest_of
from tests.live.conftest import StartServer
from tests.live.durability import folders
from tests.live.durability.client import Client, image
from tests.live.durability.conftest import Home
from tests.live.durability.disks import failing_disk, full_disk

MIB = 1 << 20
CONFIG = b'{"architecture": "amd64", "os": "linux"}'
KEPT = os.urandom(MIB)
LARGE = os.urandom(12 * MIB)
FULL, FAILED = 507, 500

pytestmark = pytest.mark.xdist_group("durability-disk")


def check_broken(answer: httpx2.Response, *statuses: int) -> None:
    """The error says what is wrong with the registry, in its own form, and nothing of its inside."""
    assert answer.status_code in statuses, answer.text
    (error,) = answer.json()["errors"]
    assert error["code"] == "UNKNOWN"
    assert error["message"]
    assert "/" not in error["message"], "no path of the server's is a client's business"
    assert error["detail"] is None


async def push_some(client: Client) -> str:
    """An image that is acknowledged before the trouble; its digest."""
    for blob in (CONFIG, KEPT):
        await client.push_whole(blob)
    body = image(CONFIG, [KEPT])
    await client.put_manifest("kept", body)
    return digest_of(body)


async def check_kept(client: Client) -> None:
    assert await client.manifest("kept") == image(CONFIG, [KEPT])
    assert await client.blob(digest_of(CONFIG)) == CONFIG
    assert await client.blob(digest_of(KEPT)) == KEPT


async def every_way(client: Client, content: bytes) -> list[httpx2.Response]:
    """The answers to pushing a blob in each of the ways there are."""
    digest = digest_of(content)
    answers = [await client.send("POST", "blobs/uploads/", params={"digest": digest}, content=content)]
    for method, parameters in (("PATCH", {}), ("PUT", {"digest": digest})):
        location = await client.start()
        answers.append(await client.send(method, location, params=parameters, content=content))
        assert await client.held(location) == 0
        await client.demand(204, "DELETE", location)
    return answers


async def test_a_full_storage_refuses_uploads_and_takes_them_when_there_is_space_again(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    with full_disk(tmp_path / "disk", 24 * MIB) as disk:
        server = start_server(storage_url=disk.folder / "blobs", free_bytes_min=0, log_level="warning")
        async with Client(server, repository(server)) as client:
            await push_some(client)
            disk.fill(leave_bytes=4 * MIB)
            for answer in await every_way(client, LARGE):
                check_broken(answer, FULL)
            await check_kept(client)
            # What failed has left no bytes behind, so what fits still goes.
            assert folders.parts(server) == []
            await client.push_whole(os.urandom(3 * MIB))
            disk.free()
            assert await client.blob(await client.push(LARGE)) == LARGE
            await check_kept(client)
            await folders.check_blobs(server)
        server.stop()


async def test_an_upload_that_met_a_full_disk_goes_on_from_what_it_had(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    with full_disk(tmp_path / "disk", 48 * MIB) as disk:
        server = start_server(storage_url=disk.folder / "blobs", free_bytes_min=0, log_level="warning")
        async with Client(server, repository(server)) as client:
            location = await client.start()
            await client.append(location, LARGE[:MIB], 0)
            disk.fill(leave_bytes=4 * MIB)
            check_broken(await client.send("PATCH", location, content=LARGE[MIB:]), FULL)
            assert await client.held(location) == MIB
            disk.free()
            await client.append(location, LARGE[MIB:], MIB)
            # Joining the chunks needs as much again.
            disk.fill(leave_bytes=4 * MIB)
            closing = await client.send("PUT", location, params={"digest": digest_of(LARGE)})
            check_broken(closing, FULL)
            assert await client.blob(digest_of(LARGE)) is None
            assert await client.held(location) == len(LARGE)
            disk.free()
            assert await client.blob(await client.finish(location, LARGE)) == LARGE
            assert folders.parts(server) == []
        server.stop()


async def test_uploads_are_refused_in_time_to_leave_space_for_everything_else(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    """With the floor at 8 MiB, the database beside the blobs still has room: tags move, servers start."""
    with full_disk(tmp_path / "disk", 32 * MIB) as disk:
        server = start_server(data=disk.folder / "data", free_bytes_min="8MiB", log_level="warning", job_worker=False)
        async with Client(server, repository(server)) as client:
            await push_some(client)
            disk.fill(leave_bytes=7 * MIB)
            for answer in await every_way(client, b"a small blob"):
                check_broken(answer, FULL)
            await check_kept(client)
            await client.put_manifest("moved", image(CONFIG, [KEPT]))
            await client.demand(202, "DELETE", "manifests/moved")
            # A server that is asked whether it is ready, or has to start, does so: pulls go on.
            assert server.is_ready()
            server.kill()
            server.start()
            await check_kept(client)
            disk.free()
            await client.push_whole(b"a small blob")
        server.stop()


async def test_a_full_database_refuses_pushes_and_keeps_everything(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    with full_disk(tmp_path / "disk", 32 * MIB) as disk:
        server = start_server(
            data=disk.folder, storage_url=tmp_path / "blobs", log_level="warning", workers=2, job_worker=False
        )
        async with Client(server, repository(server)) as client:
            await push_some(client)
            disk.fill()
            refused = 0
            for number in range(200):
                body = image(CONFIG, [KEPT], annotations={"number": f"{number}", "padding": "x" * 20_000})
                answer = await client.send("PUT", f"manifests/v{number}", content=body)
                if answer.status_code == 201:
                    assert await client.manifest(f"v{number}") == body
                    continue
                check_broken(answer, FULL)
                refused += 1
                assert await client.manifest(f"v{number}") is None
            assert refused > 100
            await check_kept(client)
            disk.free()
            await client.put_manifest("after", image(CONFIG, [KEPT], annotations={"after": "all"}))
            await client.push(b"more")
            await check_kept(client)
        server.restart()
        async with Client(server, client.repository) as client:
            await check_kept(client)
            assert "after" in await client.tags()
        server.stop()


async def test_a_disk_that_turns_read_only_refuses_pushes_and_serves_pulls(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    with failing_disk(tmp_path / "disk") as disk:
        server = start_server(storage_url=disk.folder / "blobs", free_bytes_min=0, log_level="warning")
        async with Client(server, repository(server)) as client:
            await push_some(client)
            location = await client.start()
            await client.append(location, LARGE[:MIB], 0)
            reached, go_on = asyncio.Event(), asyncio.Event()

            async def interrupted() -> AsyncIterator[bytes]:
                yield LARGE[MIB : 5 * MIB]
                reached.set()
                await go_on.wait()
                yield LARGE[5 * MIB :]

            sending = asyncio.create_task(client.send("PATCH", location, content=interrupted()))
            await reached.wait()
            disk.turn_read_only()
            go_on.set()
            check_broken(await sending, FAILED)
            assert await client.held(location) == MIB
            for answer in await every_way(client, b"a small blob"):
                check_broken(answer, FAILED)
            await check_kept(client)

            disk.turn_writable()  # the server is not asked: it goes on by itself
            await client.append(location, LARGE[MIB:], MIB)
            assert await client.blob(await client.finish(location, LARGE)) == LARGE
            await check_kept(client)
            await folders.swept(server)
            assert folders.parts(server) == []
        server.stop()


async def test_bytes_the_disk_did_not_take_are_never_acknowledged(
    start_server: StartServer, repository: Home, tmp_path: Path
) -> None:
    """The kernel takes every write; only fsync learns that the device did not."""
    with failing_disk(tmp_path / "disk") as disk:
        server = start_server(storage_url=disk.folder / "blobs", free_bytes_min=0, log_level="warning")
        async with Client(server, repository(server)) as client:
            await push_some(client)
            disk.fail()
            # As often as it takes to use up what the device had already.
            acknowledged, refused = [], None
            for number in range(20):
                content = bytes([number]) + LARGE
                answer = await client.send(
                    "POST", "blobs/uploads/", params={"digest": digest_of(content)}, content=content
                )
                if answer.status_code != 201:
                    refused = answer
                    break
                acknowledged.append(content)
            assert refused is not None
            check_broken(refused, FAILED, FULL)  # kernels differ in what they make of the device's trouble
            await check_kept(client)
            for content in acknowledged:
                assert await client.blob(digest_of(content)) == content
        server.stop()
