"""The wire to another registry, upstream or region: a proxy that counts what passes, and misbehaves when told to."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_CHUNK = 16 << 10
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})


@dataclass
class Wire:
    """`url` is where the upstream seems to be. Faults hold until they are taken back.

    `is_down`: nobody answers. `status`: what each request is answered with instead. `cuts`: after so many bytes each
    of the next answers with a blob breaks off. `bytes_per_second`: of all blobs together; 0: as fast as it goes.
    `knows_head`: HEAD is answered. `spoils`: blobs arrive with their last byte changed. `sends_on_to`: where requests
    for blobs are redirected. `upload_cuts`: as `cuts`, of the next uploads. `says`: headers beside what is answered
    about manifests.
    """

    upstream: str
    url: str = ""
    is_down: bool = False
    status: int = 0
    retry_after: str = ""
    cuts: list[int] = field(default_factory=list)
    bytes_per_second: int = 0
    knows_head: bool = True
    spoils: bool = False
    sends_on_to: str = ""
    asked: list[str] = field(default_factory=list)
    """`GET manifests/1.0`, `HEAD blobs/sha256:…`, `GET tags/list`."""
    blob_bytes: int = 0
    upload_bytes: int = 0
    upload_cuts: list[int] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    mounted: int = 0
    """Uploads that ended where they began: the blob was mounted."""
    _passing: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> int:
        return sum(one.startswith(what) for one in self.asked)

    def passes(self, size: int) -> None:
        """Takes the time that so many bytes take; blobs share the line."""
        if self.bytes_per_second:
            with self._passing:
                time.sleep(size / self.bytes_per_second)


@contextmanager
def running_wire(upstream: str) -> Iterator[Wire]:
    wire = Wire(upstream)

    class Handler(_Handler):
        held = wire

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        wire.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Wire
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wire, path = self.held, urlsplit(self.path).path
        kind = next((one for one in ("/manifests/", "/blobs/", "/tags/", "/referrers/") if one in path), "")
        wire.asked.append(f"{self.command} {kind[1:]}{path.rpartition('/')[2]}")
        if wire.is_down:
            self._hang_up()
        elif wire.status:
            self._plain(wire.status, {"Retry-After": wire.retry_after} if wire.retry_after else {})
        elif self.command == "HEAD" and not wire.knows_head:
            self._plain(405, {})
        elif kind == "/blobs/" and wire.sends_on_to:
            self._plain(307, {"Location": wire.sends_on_to})
        else:
            self._forward(is_blob=kind == "/blobs/" and self.command == "GET")

    do_HEAD = do_GET  # noqa: N815  # the names the library looks for

    def do_POST(self) -> None:
        wire, path = self.held, urlsplit(self.path).path
        kind = "uploads" if "/uploads/" in path else "manifests"
        wire.asked.append(f"{self.command} {kind}")
        if wire.is_down:
            self._hang_up()
            return
        body = self._upload(is_blob=kind == "uploads")
        if body is None:
            self._hang_up()
        elif wire.status:
            self._plain(wire.status, {"Retry-After": wire.retry_after} if wire.retry_after else {})
        else:
            self._forward(is_blob=False, body=body)

    do_PATCH = do_PUT = do_DELETE = do_POST  # noqa: N815

    def _upload(self, *, is_blob: bool) -> bytes | None:
        """What was sent; None when it broke off on the way: the start of it has gone on all the same."""
        wire, left = self.held, int(self.headers.get("Content-Length") or 0)
        cut = wire.upload_cuts.pop(0) if is_blob and left and wire.upload_cuts else None
        held = bytearray()
        while left:
            chunk = self.rfile.read(min(_CHUNK, left))
            if not chunk:
                return None
            left -= len(chunk)
            held += chunk
            if is_blob:
                wire.passes(len(chunk))
                wire.upload_bytes += len(chunk)
            if cut is not None and len(held) >= cut:
                self._send_part(bytes(held))
                return None
        return bytes(held)

    def _send_part(self, part: bytes) -> None:
        """Send the start of an upload on, and go away."""
        parts = urlsplit(self.held.upstream)
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as there:
            head = [f"{self.command} {self.path} HTTP/1.1", f"Host: {parts.hostname}:{parts.port}"]
            head += [f"{key}: {value}" for key, value in self.headers.items() if key.lower() not in _HOP]
            there.sendall("\r\n".join([*head, "", ""]).encode() + part)

    def log_message(self, *_: object) -> None: ...

    def _forward(self, *, is_blob: bool, body: bytes | None = None) -> None:
        parts = urlsplit(self.held.upstream)
        there = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
            headers["Host"] = f"{parts.hostname}:{parts.port}"
            there.request(self.command, self.path, body=body, headers=headers)
            answer = there.getresponse()
            self.held.mounted += self.command == "POST" and answer.status == 201
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() == "location":
                    self.send_header(key, value.replace(self.held.upstream, self.held.url))
                elif key.lower() not in _HOP:
                    self.send_header(key, value)
            for key, value in self.held.says.items() if "/manifests/" in self.path else ():
                self.send_header(key, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self._pass_on(answer, is_blob=is_blob)
        finally:
            there.close()

    def _pass_on(self, answer: http.client.HTTPResponse, *, is_blob: bool) -> None:
        wire = self.held
        cut = wire.cuts.pop(0) if is_blob and wire.cuts else None
        left = int(answer.headers.get("Content-Length") or 0)
        if cut == 0:
            self._hang_up()
            return
        while chunk := answer.read(_CHUNK if cut is None else min(_CHUNK, cut)):
            left -= len(chunk)
            if is_blob:
                wire.passes(len(chunk))
                wire.blob_bytes += len(chunk)
                if wire.spoils and not left:
                    chunk = chunk[:-1] + bytes([chunk[-1] ^ 1])
            self.wfile.write(chunk)
            if cut is not None and (cut := cut - len(chunk)) <= 0:
                self._hang_up()
                return

    def _plain(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)
