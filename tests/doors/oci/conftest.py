"""The registry protocol's door over real rooms, once for each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from entrepot.doors.oci.door import OciDoor
from tests.make.cast import Cast, make_cast
from tests.make.rooms import PASSWORD, Rooms, open_rooms
from tests.make.wire import Wire, basic


@pytest.fixture
async def rooms(tmp_path: Path, database_url: str) -> AsyncIterator[Rooms]:
    async with open_rooms(tmp_path, database_url) as rooms:
        yield rooms


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:
    return await make_cast(rooms)


@pytest.fixture
def nobody(rooms: Rooms) -> Wire:
    """Requests of nobody in particular."""
    return Wire(OciDoor(rooms.oci))


@pytest.fixture
def admin(nobody: Wire) -> Wire:
    return nobody.as_(basic("admin", PASSWORD))
