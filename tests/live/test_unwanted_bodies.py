"""A refusal reaches a client that is still sending, and its connection can be used again."""

import base64
import http.client
import json

import pytest

from tests.live.process import Server

pytestmark = pytest.mark.live

BODY = b"x" * (3 * 1024 * 1024)


def authorized(server: Server) -> dict[str, str]:
    pair = f"{server.user}:{server.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v2/nowhere/app/manifests/sha256:baddigest", 400),
        ("PUT", "/v2/nowhere/app/manifests/latest", 404),
        ("PATCH", "/v2/nowhere/app/blobs/uploads/unknown", 404),
        ("POST", "/v2/nowhere/app/blobs/uploads/?digest=sha256:baddigest", 400),
        ("PUT", "/nowhere", 404),
        ("POST", "/v2/manage/nowhere", 404),
    ],
)
def test_a_refused_body_leaves_the_connection_usable(server: Server, method: str, path: str, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for _ in range(20):
        connection.request(method, path, body=BODY, headers=authorized(server))
        answer = connection.getresponse()
        assert answer.status == status
        assert json.loads(answer.read())["errors"]
        assert answer.getheader("Connection") != "close"
    connection.close()


def test_a_body_of_unknown_length_is_read_to_its_end(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for _ in range(20):
        pieces = iter([b"x" * 100_000] * 10)
        connection.request("PUT", "/v2/nowhere/app/manifests/latest", pieces, authorized(server), encode_chunked=True)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    connection.close()


def test_a_body_too_large_to_be_read_for_nothing_is_refused_at_once(server: Server) -> None:
    with server.connect() as plug:
        lines = ["PUT /v2/nowhere/app/manifests/latest HTTP/1.1", f"Host: {server.host}", "Content-Length: 99999999999"]
        lines += [f"{key}: {value}" for key, value in authorized(server).items()]
        plug.sendall("\r\n".join([*lines, "", ""]).encode())
        head = plug.recv(65536)
    assert head.startswith(b"HTTP/1.1 404")
    assert b"connection: close" in head.lower()
