"""HTTP/2, as little of it as a test needs to break it off: frames by hand (RFC 9113), headers without compression."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
CANCEL = 8
STREAM = 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(fields: Mapping[str, str], flags: int = END_HEADERS) -> bytes:
    """A HEADERS frame for the first stream; every field a literal without indexing (RFC 7541 §6.2.2)."""
    return frame(HEADERS, flags, STREAM, b"".join(b"\0" + _text(key) + _text(value) for key, value in fields.items()))


def reset() -> bytes:
    return frame(RST_STREAM, 0, STREAM, struct.pack(">I", CANCEL))


def read_frame(plug: socket.socket) -> tuple[int, int, bytes]:
    """Kind, flags and payload of the next frame. Raises ConnectionError at the end of the connection."""
    start = _exactly(plug, 9)
    size = int.from_bytes(start[:3], "big")
    return start[3], start[4], _exactly(plug, size)


def round_trip(plug: socket.socket) -> None:
    """Return when the server has dealt with everything sent so far (it answers a PING)."""
    plug.sendall(frame(PING, 0, 0, b"12345678"))
    while True:
        kind, flags, _ = read_frame(plug)
        if kind == PING and flags & ACK:
            return


def _text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    length, rest = b"\x7f", len(raw) - 127  # RFC 7541 §5.1: seven bits, then groups of seven
    while rest >= 128:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return length + bytes([rest]) + raw


def _exactly(plug: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = plug.recv(count - len(found))
        if not piece:
            raise ConnectionError("the server closed the connection")
        found += piece
    return found
