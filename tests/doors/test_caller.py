"""Every event says from which address and by which credential, whichever door it came through."""

import base64

import httpx2
import pytest

from entrepot.asgi import Application
from entrepot.doors.manage import door as manage_door
from entrepot.doors.oci.door import OciDoor
from entrepot.plumbing.caller import NOBODY, caller
from entrepot.settings import Settings
from entrepot.values.digest import Digest
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms

BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()


def client_of(door: object, address: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(door, client=(address, 4711))  # type: ignore[arg-type]  # any ASGI application
    return httpx2.AsyncClient(transport=transport, base_url="http://registry.test")


async def test_a_management_call_is_told_with_its_caller(rooms: Rooms) -> None:
    seq = await last_event(rooms.db)
    async with client_of(manage_door.build(rooms.manage), "192.0.2.7") as client:
        headers = {"authorization": BASIC, "x-forwarded-for": "6.6.6.6"}
        await client.post("/v2/manage/namespaces", json={"namespace": "acme"}, headers=headers)

    (row,) = await events_after(rooms.db, seq)
    assert (row.address, row.credential) == ("192.0.2.7", "password")
    assert row.domain_id == rooms.admin.domain_id
    assert caller.get() == NOBODY


async def test_a_push_with_a_token_is_told_with_what_the_token_was_issued_for(rooms: Rooms) -> None:
    await rooms.organization("acme")
    seq = await last_event(rooms.db)
    async with client_of(OciDoor(rooms.oci), "2001:db8::1") as client:
        asked = {"scope": "repository:acme/app:pull,push"}
        token = (await client.get("/auth/token", params=asked, headers={"authorization": BASIC})).json()["token"]
        path = f"/v2/acme/app/blobs/uploads/?digest={Digest.of(b'')}"
        answer = await client.post(path, headers={"authorization": f"Bearer {token}", "content-length": "0"})
        assert answer.status_code == 201, answer.text

    rows = [row for row in await events_after(rooms.db, seq) if row.type == "blob.pushed"]
    assert [(row.address, row.credential) for row in rows] == [("2001:db8::1", "password")]


@pytest.mark.parametrize(("trusted", "expected"), [("", "10.0.0.1"), ("10.0.0.0/8", "203.0.113.9")])
def test_the_server_believes_the_proxies_it_is_told_to(trusted: str, expected: str) -> None:
    application = Application(Settings(trusted_proxies=trusted))
    scope = {
        "type": "http",
        "client": ("10.0.0.1", 1),
        "headers": [(b"x-forwarded-for", b"203.0.113.9")],
    }

    if application._proxies is not None:
        application._proxies.correct(scope)

    assert scope["client"][0] == expected
