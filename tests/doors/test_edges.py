"""The door for edges: who is none signs nobody in by it."""

import json

import pytest

from entrepot.doors.edges.door import EdgeRooms, EdgesDoor
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import Answer, Wire, basic


@pytest.fixture
def wire(rooms: Rooms) -> Wire:
    return Wire(EdgesDoor(EdgeRooms(rooms.regions, rooms.registry, rooms.credentials, 5.0)))


async def decide(wire: Wire, password: str, address: str) -> Answer:
    shown = basic("admin", password)["Authorization"]
    body = json.dumps({"authorization": shown, "path": "acme/app", "client": address}).encode()
    return await wire("POST", "/edges/v1/decide", body, {"Authorization": "Bearer ees_nonsense"}, length=len(body))


async def test_who_is_no_edge_neither_tries_passwords_nor_says_from_where(wire: Wire, rooms: Rooms) -> None:
    for number in range(rooms.accounts.settings.login_tries_account + 5):
        answer = await decide(wire, "wrong", f"192.0.2.{number}")
        assert (answer.status, "not known here" in answer.body.decode()) == (401, True)
    right = await decide(wire, PASSWORD, "192.0.2.1")
    assert (right.status, "not known here" in right.body.decode()) == (401, True)
    assert (await rooms.sign_in("admin")).name == "admin"  # no try was counted


@pytest.mark.parametrize("path", ["join", "report", "presence", "decide"])
async def test_what_is_no_message_is_refused_in_a_sentence(wire: Wire, path: str) -> None:
    answer = await wire("POST", f"/edges/v1/{path}", b"[]", {"Authorization": "Bearer ees_nonsense"}, length=2)
    assert answer.status in (400, 401)
    assert len(answer.codes) == 1


async def test_there_are_no_other_paths_and_methods(wire: Wire) -> None:
    assert (await wire("POST", "/edges/v1/nothing")).status == 404
    assert (await wire("GET", "/edges/v1/report")).status == 405
