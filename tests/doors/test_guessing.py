"""Too many wrong passwords, as each door says it: when to try again, in a form its clients read."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from entrepot.accounts.credentials import Credentials
from entrepot.doors.manage import door as manage_door
from entrepot.doors.oci.door import OciDoor
from tests.make.rooms import PASSWORD, Rooms


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/", 429, "TOOMANYREQUESTS"),
        ("/auth/token", 429, "TOOMANYREQUESTS"),
        ("/v2/manage/namespaces", 403, "SVCSTG.SWR.4031032"),  # the official client loses the body of a 429
    ],
)
async def test_who_has_to_wait_is_told_how_long(rooms: Rooms, path: str, status: int, code: str) -> None:
    settings = replace(rooms.accounts.settings, login_tries_account=2)
    accounts = replace(rooms.accounts, settings=settings)
    oci = replace(rooms.oci, accounts=accounts, credentials=Credentials(accounts))
    manage = replace(rooms.manage, accounts=accounts, credentials=Credentials(accounts))
    door: Any = manage_door.build(manage) if "/manage/" in path else OciDoor(oci)
    transport = httpx2.ASGITransport(door, client=("203.0.113.9", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry.test") as client:
        for _ in range(2):
            assert (await client.get(path, auth=("admin", "wrong"))).status_code == 401
        refused = await client.get(path, auth=("admin", PASSWORD))
        rooms.clock.advance(seconds=1)
        admitted = await client.get(path, auth=("admin", PASSWORD))

    assert (refused.status_code, refused.headers["retry-after"]) == (status, "1")
    assert code in refused.text
    assert "try again in 1 s" in refused.text
    assert admitted.status_code == 200
