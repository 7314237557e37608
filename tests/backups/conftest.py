"""Backups of furnished rooms, into a place of every kind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from entrepot.backups.make import Installation, Made, Wish, make
from entrepot.backups.places import Place, open_place
from entrepot.backups.progress import Silent
from entrepot.db.holding import open_holder
from entrepot.migrations import all_tables, newest_revision
from entrepot.values.names import RepositoryName
from tests.live.s3 import S3, running_s3
from tests.make.automation import automate
from tests.make.cast import Cast, make_cast
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.rooms import Rooms


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:  # noqa: F811
    """Rooms in which most tables have rows."""
    cast = await make_cast(rooms)
    await automate(rooms, RepositoryName("acme/app"))
    await rooms.key()
    return cast


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with running_s3(tmp_path_factory.mktemp("s3")) as service:
        yield service


@pytest.fixture(params=["folder", "s3"])
def place_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where backups may go, in turn of every kind."""
    if request.param == "folder":
        return str(tmp_path / "place")
    service: S3 = request.getfixturevalue("s3_service")
    for name, text in service.environment.items():
        monkeypatch.setenv(name, text)
    return service.new_bucket()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """An empty folder for backups."""
    place = open_place(str(tmp_path / "place"))
    yield place
    await place.close()


async def back_up(rooms: Rooms, place: Place, wish: Wish | None = None) -> Made:  # noqa: F811
    """A snapshot of these rooms, made as another process would."""
    holder = open_holder(rooms.operations.place.database)
    installation = Installation(
        rooms.db, rooms.blobs, holder, rooms.clock, rooms.accounts.sealer, all_tables(), newest_revision(), "1.2.3"
    )
    try:
        return await make(installation, place, wish or Wish(), Silent())
    finally:
        await holder.close()
