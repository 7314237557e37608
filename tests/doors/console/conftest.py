"""The console's door over real rooms, and browsers of it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from entrepot.accounts.sessions import Begun, begin_session
from entrepot.doors.console.door import build
from entrepot.doors.http.cookies import COOKIE, CSRF_HEADER
from entrepot.mirror.upstreams import Upstream, create_mirror
from entrepot.values.names import OrganizationName
from tests.make.rooms import Rooms, open_rooms

URL = "http://registry.test"


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with open_rooms(tmp_path) as rooms:
        yield rooms


@pytest.fixture
async def furnished(rooms: Rooms) -> Rooms:
    """A private image in `acme`; `hub` mirrors Docker Hub.

    `stranger` may do nothing, `partner/boss` administers another domain.
    """
    await rooms.organization("acme")
    await rooms.repository("acme/web")
    await rooms.push("acme/web", "1.0")
    await create_mirror(rooms.mirror, rooms.admin, OrganizationName("hub"), Upstream(("https://docker.io",)))
    await rooms.user("stranger")
    await rooms.domain("partner")
    await rooms.organization("theirs", await rooms.sign_in("partner/boss"))
    return rooms


class Browser:
    """Somebody's browser; `csrf_token` is what pages of theirs hold. Redirects are not followed."""

    def __init__(self, client: httpx2.AsyncClient, begun: Begun | None) -> None:
        self.client = client
        self.csrf_token = begun.csrf_token if begun else ""
        self.session_id = begun.session.id if begun else ""

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.client.get(path, **options)

    async def post(
        self, path: str, token: str | None = None, headers: Any = None, method: str = "POST", **fields: str
    ) -> httpx2.Response:
        """Send a form, with this session's token unless there is another; as our script sends it for other methods."""
        fields["csrf_token"] = self.csrf_token if token is None else token
        headers = {CSRF_HEADER: fields["csrf_token"], **(headers or {})} if method != "POST" else headers
        return await self.client.request(method, path, data=fields, headers=headers)


As = Callable[[str], Coroutine[Any, Any, Browser]]


@pytest.fixture
async def as_user(rooms: Rooms) -> AsyncIterator[As]:
    """A browser in which the user is signed in: `await as_user("ann")`; nobody for the empty name."""
    door = build(rooms.console)
    async with AsyncExitStack() as stack:

        async def browser(name: str) -> Browser:
            begun = await begin_session(rooms.accounts, await rooms.sign_in(name)) if name else None
            cookies = {COOKIE: begun.secret} if begun else {}
            client = httpx2.AsyncClient(transport=httpx2.ASGITransport(door), base_url=URL, cookies=cookies)
            return Browser(await stack.enter_async_context(client), begun)

        yield browser
