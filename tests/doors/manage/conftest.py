"""The management door over real rooms, and clients of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from entrepot.accounts.initial_password import FIRST_ADMIN
from entrepot.doors.manage.door import build
from tests.make.fresh import fresh_url
from tests.make.rooms import PASSWORD, Rooms, open_rooms

As = Callable[[str], httpx2.AsyncClient]


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; a module that depends on its kind asks for `KINDS`."""
    return fresh_url(request, request.param)


@pytest.fixture
async def rooms(tmp_path: Path, database: str) -> AsyncIterator[Rooms]:
    async with open_rooms(tmp_path, database) as rooms:
        yield rooms


@pytest.fixture
async def as_user(rooms: Rooms) -> AsyncIterator[As]:
    """A client for each name: `as_user("ann")`; nobody for the empty one."""
    door = build(rooms.manage)
    async with AsyncExitStack() as stack:

        def client(name: str) -> httpx2.AsyncClient:
            made = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(door),
                base_url="http://registry.test",
                auth=(name, PASSWORD) if name else None,
            )
            stack.push_async_callback(made.aclose)
            return made

        yield client


@pytest.fixture
def api(as_user: As) -> httpx2.AsyncClient:
    """The administrator's client."""
    return as_user(FIRST_ADMIN)


@pytest.fixture
def anonymous(as_user: As) -> httpx2.AsyncClient:
    return as_user("")
