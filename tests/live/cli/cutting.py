"""A line to a server that breaks: a proxy that ends a connection after so many bytes, in one direction."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_CHUNK = 16_384


@dataclass
class Line:
    """`up` and `down`: after how many bytes the next connections that carry so much break, one for each number."""

    port: int
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)
    cuts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def cutting_line(port: int) -> Iterator[Line]:
    """A line to 127.0.0.1:`port`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = Line(listening.getsockname()[1])
        threading.Thread(target=_accept, args=(listening, port, line), daemon=True).start()
        yield line


def _accept(listening: socket.socket, port: int, line: Line) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        for source, target, cuts in ((client, server, line.up), (server, client, line.down)):
            threading.Thread(target=_carry, args=(source, target, cuts, line), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, cuts: list[int], line: Line) -> None:
    carried = 0
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
            carried += len(chunk)
            if cuts and carried > cuts[0]:
                cuts.pop(0)
                line.cuts += 1
                break
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
