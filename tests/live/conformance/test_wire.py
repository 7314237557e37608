"""The suite's own client: does it really put on the wire what the official suites do?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.repository import Repository, Session

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nLocation: /v2/a/b/blobs/uploads/1\r\nConnection: close\r\n\r\n"


@dataclass
class Listener:
    """Takes one request after the other and keeps its bytes."""

    socket: socket.socket
    requests: list[bytes] = field(default_factory=list)

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(take(connection))
                connection.sendall(ANSWER)

    @property
    def head(self) -> list[str]:
        """The lines of the last request's head."""
        return self.requests[-1].partition(b"\r\n\r\n")[0].decode().split("\r\n")

    def lines(self, name: str) -> list[str]:
        return [line for line in self.head[1:] if line.lower().startswith(f"{name.lower()}:")]


def take(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
    else:
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        while len(body) < int(length.partition(b":")[2]):
            body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server)
        thread = threading.Thread(target=listener.run)
        thread.start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def wired(listener: Listener) -> Iterator[Repository]:
    registry = Registry(f"http://127.0.0.1:{listener.socket.getsockname()[1]}")
    yield Repository(registry, "a/b")
    registry.close()


def test_a_manifest_goes_out_chunked_without_length_and_accept(
    wired: Repository, listener: Listener, make: Make
) -> None:
    manifest = make.image(0)
    wired.put_manifest(manifest.digest, manifest, ["x", "y"])
    assert listener.head[0] == f"PUT /v2/a/b/manifests/{manifest.digest}?tag=x&tag=y HTTP/1.1"
    assert len(listener.lines("Transfer-Encoding")) == 1
    assert not listener.lines("Content-Length")
    assert not listener.lines("Accept")
    assert not listener.lines("Expect")
    assert [line.partition(": ")[2] for line in listener.lines("Accept-Encoding")] == ["gzip"]


def test_a_manifest_is_read_with_two_accept_lines(wired: Repository, listener: Listener) -> None:
    wired.get_manifest("latest")
    assert len(listener.lines("Accept")) == 2


def test_a_chunk_has_a_range_without_unit_and_a_length(wired: Repository, listener: Listener) -> None:
    session = wired.start_upload()
    session.patch(b"abc", 7)
    assert [line.partition(": ")[2] for line in listener.lines("Content-Range")] == ["7-9"]
    assert [line.partition(": ")[2] for line in listener.lines("Content-Length")] == ["3"]
    assert not listener.lines("Transfer-Encoding")


def test_a_stream_is_chunked_without_range_and_length(wired: Repository, listener: Listener) -> None:
    session = wired.start_upload()
    session.patch(b"abc")
    assert len(listener.lines("Transfer-Encoding")) == 1
    assert not listener.lines("Content-Length")
    assert not listener.lines("Content-Range")


def test_the_empty_blob_closes_chunked(wired: Repository, listener: Listener, make: Make) -> None:
    session: Session = wired.start_upload()
    session.put(make.unknown_digest(), chunked=True)
    assert len(listener.lines("Transfer-Encoding")) == 1
    assert not listener.lines("Content-Length")
    assert listener.requests[-1].endswith(b"\r\n\r\n0\r\n\r\n")


def test_other_requests_have_a_length(wired: Repository, listener: Listener, make: Make) -> None:
    session = wired.start_upload()
    assert [line.partition(": ")[2] for line in listener.lines("Content-Length")] == ["0"]
    session.put(make.unknown_digest())
    assert [line.partition(": ")[2] for line in listener.lines("Content-Length")] == ["0"]
    wired.post_blob(b"abcd", make.unknown_digest())
    assert [line.partition(": ")[2] for line in listener.lines("Content-Length")] == ["4"]
