"""A registry of one repository in this process, over a real socket, that breaks off when told to.

It keeps what had come of an upload that broke off, as a registry should, and counts what it is asked.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Registry:
    """What it holds, and how it misbehaves; `cuts` are numbers of bytes after which the next transfers break off."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    upload: bytearray = field(default_factory=bytearray)
    uploads_begun: int = 0
    cuts: list[int] = field(default_factory=list)
    forgets_uploads: bool = False
    ignores_ranges: bool = False
    busy: int = 0
    """Answers 503 so often first."""

    asked: list[str] = field(default_factory=list)
    bytes_in: int = 0
    url: str = ""


@contextmanager
def running() -> Iterator[Registry]:
    registry = Registry()

    class Handler(_Handler):
        held = registry

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        registry.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note()
        if self.held.busy > 0:
            self.held.busy -= 1
            self._answer(503, {"Retry-After": "0"})
        elif "/uploads/" in self.path:
            self._show_upload()
        elif "/manifests/" in self.path:
            found = self.held.manifests.get(self.path.rpartition("/")[2])
            self._answer(200, {"Content-Type": found[0]}, found[1]) if found else self._answer(404)
        else:
            self._blob(self.held.blobs.get(self.path.rpartition("/")[2]))

    do_HEAD = do_GET  # noqa: N815  # the names the library looks for

    def do_POST(self) -> None:
        self._note()
        self.held.upload.clear()
        self.held.uploads_begun += 1
        self._answer(202, {"Location": "/v2/acme/app/blobs/uploads/1"})

    def do_PATCH(self) -> None:
        self._note()
        start = re.match(r"(\d+)-", self.headers.get("Content-Range", "0-"))
        assert start is not None
        assert int(start[1]) == len(self.held.upload), "an upload goes on where it stands"
        left = int(self.headers["Content-Length"])
        cut = self.held.cuts.pop(0) if self.held.cuts else None
        while left:
            chunk = self.rfile.read(min(left, 1000 if cut is None else min(1000, cut) or 1))
            left -= len(chunk)
            self.held.upload += chunk
            self.held.bytes_in += len(chunk)
            if cut is not None and (cut := cut - len(chunk)) <= 0:
                self._hang_up()
                return
        self._answer(202, {"Location": "/v2/acme/app/blobs/uploads/1"})

    def do_PUT(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/manifests/" in self.path:
            self.held.manifests[self.path.rpartition("/")[2]] = (self.headers["Content-Type"], body)
            self._answer(201)
            return
        digest = parse_qs(urlsplit(self.path).query)["digest"][0]
        if f"sha256:{hashlib.sha256(self.held.upload).hexdigest()}" != digest:
            self._answer(400, {}, b'{"errors":[{"code":"DIGEST_INVALID","message":"another digest"}]}')
            return
        self.held.blobs[digest] = bytes(self.held.upload)
        if self.held.cuts:
            self.held.cuts.pop(0)
            self._hang_up()
            return
        self._answer(201)

    def do_DELETE(self) -> None:
        self._note()
        self._answer(204)

    def log_message(self, *_: object) -> None: ...

    def _note(self) -> None:
        self.held.asked.append(f"{self.command} {'upload' if 'uploads' in self.path else self.path.split('/')[4]}")

    def _show_upload(self) -> None:
        if self.held.forgets_uploads:
            self.held.forgets_uploads = False
            self._answer(404)
            return
        self._answer(204, {"Range": f"0-{max(len(self.held.upload) - 1, 0)}"})

    def _blob(self, blob: bytes | None) -> None:
        if blob is None:
            self._answer(404)
            return
        wanted = None if self.held.ignores_ranges else re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        if start and start >= len(blob):
            self._answer(416)
            return
        headers = {"Content-Range": f"bytes {start}-{len(blob) - 1}/{len(blob)}"} if wanted else {}
        cut = self.held.cuts.pop(0) if self.held.cuts and self.command == "GET" else None
        self._answer(206 if wanted else 200, headers, blob[start:], cut)

    def _answer(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b"", cut: int | None = None
    ) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
