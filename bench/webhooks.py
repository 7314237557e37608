"""Deliveries to webhooks: events that happened all at once, until the last one has arrived, by one worker."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure
from entrepot.db.opening import open_database
from entrepot.jobs.events import publish
from entrepot.registry.events import ManifestPushed
from tests.live.api import Api
from tests.live.postgres import running_postgres
from tests.live.process import Server, running_server
from tests.make.target import Target, hang, running_target

EVENTS = 4_000
REPOSITORIES = 20
_BATCH = 200
_SECONDS_MAX = 120.0


def measure(folder: Path) -> Iterator[Figure]:
    """Events a second, on both databases: of many repositories, of one, and of many beside a target that hangs."""
    with ExitStack() as running:
        postgres = running.enter_context(running_postgres())
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            options = {"webhook_networks": "127.0.0.0/8", "webhook_seconds_max": 5, "database_url": url}
            with running_server(folder / kind, environment=None, workers=1, **options) as server:
                where = url or f"sqlite:///{server.data}/entrepot.db"
                for what, repositories, is_beside_slow in (
                    (f"{REPOSITORIES} repositories", REPOSITORIES, False),
                    ("one repository, in order", 1, False),
                    (f"{REPOSITORIES} repositories, beside a target that hangs", REPOSITORIES, True),
                ):
                    seconds = asyncio.run(_delivered(server, where, repositories, is_beside_slow))
                    rate = EVENTS / seconds
                    yield Figure(f"webhook deliveries: {what}", f"entrepot, {kind}", rate, "/s", note="asked: 200/s")


async def _delivered(server: Server, url: str, repositories: int, is_beside_slow: bool) -> float:
    """Seconds from the first event to the last delivery."""
    async with running_target() as target:
        target.manners["/slow"] = hang
        organization = await asyncio.to_thread(_furnish, server, target, is_beside_slow)
        started = time.perf_counter()
        await _happen(url, organization, repositories)
        await target.was_asked(EVENTS, seconds_max=_SECONDS_MAX)
        return time.perf_counter() - started


def _furnish(server: Server, target: Target, is_beside_slow: bool) -> str:
    with Api(server) as api:
        organization = api.create_org()
        path = f"/v2/manage/namespaces/{organization}/webhooks"
        for name, url in (("quick", target.url), *((("slow", f"{target.url}/slow"),) if is_beside_slow else ())):
            body = {"name": name, "url": url, "events": ["image_pushed"]}
            api.client.post(path, json=body).raise_for_status()
        return organization


async def _happen(url: str, organization: str, repositories: int) -> None:
    db = open_database(url)
    try:
        for first in range(0, EVENTS, _BATCH):
            events = [
                ManifestPushed(
                    f"{organization}/app-{number % repositories}",
                    f"sha256:{number:064x}",
                    "application/vnd.oci.image.manifest.v1+json",
                    [f"v{number}"],
                )
                for number in range(first, first + _BATCH)
            ]
            async with db.writing() as tx:
                await publish(tx, *events, actor="system", at=datetime.now(UTC))
    finally:
        await db.close()
