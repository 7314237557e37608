"""A fake registry in this process, which also fakes the listing APIs of Harbor and Quay; it misbehaves when told to.

What it fakes of them is what their published APIs say of lists: paths, fields and pages, here of one row each.
"""

import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.live.certificates import Certificate
from tests.make.image import Image


@dataclass
class FakePeer:
    """`lists` says whether `/v2/_catalog` tells anything; `api` is the other API it has."""

    url: str = ""
    api: str = ""
    lists: bool = True
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)
    robots: list[dict[str, Any]] = field(default_factory=list)
    """Each with the question, `q`, in whose answer it is."""

    busy: int = 0
    """Answers 429 so often first."""

    blob_asked: Callable[[str], None] = lambda _digest: None
    hold_at: int | None = None
    """The number of the blob that is sent half, and then no further until `let_go`."""

    held: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    def put(self, reference: str, *images: Image) -> Image:
        """The last of `images` gets the tag."""
        name, _, tag = reference.partition(":")
        for image in images:
            self.manifests[str(image.digest)] = (image.media_type, image.body)
            self.blobs |= {str(blob.digest): blob.content for blob in image.blobs}
        self.tags.setdefault(name, {})[tag] = str(images[-1].digest)
        return images[-1]

    def blobs_asked(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.asked if path.startswith("GET") and "/blobs/" in path]


@contextmanager
def running_fake_peer(certificate: Certificate | None = None) -> Iterator[FakePeer]:
    peer = FakePeer()

    class Handler(_Handler):
        held = peer

    with _Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        peer.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield peer
        finally:
            peer.let_go.set()
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may go at any moment; what is printed would stand in what a command under test said."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    held: FakePeer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        peer, parts = self.held, urlsplit(self.path)
        peer.asked.append(f"{self.command} {parts.path}")
        peer.authorizations.add(self.headers.get("authorization", ""))
        if peer.busy > 0:  # two threads may take the last one
            peer.busy -= 1
            self._answer(429, {"Retry-After": "0"})
        elif parts.path == "/v2/_catalog":
            self._json({"repositories": sorted(peer.tags)}) if peer.lists else self._answer(404)
        elif parts.path.startswith("/v2/"):
            self._registry(parts.path)
        elif peer.api == "harbor" and parts.path.startswith("/api/v2.0/"):
            self._harbor(unquote(parts.path.removeprefix("/api/v2.0/")), parse_qs(parts.query))
        elif peer.api == "quay" and parts.path == "/api/v1/repository":
            self._quay(parse_qs(parts.query))
        else:
            self._answer(404)

    do_HEAD = do_GET  # noqa: N815  # the names the library looks for

    def log_message(self, *_: object) -> None: ...

    def _registry(self, path: str) -> None:
        name, _, rest = path.removeprefix("/v2/").rpartition("/")
        name, _, kind = name.rpartition("/")
        if kind == "tags":
            self._json({"name": name, "tags": sorted(self.held.tags.get(name, ()))})
        elif kind == "blobs":
            self._blob(rest)
        elif kind == "manifests":
            digest = self.held.tags.get(name, {}).get(rest, rest)
            found = self.held.manifests.get(digest)
            headers = {"Content-Type": found[0] if found else "", "Docker-Content-Digest": digest}
            self._answer(200, headers, found[1]) if found else self._answer(404)
        else:
            self._answer(404)  # referrers, too: it is an old one

    def _blob(self, digest: str) -> None:
        peer = self.held
        peer.blob_asked(digest)
        content = peer.blobs[digest]
        if peer.hold_at is None or len(peer.blobs_asked()) < peer.hold_at:
            self._answer(200, {}, content)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        peer.held.set()
        peer.let_go.wait(30)
        self.close_connection = True

    def _harbor(self, path: str, query: dict[str, list[str]]) -> None:
        projects = sorted({name.partition("/")[0] for name in self.held.tags})
        match path.split("/"):
            case ["systeminfo"]:
                self._json({"auth_mode": "db_auth", "harbor_version": "v2.14"})
            case ["projects"]:
                part = query.get("name", [""])[0]
                rows = [{"name": one, "project_id": number} for number, one in enumerate(projects, 1) if part in one]
                self._page(rows, path, query)
            case ["projects", project, "repositories"]:
                self._page(
                    [{"name": one} for one in sorted(self.held.tags) if one.startswith(f"{project}/")], path, query
                )
            case ["projects", _, "members"]:
                is_known = self.headers.get("authorization", "").startswith("Basic ")
                self._page(self.held.members, path, query) if is_known else self._answer(403)
            case ["robots"]:
                self._page([one for one in self.held.robots if one["q"] == query["q"][0]], path, query)
            case _:
                self._answer(404)

    def _page(self, rows: list[dict[str, Any]], path: str, query: dict[str, list[str]]) -> None:
        """One row a page, whatever is asked for: a server may give less."""
        page = int(query["page"][0])
        kept = urlencode({key: values[0] for key, values in query.items() if key not in ("page", "page_size")})
        before, after = (f"</api/v2.0/{path}?page={number}&page_size=1&{kept}>" for number in (page - 1, page + 1))
        link = f'{before}; rel="prev" , {after}; rel="next"'
        self._json(rows[page - 1 : page], {"Link": link} if page < len(rows) else {})

    def _quay(self, query: dict[str, list[str]]) -> None:
        namespace, page = query["namespace"][0], int(query.get("next_page", ["0"])[0])
        names = [one for one in sorted(self.held.tags) if one.startswith(f"{namespace}/")]
        rows = [{"namespace": namespace, "name": one.partition("/")[2]} for one in names[page : page + 1]]
        self._json({"repositories": rows} | ({"next_page": str(page + 1)} if page + 1 < len(names) else {}))

    def _json(self, document: object, headers: dict[str, str] | None = None) -> None:
        self._answer(200, {"Content-Type": "application/json", **(headers or {})}, json.dumps(document).encode())

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
