"""Triggers over real databases, blobs in memory and a clock that stands still."""

import pytest

from tests.make.cast import Cast, make_cast
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.rooms import Rooms


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:  # noqa: F811
    return await make_cast(rooms)
