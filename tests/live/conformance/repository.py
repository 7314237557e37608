"""One repository of the registry under test, and the upload sessions in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Blob, Manifest
from tests.live.conformance.client import Registry
from tests.live.conformance.media_types import IMAGE, INDEX

OCTETS = ("Content-Type", "application/octet-stream")
# Two lines, not one joined by a comma: that is how the official suite asks.
ACCEPT = (("Accept", INDEX), ("Accept", IMAGE))


@dataclass(frozen=True)
class Repository:
    registry: Registry
    name: str

    def path(self, tail: str) -> str:
        return f"/v2/{self.name}/{tail}"

    # Blobs

    def head_blob(self, digest: str) -> Answer:
        return self.registry.send("HEAD", self.path(f"blobs/{digest}"))

    def get_blob(self, digest: str, byte_range: str | None = None) -> Answer:
        headers = [("Range", byte_range)] if byte_range else []
        return self.registry.send("GET", self.path(f"blobs/{digest}"), headers=headers)

    def delete_blob(self, digest: str) -> Answer:
        return self.registry.send("DELETE", self.path(f"blobs/{digest}"))

    def post_blob(self, content: bytes, digest: str) -> Answer:
        """The whole blob in the opening request."""
        return self.registry.send(
            "POST", self.path("blobs/uploads/"), params=[("digest", digest)], headers=[OCTETS], body=content
        )

    def mount(self, digest: str, source: str | None = None) -> Answer:
        params = [("mount", digest)] + ([("from", source)] if source else [])
        return self.registry.send("POST", self.path("blobs/uploads/"), params=params)

    def start_upload(self, *params: tuple[str, str]) -> Session:
        """Open a session; demands 202 and a Location."""
        answer = expect(self.registry.send("POST", self.path("blobs/uploads/"), params=params), 202)
        return Session(self, answer.location, int(answer.header("OCI-Chunk-Min-Length") or 0), answer)

    def push(self, *blobs: Blob) -> None:
        """Push the blobs in one request each, or in two where the registry insists (202); demands success."""
        for blob in blobs:
            answer = expect(self.post_blob(blob.content, blob.digest), 201, 202)
            if answer.status == 202:
                expect(Session(self, answer.location, 0, answer).put(blob.digest, blob.content), 201)

    # Manifests

    def put_manifest(self, reference: str, manifest: Manifest, tags: Sequence[str] = ()) -> Answer:
        return self.put_body(reference, manifest.body, manifest.media_type, tags)

    def put_body(self, reference: str, body: bytes, media_type: str | None = IMAGE, tags: Sequence[str] = ()) -> Answer:
        return self.registry.send(
            "PUT",
            self.path(f"manifests/{reference}"),
            params=[("tag", tag) for tag in tags],
            headers=[("Content-Type", media_type)] if media_type else [],
            body=body,
            chunked=True,
        )

    def get_manifest(self, reference: str, headers: Sequence[tuple[str, str]] = ACCEPT) -> Answer:
        return self.registry.send("GET", self.path(f"manifests/{reference}"), headers=headers)

    def head_manifest(self, reference: str, headers: Sequence[tuple[str, str]] = ACCEPT) -> Answer:
        return self.registry.send("HEAD", self.path(f"manifests/{reference}"), headers=headers)

    def delete_manifest(self, reference: str) -> Answer:
        return self.registry.send("DELETE", self.path(f"manifests/{reference}"))

    def publish(self, manifest: Manifest, *tags: str) -> Manifest:
        """Push the blobs, then the manifest by digest, then by every tag; demands success."""
        self.push(*manifest.blobs)
        for reference in (manifest.digest, *tags):
            expect(self.put_manifest(reference, manifest), 201)
        return manifest

    # Lists

    def list_tags(self, *params: tuple[str, str]) -> Answer:
        return self.registry.send("GET", self.path("tags/list"), params=params)

    def list_referrers(self, digest: str, *params: tuple[str, str]) -> Answer:
        return self.registry.send("GET", self.path(f"referrers/{digest}"), params=params)


class Session:
    """An open upload; every answer's Location is the next request's address."""

    def __init__(self, repository: Repository, url: str, chunk_bytes_min: int, opened: Answer) -> None:
        self.repository, self.url, self.chunk_bytes_min, self.opened = repository, url, chunk_bytes_min, opened

    def patch(self, content: bytes, start: int | None = None, *, url: str | None = None) -> Answer:
        """Send a chunk; without `start` it is streamed: chunked and without Content-Range."""
        headers = [OCTETS] + ([("Content-Range", f"{start}-{start + len(content) - 1}")] if start is not None else [])
        answer = self.repository.registry.send(
            "PATCH", url or self.url, headers=headers, body=content, chunked=start is None
        )
        return self._follow(answer)

    def put(self, digest: str, content: bytes = b"", start: int | None = None, *, chunked: bool = False) -> Answer:
        """Close the session, optionally with the last chunk (or, `chunked`, with a body of no stated length)."""
        headers = [OCTETS] if content else []
        if start is not None:
            headers.append(("Content-Range", f"{start}-{start + len(content) - 1}"))
        return self.repository.registry.send(
            "PUT", self.url, params=[("digest", digest)], headers=headers, body=content, chunked=chunked
        )

    def status(self, url: str | None = None) -> Answer:
        return self._follow(self.repository.registry.send("GET", url or self.url))

    def cancel(self) -> Answer:
        return self.repository.registry.send("DELETE", self.url)

    def _follow(self, answer: Answer) -> Answer:
        if answer.status in (202, 204):
            self.url = answer.location
        return answer
