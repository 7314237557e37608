"""A region in this process, over a real socket: keeps what it is given, wants a password, misbehaves when told to."""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.make.image import Image

_parse = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs|manifests|referrers|tags)/(?P<rest>.*)").fullmatch


@dataclass
class Region:
    """What it holds. `account`: user and password it wants. `statuses`: what requests that begin so are answered with
    instead, as `PUT manifests`; `said`: with which code and words. `gate`: uploads wait for it. `redirects_to`: where
    questions for manifests are sent on to.
    """

    url: str = ""
    account: tuple[str, str] | None = None
    statuses: dict[str, int] = field(default_factory=dict)
    said: tuple[str, str] = ("", "")
    redirects_to: str = ""
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    unmountable: bool = False
    seconds_of_uploads: float = 0.0
    bytes_in: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    most_at_once: int = 0
    _uploads: dict[str, bytearray] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> int:
        return sum(one.startswith(what) for one in self.asked)

    def digest(self, name: str, tag: str) -> str | None:
        found = self.manifests.get((name, tag))
        return None if found is None else f"sha256:{hashlib.sha256(found[1]).hexdigest()}"

    def hold(self, name: str, tag: str, image: Image) -> None:
        """Have an image, as if it had been pushed."""
        self.put(name, tag, image.body, image.media_type)
        self.blobs.setdefault(name, {}).update({str(blob.digest): blob.content for blob in image.blobs})

    def put(self, name: str, tag: str, body: bytes, media_type: str) -> None:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        for reference in {tag, digest}:
            self.manifests[name, reference] = media_type, body


@contextmanager
def running_region() -> Iterator[Region]:
    region = Region()
    region.gate.set()

    class Handler(_Handler):
        held = region

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        region.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield region
        finally:
            region.gate.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Region
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        region, parts = self.held, urlsplit(self.path)
        found, query = _parse(parts.path), parse_qs(parts.query)
        kind = found["kind"] if found else ""
        asked = f"{self.command} {kind}{'/uploads' if found and found['rest'].startswith('uploads') else ''}"
        region.asked.append(asked)
        body = self._body(asked)
        status = next((status for what, status in region.statuses.items() if asked.startswith(what)), 0)
        if region.account is not None and self.headers.get("Authorization") != _basic(region.account):
            self._answer(401, {"WWW-Authenticate": 'Basic realm="region"'})
        elif status:
            code, message = region.said
            said = json.dumps({"errors": [{"code": code, "message": message}]}).encode() if code else b""
            self._answer(status, {}, said)
        elif parts.path == "/v2/_catalog":
            names = sorted({name for name, _ in region.manifests})
            self._answer(200, {}, json.dumps({"repositories": names}).encode())
        elif found is None:
            self._answer(200, {}, b"{}")
        elif kind == "tags":
            tags = sorted(one for name, one in region.manifests if name == found["name"] and ":" not in one)
            self._answer(200, {}, json.dumps({"name": found["name"], "tags": tags}).encode())
        elif region.redirects_to and asked == "HEAD manifests":
            self._answer(307, {"Location": region.redirects_to + self.path})
        elif kind == "manifests":
            self._manifest(found["name"], found["rest"], body)
        elif kind == "referrers":
            self._answer(404)
        else:
            self._blob(found["name"], found["rest"], query, body)

    do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names the library looks for

    def log_message(self, *_: object) -> None: ...

    def _body(self, asked: str) -> bytes:
        region = self.held
        if asked.startswith("PATCH"):
            with region._lock:  # its own server
                region.at_once += 1
                region.most_at_once = max(region.most_at_once, region.at_once)
            region.gate.wait(20)
        began = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if asked.startswith("PATCH"):
            with region._lock:
                region.at_once -= 1
                region.seconds_of_uploads += time.monotonic() - began
                region.bytes_in += len(body)
        return body

    def _manifest(self, name: str, reference: str, body: bytes) -> None:
        if self.command == "PUT":
            self.held.put(name, reference, body, self.headers["Content-Type"])
            self._answer(201)
            return
        if self.command == "DELETE":
            self._answer(202 if self.held.manifests.pop((name, reference), None) else 404)
            return
        found = self.held.manifests.get((name, reference))
        if found is None:
            self._answer(404)
            return
        digest = f"sha256:{hashlib.sha256(found[1]).hexdigest()}"
        self._answer(200, {"Content-Type": found[0], "Docker-Content-Digest": digest}, found[1])

    def _blob(self, name: str, rest: str, query: dict[str, list[str]], body: bytes) -> None:
        region, place = self.held, self.held.blobs.setdefault(name, {})
        number = rest.removeprefix("uploads/")
        if self.command == "POST":
            [digest], [source] = query.get("mount", [""]), query.get("from", [""])
            if source and region.unmountable:
                self._answer(403)
                return
            if digest in region.blobs.get(source, {}):
                place[digest] = region.blobs[source][digest]
                self._answer(201)
                return
            with region._lock:
                number = str(len(region._uploads))
                region._uploads[number] = bytearray()
            self._answer(202, {"Location": f"/v2/{name}/blobs/uploads/{number}"})
        elif self.command == "PATCH":
            region._uploads[number] += body
            self._answer(202, {"Location": f"/v2/{name}/blobs/uploads/{number}"})
        elif self.command == "PUT":
            content = bytes(region._uploads[number])
            place[f"sha256:{hashlib.sha256(content).hexdigest()}"] = content
            self._answer(201)
        elif rest in place:
            self._answer(200, {}, place[rest])
        else:
            self._answer(404)

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _basic(account: tuple[str, str]) -> str:
    return f"Basic {base64.b64encode(':'.join(account).encode()).decode()}"
