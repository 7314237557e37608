"""The management door over real rooms, and clients of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx2
import pytest

from entrepot.accounts.users import FIRST_ADMIN
from entrepot.doors.manage.door import build
from tests.make.rooms import PASSWORD, Rooms

As = Callable[[str], httpx2.AsyncClient]


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
