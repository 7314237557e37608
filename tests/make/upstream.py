"""Somebody else's registry in this process, over a real socket: several repositories, and what it was asked."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.make.image import Image


@dataclass
class Upstream:
    """`tags`, by repository: what they name. `is_down`: everything is answered with 503."""

    url: str = ""
    tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    manifests: dict[str, Image] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    """`GET team/app/manifests/1.0`."""

    def push(self, name: str, tag: str, image: Image | None = None) -> Image:
        """An image of that name and tag; a new one when none is given."""
        image = image or Image.make()
        self.manifests[f"{name}@{image.digest}"] = image
        self.tags[name][tag] = str(image.digest)
        self.blobs |= {f"{name}@{blob.digest}": blob.content for blob in image.blobs}
        return image

    def hold(self, name: str, image: Image) -> Image:
        """An image without a tag."""
        self.manifests[f"{name}@{image.digest}"] = image
        self.blobs |= {f"{name}@{blob.digest}": blob.content for blob in image.blobs}
        return image

    def answer(self, path: str) -> tuple[int, str, bytes, str]:
        """Status, content type, body, and the digest of a manifest."""
        if self.is_down:
            return 503, "text/plain", b"", ""
        name, _, rest = path.removeprefix("/v2/").rpartition("/manifests/")
        if name:
            digest = rest if ":" in rest else self.tags.get(name, {}).get(rest, "")
            image = self.manifests.get(f"{name}@{digest}")
            return (200, image.media_type, image.body, digest) if image else (404, "text/plain", b"", "")
        name, _, digest = path.removeprefix("/v2/").rpartition("/blobs/")
        if name:
            found = self.blobs.get(f"{name}@{digest}")
            return (404, "text/plain", b"", "") if found is None else (200, "application/octet-stream", found, "")
        name = path.removeprefix("/v2/").removesuffix("/tags/list")
        if path.endswith("/tags/list") and name in self.tags:
            return 200, "application/json", json.dumps({"name": name, "tags": sorted(self.tags[name])}).encode(), ""
        return (200, "application/json", b"{}", "") if path == "/v2/" else (404, "text/plain", b"", "")


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream()

    class Handler(_Handler):
        held = upstream

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        upstream.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.held.asked.append(f"{self.command} {path.removeprefix('/v2/')}")
        status, media_type, body, digest = self.held.answer(path)
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # the names the library looks for

    def log_message(self, *_: object) -> None: ...
