"""Waiting for what another process does, where its looks are the only event there is."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from tests.live.durability.client import Client

SECONDS_MAX = 30.0
PAUSE_SECONDS = 0.02


def until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS_MAX:g} s"
        time.sleep(PAUSE_SECONDS)


async def becomes(happened: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not await happened():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS_MAX:g} s"
        await asyncio.sleep(PAUSE_SECONDS)


async def counted(client: Client, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    text = (await client.demand(200, "GET", "/metrics")).text
    total = 0.0
    for sample in re.finditer(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE):
        if all(f'{key}="{value}"' in (sample[1] or "") for key, value in labels.items()):
            total += float(sample[2])
    return total


async def answered(client: Client, method: str) -> float:
    """How many requests of `method` the server has done with, those included whose clients were gone by then."""
    return await counted(client, "entrepot_http_requests_total", method=method)
