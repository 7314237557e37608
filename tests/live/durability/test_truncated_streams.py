"""A stream of HTTP/2 that breaks off is never taken for a whole one. Servers speak it where they speak TLS.

As in `test_truncated_bodies.py`, what was sent so far has the very digest the client asks for.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.live.api import Api
from tests.live.certificates import make_certificate
from tests.live.conformance.builders import digest_of
from tests.live.durability import folders, frames
from tests.live.durability.client import Client
from tests.live.durability.crowds import vanish
from tests.live.durability.watching import answered, becomes
from tests.live.process import Server, running_server

pytestmark = pytest.mark.xdist_group("durability-truncated")

SENT = b"0123456789" * 1000
DIGEST = digest_of(SENT)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("streams")
    made = make_certificate(folder)
    tls_cert, tls_key = made.certificate, made.key
    with running_server(folder / "server", job_worker=False, tls_cert=tls_cert, tls_key=tls_key) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    with Api(server) as api:
        name = f"{api.create_org()}/app"
    async with Client(server, name) as client:
        yield client


@pytest.mark.parametrize("length", [None, len(SENT) + 1], ids=["no length", "a length"])
@pytest.mark.parametrize("ending", ["the stream is reset", "the connection ends", "the connection is reset"])
async def test_a_stream_of_http_2_that_breaks_off_is_no_blob(
    client: Client, server: Server, length: int | None, ending: str
) -> None:
    basic = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    fields = {
        ":method": "POST",
        ":scheme": "https",
        ":authority": server.host,
        ":path": f"/v2/{client.repository}/blobs/uploads/?digest={DIGEST}",
        "authorization": f"Basic {basic}",
        **({} if length is None else {"content-length": str(length)}),
    }
    before = await answered(client, "POST")
    with server.connect(30) as plug:
        plug.sendall(frames.PREFACE + frames.frame(frames.SETTINGS, 0, 0) + frames.headers(fields))
        plug.sendall(frames.frame(frames.DATA, 0, frames.STREAM, SENT))
        frames.round_trip(plug)
        match ending:
            case "the stream is reset":
                plug.sendall(frames.reset())
                frames.round_trip(plug)
            case "the connection ends":
                plug.close()
            case _:
                vanish(plug)

        async def noticed() -> bool:
            return await answered(client, "POST") > before

        await becomes(noticed, "the server ends the stream")
    assert await client.blob(DIGEST) is None
    assert DIGEST not in folders.blobs(server)
    assert folders.parts(server) == []


async def test_a_whole_stream_of_http_2_is_a_blob(client: Client, server: Server) -> None:
    """The same frames with an end: what the tests above leave out is what makes the difference."""
    basic = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    fields = {
        ":method": "POST",
        ":scheme": "https",
        ":authority": server.host,
        ":path": f"/v2/{client.repository}/blobs/uploads/?digest={DIGEST}",
        "authorization": f"Basic {basic}",
    }
    with server.connect(30) as plug:
        plug.sendall(frames.PREFACE + frames.frame(frames.SETTINGS, 0, 0) + frames.headers(fields))
        plug.sendall(frames.frame(frames.DATA, frames.END_STREAM, frames.STREAM, SENT))
        while frames.read_frame(plug)[0] != frames.HEADERS:
            pass
    assert await client.blob(DIGEST) == SENT
    await client.demand(202, "DELETE", f"blobs/{DIGEST}")
    folders.blobs(server)[DIGEST].unlink()
