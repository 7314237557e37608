"""Intake over real databases, blobs in memory and a clock that stands still."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.intake.importing import import_archive
from entrepot.intake.receive import Archive, announce_archive, append_archive, hand_in_archive, show_archive
from entrepot.intake.room import Intake
from entrepot.values.names import OrganizationName
from tests.make.cast import Cast, make_cast
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.rooms import Rooms

ACME = OrganizationName("acme")
Bring = Callable[..., Awaitable[Archive]]


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:  # noqa: F811
    return await make_cast(rooms)


@pytest.fixture
def intake(rooms: Rooms) -> Intake:  # noqa: F811
    return rooms.intake


async def chunked(body: bytes, chunk_bytes: int = 64 << 10) -> AsyncIterator[bytes]:
    for offset in range(0, len(body), chunk_bytes):
        yield body[offset : offset + chunk_bytes]


@pytest.fixture
def bring(intake: Intake, cast: Cast) -> Bring:
    """Hands an archive in and has it imported at once, as the worker does; what is known of it then."""

    async def bring(body: bytes, actor: Actor | None = None, piece_bytes: int = 10_000, **said: Any) -> Archive:
        by = actor or cast["admin"]
        made = await announce_archive(intake, by, ACME, "images.tar", len(body), **said)
        for start in range(0, len(body), piece_bytes):
            await append_archive(intake, by, made.id, chunked(body[start : start + piece_bytes]), start)
        await hand_in_archive(intake, by, made.id)
        await import_archive(intake, made.id)
        return await show_archive(intake, by, made.id)

    return bring
