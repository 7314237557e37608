"""A client that pushes and pulls, many of them at once, and knows exactly what was acknowledged to it.

A call returns only when the answer arrived completely. It raises `Refused` for a status nobody
expected and `Gone` when the server went away: then nothing is known about what was asked for.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from tests.live.conformance.builders import digest_of
from tests.live.conformance.media_types import CONFIG, IMAGE, LAYER
from tests.live.process import Server

Gone = httpx2.TransportError


class Refused(AssertionError):
    """The server answered, but not as it should."""

    def __init__(self, answer: httpx2.Response) -> None:
        asked = f"{answer.request.method} {answer.request.url}"
        super().__init__(f"{asked} was answered with {answer.status_code}: {answer.text[:500]}")
        self.status = answer.status_code


class Client:
    """One client of `server` in one repository, signed in as its administrator."""

    def __init__(self, server: Server, repository: str) -> None:
        self.repository = repository
        self._http = httpx2.AsyncClient(
            base_url=server.url,
            auth=(server.user, server.password),
            timeout=60.0,
            trust_env=False,
            verify=False,  # reading the machine's certificates takes longer than a push, and ours are not among them
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Any request; `path` is below the repository unless it begins with a slash."""
        url = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        return await self._http.request(method, url, content=content, headers=headers, params=params)

    async def demand(self, status: int, method: str, path: str, **more: Any) -> httpx2.Response:
        answer = await self.send(method, path, **more)
        if answer.status_code != status:
            raise Refused(answer)
        return answer

    async def push_whole(self, content: bytes) -> str:
        """The blob in one POST; its digest."""
        digest = digest_of(content)
        await self.demand(201, "POST", "blobs/uploads/", params={"digest": digest}, content=content)
        return digest

    async def push(self, content: bytes) -> str:
        """The blob in POST and PUT; its digest."""
        location = await self.start()
        return await self.finish(location, content, content)

    async def start(self) -> str:
        """Begin an upload; its location."""
        return str((await self.demand(202, "POST", "blobs/uploads/")).headers["Location"])

    async def append(self, location: str, content: bytes, start: int) -> int:
        """Add a chunk; how much the server then says it holds."""
        headers = {"Content-Range": f"{start}-{start + len(content) - 1}"}
        answer = await self.demand(202, "PATCH", location, content=content, headers=headers)
        return held(answer)

    async def stream(self, location: str, chunks: AsyncIterator[bytes]) -> int:
        """Add what `chunks` yields, in a body of unknown length; how much the server then says it holds."""
        return held(await self.demand(202, "PATCH", location, content=chunks))

    async def finish(self, location: str, whole: bytes, rest: bytes = b"") -> str:
        """End an upload of `whole`, of which `rest` is still to be sent; its digest."""
        digest = digest_of(whole)
        await self.demand(201, "PUT", location, params={"digest": digest}, content=rest)
        return digest

    async def held(self, location: str) -> int:
        """How many bytes of an upload the server says it holds."""
        return held(await self.demand(204, "GET", location))

    async def blob(self, digest: str) -> bytes | None:
        """The bytes of a blob, read with HEAD and GET, which must agree; None if it is not there."""
        seen = await self.send("HEAD", f"blobs/{digest}")
        answer = await self.send("GET", f"blobs/{digest}")
        if (seen.status_code, answer.status_code) == (404, 404):
            return None
        if (seen.status_code, answer.status_code) != (200, 200):
            raise Refused(answer)
        assert int(seen.headers["Content-Length"]) == len(answer.content)
        return answer.content

    async def put_manifest(self, reference: str, body: bytes) -> None:
        await self.demand(201, "PUT", f"manifests/{reference}", content=body, headers={"Content-Type": IMAGE})

    async def manifest(self, reference: str) -> bytes | None:
        """The bytes of a manifest; None if it is not there."""
        answer = await self.send("GET", f"manifests/{reference}", headers={"Accept": IMAGE})
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise Refused(answer)
        assert answer.headers["Docker-Content-Digest"] == digest_of(answer.content)
        return answer.content

    async def tags(self) -> list[str]:
        answer = await self.demand(200, "GET", "tags/list")
        return list(answer.json()["tags"])

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def held(answer: httpx2.Response) -> int:
    """The bytes that an answer's Range claims. An empty upload says 0-0; so no test sends a single first byte."""
    first, _, last = answer.headers["Range"].partition("-")
    assert first == "0", answer.headers["Range"]
    return int(last) + 1 if last != "0" else 0


def image(config: bytes, layers: Sequence[bytes], **more: object) -> bytes:
    """The manifest of an image made of these blobs; `more` are members of it."""
    described = [
        {"mediaType": kind, "digest": digest_of(blob), "size": len(blob)}
        for kind, blob in [(CONFIG, config), *((LAYER, layer) for layer in layers)]
    ]
    return json.dumps(
        {"schemaVersion": 2, "mediaType": IMAGE, "config": described[0], "layers": described[1:], **more}
    ).encode()
