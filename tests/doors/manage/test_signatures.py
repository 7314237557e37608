"""Signed requests over the API, signed by the official client's signer; and what an attacker makes of one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.access_keys import change_key
from entrepot.accounts.users import set_enabled
from entrepot.doors.manage.door import build
from entrepot.values.names import UserName
from tests.make.rooms import Rooms
from tests.make.signed import signed
from tests.make.wire import Answer, Wire

NAMESPACES = "/v2/manage/namespaces"

Send = Callable[..., Awaitable[Answer]]


@pytest.fixture
def wire(rooms: Rooms) -> Wire:
    return Wire(build(rooms.manage))


@pytest.fixture
async def key(rooms: Rooms) -> tuple[str, str]:
    """Of `ann`, who manages `acme` with its repositories `app` and `team/app`."""
    ann = await rooms.user("ann")
    await rooms.organization("acme")
    for path in ("acme/app", "acme/team/app"):
        await rooms.push(path, "v1")
    await rooms.grant("acme", "ann", Level.MANAGE)
    return await rooms.key(ann)


@pytest.fixture
def send(wire: Wire, key: tuple[str, str]) -> Send:
    """Sign one request and send it; `sent` replaces parts of it on its way."""

    async def send(method: str, path: str, body: bytes = b"", query: Any = (), sent: Any = None) -> Answer:
        target, headers = signed(key, method, path, query, body)
        parts: dict[str, Any] = {"method": method, "target": target, "body": body, "headers": headers} | (sent or {})
        # `Wire` sends the Host header itself.
        parts["headers"] = {name: value for name, value in parts["headers"].items() if name.lower() != "host"}
        return await wire(**parts)

    return send


def assert_refused(answer: Answer) -> None:
    """In the form of the service's gateway (contract §12)."""
    assert answer.status == 401, answer.body
    document = answer.json()
    assert document["error_code"] == "APIGW.0301"
    assert document["error_msg"] and document["request_id"]


async def test_a_signed_request_is_its_users(send: Send) -> None:
    answer = await send("GET", NAMESPACES)

    assert answer.status == 200
    assert [(one["name"], one["auth"]) for one in answer.json()["namespaces"]] == [("acme", 7)]


async def test_a_body_and_a_query_are_signed_too(send: Send) -> None:
    assert (await send("POST", NAMESPACES, b'{"namespace": "more"}')).status == 201
    answer = await send("GET", "/v2/manage/repos", query=[("filter", "name::team|limit::10|offset::0"), ("x", "é +/&")])
    assert [one["name"] for one in answer.json()] == ["team/app"]


async def test_a_key_of_another_domain_opens_nothing_here(rooms: Rooms, wire: Wire, key: tuple[str, str]) -> None:
    """Also not with our own domain named beside it, and not by asking for our keys."""
    theirs = await rooms.key(await rooms.sign_in(f"{await rooms.domain('guests')}/boss"))

    for method, path in (
        ("GET", f"{NAMESPACES}/acme"),
        ("DELETE", f"{NAMESPACES}/acme/repos/app"),
        ("GET", f"/v2/manage/keys/{key[0]}"),
        ("DELETE", f"/v2/manage/keys/{key[0]}"),
    ):
        target, headers = signed(theirs, method, path, headers={"X-Project-Id": rooms.admin.domain_id})
        del headers["Host"]
        assert (await wire(method, target, headers=headers)).status == 404
    target, headers = signed((theirs[0], key[1]), "GET", NAMESPACES)
    del headers["Host"]
    assert_refused(await wire("GET", target, headers=headers))


@pytest.mark.parametrize("written", ["team$app", "team%24app", "team%2Fapp"])
async def test_every_spelling_of_a_slash_can_be_signed(send: Send, written: str) -> None:
    answer = await send("GET", f"{NAMESPACES}/acme/repos/{written}")

    assert (answer.status, answer.json()["name"]) == (200, "team/app")


@pytest.mark.parametrize(
    "sent",
    [
        {"target": f"{NAMESPACES}/acme/repos/team$app"},
        {"target": f"{NAMESPACES}/acme/repos/app?x=1"},
        {"target": f"{NAMESPACES}/acme/repos/app%00"},
        {"method": "DELETE"},
        {"body": b'{"is_public": false}'},
        {"body": b'{"is_public": true }'},
        {"body": b""},
    ],
)
async def test_a_changed_request_is_refused(send: Send, rooms: Rooms, sent: dict[str, Any]) -> None:
    path, body = f"{NAMESPACES}/acme/repos/app", b'{"is_public": true}'

    assert_refused(await send("PATCH", path, body, sent=sent))
    assert (await send("PATCH", path, body)).status == 201


async def test_a_signature_holds_for_its_host_only(send: Send, key: tuple[str, str], wire: Wire) -> None:
    target, headers = signed(key, "GET", NAMESPACES, host="another.example")
    del headers["Host"]

    assert_refused(await wire("GET", target, headers=headers))


async def test_a_writing_request_is_accepted_once(send: Send) -> None:
    body = b'{"namespace": "more"}'

    assert (await send("POST", NAMESPACES, body)).status == 201
    assert_refused(await send("POST", NAMESPACES, body))


async def test_an_old_request_is_refused(rooms: Rooms, send: Send) -> None:
    rooms.clock.advance(minutes=16)

    answer = await send("GET", NAMESPACES)

    assert_refused(answer)
    assert "Is the clock right?" in answer.json()["error_msg"]


async def test_a_disabled_key_and_a_disabled_user_are_out_at_once(
    rooms: Rooms, send: Send, key: tuple[str, str]
) -> None:
    await change_key(rooms.accounts, rooms.admin, key[0], is_enabled=False)
    assert_refused(await send("GET", NAMESPACES))
    await change_key(rooms.accounts, rooms.admin, key[0], is_enabled=True)
    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), is_enabled=False)
    assert_refused(await send("GET", NAMESPACES))


async def test_an_encoded_slash_may_stand_before_more_of_the_path(send: Send) -> None:
    repository = f"{NAMESPACES}/acme/repos/team%2Fapp"

    for call in ("access", "tags", "tags/v1", "access-domains"):
        assert (await send("GET", f"{repository}/{call}")).status == 200
    assert (await send("DELETE", f"{repository}/tags/v1")).status == 204


@pytest.mark.parametrize(
    "path",
    [
        # The tag `x` of `app`, turned into the repository `app/tags/x`: the signature is the same.
        "acme/repos/app%2Ftags%2Fx",
        "acme/repos/app%2ftags/x",
        "acme/repos/app/tags%2Fx",
        "acme/repos/app%2Faccess",
        "acme%2Frepos/app",
    ],
)
async def test_an_encoded_slash_does_not_turn_one_call_into_another(send: Send, path: str) -> None:
    answer = await send("DELETE", f"{NAMESPACES}/acme/repos/app", sent={"target": f"{NAMESPACES}/{path}"})
    assert answer.status in (400, 401, 404)

    plain = path.replace("%2F", "/").replace("%2f", "/")
    assert (await send("DELETE", f"{NAMESPACES}/{plain}", sent={"target": f"{NAMESPACES}/{path}"})).status in (400, 404)
    assert (await send("GET", f"{NAMESPACES}/acme/repos/app")).status == 200


@pytest.mark.parametrize(
    "path", ["acme/repos/..%2Fzoo%2Fapp", "acme/repos/%2E%2E$zoo$app", "acme/../zoo/repos/app", "acme%24app/repos/app"]
)
async def test_no_spelling_of_a_path_leaves_the_organization(rooms: Rooms, send: Send, path: str) -> None:
    await rooms.organization("zoo")
    await rooms.push("zoo/app", "v1")

    assert (await send("GET", f"{NAMESPACES}/{path}")).status in (400, 404)


async def test_a_parameter_twice_is_refused(send: Send) -> None:
    answer = await send("GET", "/v2/manage/repos", query=[("limit", "1"), ("limit", "2")])

    assert (answer.status, answer.json()["error_code"]) == (400, "SVCSTG.SWR.4001024")


@pytest.mark.parametrize(
    "authorization",
    [
        "SDK-HMAC-SHA256 ",
        "SDK-HMAC-SHA256 Access=x",
        "SDK-HMAC-SM3 Access=x, SignedHeaders=host;x-sdk-date, Signature=0",
        "V11-HMAC-SHA256 Credential=x",
    ],
)
async def test_another_algorithm_is_refused(wire: Wire, authorization: str) -> None:
    assert_refused(await wire("GET", NAMESPACES, headers={"authorization": authorization}))


async def test_a_signature_that_does_not_fit_reads_no_more_of_a_body_than_is_allowed(rooms: Rooms, send: Send) -> None:
    answer = await send("POST", NAMESPACES, b"x" * (rooms.manage.json_bytes_max + 1))

    assert answer.status == 413
