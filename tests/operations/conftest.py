"""Operations over real databases of each kind, with runs that no worker takes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.make.fresh import database  # noqa: F401  # a fixture
from tests.make.rooms import Rooms, open_rooms
from tests.make.work import furnish_work, url_in


@pytest.fixture
async def rooms(tmp_path: Path, database: str) -> AsyncIterator[Rooms]:  # noqa: F811  # the fixture
    """The engine keeps its state in the same PostgreSQL, as it does for real; beside SQLite in a file of its own."""
    url = database if database.startswith("postgresql") else url_in(tmp_path)
    furnish_work(url, waiting=3)
    async with open_rooms(tmp_path, database, work_url=url) as rooms:
        yield rooms
