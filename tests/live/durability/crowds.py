"""Many connections at once, written by hand: clients that read slowly, send slowly, or are gone."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.live.process import Server

# Closing sends a reset instead of a farewell: how a client looks whose machine lost its power or its network.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
RECEIVE_BYTES = 16 << 10


def head(server: Server, method: str, path: str, *lines: str) -> bytes:
    basic = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    own = [f"{method} {path} HTTP/1.1", f"Host: {server.host}", f"Authorization: Basic {basic}"]
    return "\r\n".join([*own, *lines, "", ""]).encode()


@contextmanager
def crowd(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, each with a small receive buffer; closed at the end of the block."""
    with ExitStack() as stack:
        plugs = []
        for _ in range(count):
            plug = stack.enter_context(socket.socket())
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            plug.settimeout(30)
            plug.connect(("127.0.0.1", server.port))
            plugs.append(plug)
        yield plugs


def vanish(plug: socket.socket) -> None:
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    plug.close()


def answer(plug: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of the next answer, which names its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(plug)
    start, _, body = received.partition(b"\r\n\r\n")
    status, *lines = start.decode("latin-1").split("\r\n")
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += _more(plug)
    return int(status.split()[1]), headers, body


def _more(plug: socket.socket) -> bytes:
    piece = plug.recv(65536)
    if not piece:
        raise ConnectionError("the server closed before its answer was complete")
    return piece
