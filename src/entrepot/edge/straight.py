"""Straight from the center: what cannot be kept here is still sent, as it comes."""

from starlette.types import Message, Receive, Scope, Send

from entrepot.doors.oci.call import Response
from entrepot.doors.oci.onward import DIRECT
from entrepot.edge.pulls import Streams
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.remote.session import Remote, pull_scope
from entrepot.values.errors import StorageFailed, StorageFull

_log = get_logger()
_KEPT = (b"content-type", b"content-length", b"content-range", b"docker-content-digest", b"etag", b"accept-ranges")


class Blob:
    """A blob as an answer, counted among those under way; from the center itself where there is no room here."""

    def __init__(self, response: Response, center: Remote, path: str, digest: str, streams: Streams) -> None:
        self._response = response
        self._center = center
        self._path = path
        self._digest = digest
        self._streams = streams
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            self._has_begun = True
            await send(message)

        self._streams.count += 1
        try:
            await self._response(scope, receive, noted)
        except (StorageFull, StorageFailed) as error:
            if self._has_begun:
                raise
            _log.warning("sent without keeping it", path=self._path, digest=self._digest, error=error.message)
            await self._straight(scope, send)
        finally:
            self._streams.count -= 1

    async def _straight(self, scope: Scope, send: Send) -> None:
        """Raises what the center refuses with."""
        wanted = {key.decode(): value.decode("latin-1") for key, value in scope["headers"] if key == b"range"}
        target = f"/v2/{self._path}/blobs/{self._digest}?{DIRECT}"
        async with self._center.send("GET", target, pull_scope(self._path), headers=wanted) as response:
            headers = [(key.lower(), value) for key, value in response.headers.raw if key.lower() in _KEPT]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():
                metrics.bytes_out.inc(len(chunk))
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
