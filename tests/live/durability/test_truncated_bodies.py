"""A body that breaks off is never taken for a whole one, however it is framed and however it ends.

Every body here is cut where the bytes sent so far have the very digest the client asks for: a server
that mistook the end of the connection for the end of the body would accept it.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.live.api import Api
from tests.live.conformance.builders import digest_of
from tests.live.conformance.media_types import IMAGE
from tests.live.durability import folders
from tests.live.durability.client import Client, held, image
from tests.live.durability.crowds import answer, crowd, head, vanish
from tests.live.durability.watching import answered, becomes
from tests.live.process import Server, running_server

pytestmark = pytest.mark.xdist_group("durability-truncated")

SENT = b"0123456789" * 1000
DIGEST = digest_of(SENT)

FRAMINGS = {
    "a length that was not reached": (["Content-Length: 20000"], SENT),
    "a length one byte short": ([f"Content-Length: {len(SENT) + 1}"], SENT),
    "between two chunks": (["Transfer-Encoding: chunked"], b"2710\r\n" + SENT + b"\r\n"),
    "in a chunk": (["Transfer-Encoding: chunked"], b"2711\r\n" + SENT),
    "in the size of a chunk": (["Transfer-Encoding: chunked"], b"2710\r\n" + SENT + b"\r\n1"),
    "before the empty line of the last chunk": (["Transfer-Encoding: chunked"], b"2710\r\n" + SENT + b"\r\n0\r\n"),
}


def farewell(plug: socket.socket) -> None:
    plug.close()


def half_farewell(plug: socket.socket) -> None:
    """Says that nothing more comes, and listens: an answer must be a refusal."""
    plug.shutdown(socket.SHUT_WR)
    try:
        status, _, _ = answer(plug)
    except ConnectionError:
        return
    assert 400 <= status < 500


ENDINGS: list[Callable[[socket.socket], None]] = [farewell, half_farewell, vanish]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("truncated"), job_worker=False) as server:
        yield server


@pytest.fixture(scope="module")
def name(server: Server) -> str:
    with Api(server) as api:
        return f"{api.create_org()}/app"


@pytest.fixture
async def client(server: Server, name: str) -> AsyncIterator[Client]:
    async with Client(server, name) as client:
        yield client


async def break_off(client: Client, server: Server, request: bytes, end: Callable[[socket.socket], None]) -> None:
    """Send what there is of a request, end the connection, and return when the server has done with it."""
    method = request.split(b" ", 1)[0].decode()
    before = await answered(client, method)
    with crowd(server, 1) as (plug,):
        plug.sendall(request)
        end(plug)

    async def noticed() -> bool:
        return await answered(client, method) > before

    await becomes(noticed, f"the server ends the {method}")


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("framing", FRAMINGS)
async def test_a_blob_in_one_request_that_breaks_off_is_not_there(
    client: Client, server: Server, framing: str, end: Callable[[socket.socket], None]
) -> None:
    lines, body = FRAMINGS[framing]
    path = f"/v2/{client.repository}/blobs/uploads/?digest={DIGEST}"
    await break_off(client, server, head(server, "POST", path, *lines) + body, end)
    assert await client.blob(DIGEST) is None
    assert DIGEST not in folders.blobs(server)
    assert folders.parts(server) == []


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("framing", FRAMINGS)
async def test_a_closing_request_that_breaks_off_leaves_the_upload_open(
    client: Client, server: Server, framing: str, end: Callable[[socket.socket], None]
) -> None:
    lines, body = FRAMINGS[framing]
    location = await client.start()
    await break_off(client, server, head(server, "PUT", f"{location}?digest={DIGEST}", *lines) + body, end)
    assert await client.blob(DIGEST) is None
    assert DIGEST not in folders.blobs(server)
    assert await client.held(location) == len(SENT)
    await client.demand(204, "DELETE", location)


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("framing", FRAMINGS)
async def test_a_chunk_that_breaks_off_keeps_what_arrived_and_goes_on_from_there(
    client: Client, server: Server, framing: str, end: Callable[[socket.socket], None]
) -> None:
    lines, body = FRAMINGS[framing]
    whole = SENT + secrets.token_bytes(1000)
    location = await client.start()
    await break_off(client, server, head(server, "PATCH", location, *lines) + body, end)
    assert await client.held(location) == len(SENT)

    # As a client that knows its own length would go on, and as one that asks first.
    refused = await client.send("PATCH", location, content=b"x" * 10, headers={"Content-Range": "0-9"})
    assert refused.status_code == 416
    assert held(refused) == len(SENT)
    await client.append(location, whole[len(SENT) :], len(SENT))
    digest = await client.finish(location, whole)
    assert await client.blob(digest) == whole
    await client.demand(202, "DELETE", f"blobs/{digest}")
    folders.blobs(server)[digest].unlink()  # the next test looks for blobs that should not be here


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("framing", ["a length that was not reached", "between two chunks"])
async def test_a_manifest_that_breaks_off_is_not_there(
    client: Client, server: Server, framing: str, end: Callable[[socket.socket], None]
) -> None:
    """What arrived is a whole manifest by itself, and everything it names is there."""
    await client.push_whole(b"")
    body = image(b"", []) if framing.startswith("between") else image(b"", []) + b" " * 100
    digest = digest_of(image(b"", []))
    request = head(server, "PUT", f"/v2/{client.repository}/manifests/{digest}", f"Content-Type: {IMAGE}")
    if framing.startswith("between"):
        request = request[:-2] + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%b\r\n" % (len(body), body)
    else:
        request = request[:-2] + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-100]
    await break_off(client, server, request, end)
    assert await client.manifest(digest) is None
