"""A layer of 5 GiB goes in and out, and no process of the server grows for it."""

from __future__ import annotations

import hashlib
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live import parts
from tests.live.conftest import StartServer
from tests.live.durability import folders, processes
from tests.live.durability.client import Client
from tests.live.durability.conftest import Home
from tests.live.durability.crowds import answer, head
from tests.live.process import Server

GIB = 1 << 30
MIB = 1 << 20
LAYER_BYTES = 5 * GIB
PIECE_BYTES = 4 * MIB
FREE_BYTES_MIN = 12 * GIB
RESIDENT_BYTES_MAX = 200 * MIB
PAUSE_SECONDS = 0.05

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("durability-large")]


class Watch:
    """The most that any process of a server had in memory while the block ran."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.peaks: dict[int, int] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            for pid in (self.server.pid, *processes.children(self.server.pid)):
                self.peaks[pid] = max(self.peaks.get(pid, 0), processes.resident_bytes(pid, "VmHWM"))
            if self._is_over.wait(PAUSE_SECONDS):
                return


def pieces() -> Iterator[bytes]:
    """The layer, no piece like another."""
    ballast = bytes(PIECE_BYTES - 8)
    for number in range(LAYER_BYTES // PIECE_BYTES):
        yield number.to_bytes(8, "big") + ballast


def send_layer(plug: socket.socket) -> str:
    """Send the layer as a body; its digest, which is computed beside it."""
    digest = hashlib.sha256()
    with ThreadPoolExecutor(1) as aside:
        hashing = aside.submit(digest.update, b"")
        for piece in pieces():
            hashing.result()
            hashing = aside.submit(digest.update, piece)
            plug.sendall(piece)
        hashing.result()
    return f"sha256:{digest.hexdigest()}"


def receive_layer(plug: socket.socket) -> str:
    """The digest of the next answer's body."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(PIECE_BYTES))
    received = b""
    while b"\r\n\r\n" not in received:
        received += plug.recv(1)
    assert received.startswith(b"HTTP/1.1 200"), received
    missing = LAYER_BYTES
    while missing:
        count = plug.recv_into(buffer)
        assert count, f"{missing} bytes are missing"
        digest.update(buffer[:count])
        missing -= count
    return f"sha256:{digest.hexdigest()}"


async def test_a_layer_of_five_gib_keeps_every_process_small(start_server: StartServer, repository: Home) -> None:
    server = start_server(workers=2, log_level="warning")
    free_bytes = shutil.disk_usage(folders.storage(server)).free
    if free_bytes < FREE_BYTES_MIN:
        parts.missing(f"only {free_bytes / GIB:.0f} GiB are free here; this test takes 5 and leaves the rest alone")
    name = repository(server)
    async with Client(server, name) as client:
        location = await client.start()
        with Watch(server) as watch, server.connect(60) as plug:
            plug.sendall(head(server, "PATCH", location, f"Content-Length: {LAYER_BYTES}"))
            digest = send_layer(plug)
            status, headers, body = answer(plug)
            assert (status, headers.get("range")) == (202, f"0-{LAYER_BYTES - 1}"), body
            await client.demand(201, "PUT", location, params={"digest": digest})
            plug.sendall(head(server, "GET", f"/v2/{name}/blobs/{digest}"))
            assert receive_layer(plug) == digest
        folders.blobs(server)[digest].unlink()  # pytest keeps folders for a while; not this
    assert len(watch.peaks) >= 4  # parent, two workers, job worker
    peaks = sorted(peak // MIB for peak in watch.peaks.values())
    sys.stdout.write(f"most resident, MiB: {peaks}\n")
    assert max(watch.peaks.values()) < RESIDENT_BYTES_MAX, peaks
