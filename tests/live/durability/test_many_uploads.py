"""Ten thousand uploads open at once: rows in the database and nothing else, to a bound that is told."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.conftest import StartServer
from tests.live.durability import folders, processes
from tests.live.durability.client import Client
from tests.live.durability.conftest import Home

UPLOADS = 10_000
SIDE_BY_SIDE = 16
GROWN_BYTES_MAX = 32 << 20

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("durability-slow")]


@pytest.mark.timeout(300)
async def test_ten_thousand_open_uploads_cost_no_memory_and_keep_nobody_from_pushing(
    start_server: StartServer, repository: Home
) -> None:
    server = start_server(log_level="warning", job_worker=False, uploads_open_max=UPLOADS)
    async with Client(server, repository(server)) as client:
        await client.push_whole(b"warm")
        (worker,) = processes.workers(server)
        before, descriptors = processes.resident_bytes(worker), processes.descriptors_count(worker)

        async def start_some() -> list[str]:
            return [await client.start() for _ in range(UPLOADS // SIDE_BY_SIDE)]

        started = await asyncio.gather(*(start_some() for _ in range(SIDE_BY_SIDE)))

        assert len({location for some in started for location in some}) == UPLOADS
        refused = await client.send("POST", "blobs/uploads/")
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert f"{UPLOADS} open uploads" in refused.json()["errors"][0]["message"]
        assert processes.resident_bytes(worker) - before < GROWN_BYTES_MAX
        assert processes.descriptors_count(worker) - descriptors <= 2 * SIDE_BY_SIDE
        assert folders.parts(server) == []
        location = started[0][0]
        await client.demand(204, "DELETE", location)
        digest = await client.push(b"room again for one")
        assert await client.blob(digest) == b"room again for one"
