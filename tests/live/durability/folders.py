"""The data folder of a server from outside: worked on through the rooms' own verbs, or looked at as plain files."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from entrepot.app import House, open_house
from entrepot.registry.stale import forget_stale_uploads, sweep_parts
from entrepot.settings import load
from tests.live.process import Server


@asynccontextmanager
async def house_of(server: Server) -> AsyncIterator[House]:
    """The rooms over the same data as `server`, in this process."""
    options = {name: str(value) for name, value in server.options.items() if value is not None}
    house = open_house(load({**options, "data": server.data}, environ={}).settings)
    try:
        yield house
    finally:
        await house.close()


async def swept(server: Server, idle_seconds: int = 0) -> tuple[int, int]:
    """What the background job does, as if uploads could idle for `idle_seconds` only; uploads and parts removed."""
    async with house_of(server) as house:
        settings = replace(house.registry.settings, upload_idle_seconds=idle_seconds)
        registry = replace(house.registry, settings=settings)
        return await forget_stale_uploads(registry), await sweep_parts(registry)


def storage(server: Server) -> Path:
    return Path(str(server.options.get("storage_url") or server.data / "storage"))


def parts(server: Server) -> list[Path]:
    folder = storage(server) / "parts"
    return sorted(folder.iterdir()) if folder.exists() else []


def blobs(server: Server) -> dict[str, Path]:
    """Every file among the blobs, by the digest its name says."""
    folder = storage(server) / "blobs"
    return {f"{path.parent.parent.name}:{path.name}": path for path in folder.glob("*/*/*")}


async def check_blobs(server: Server) -> int:
    """Every file among the blobs has the bytes that its name promises; their number."""
    found = blobs(server)
    for digest, path in found.items():
        actual = await asyncio.to_thread(_digest_of, path, digest.partition(":")[0])
        assert actual == digest, f"{path} has the bytes of {actual}"
    return len(found)


def _digest_of(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
