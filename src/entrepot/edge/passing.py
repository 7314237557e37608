"""Passing on: what an edge does not answer itself goes to the center as it came, and comes back as it is."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import httpx2
from starlette.types import Receive, Scope, Send

from entrepot.doors.http import body as bodies
from entrepot.doors.http.body import declared_length
from entrepot.edge.center import Center
from entrepot.values.errors import RemoteUnreachable

# What is between two neighbours (RFC 9110 §7.6.1), and what the next connection has of its own.
_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"host",
        b"content-length",
        b"accept-encoding",
        b"x-forwarded-for",
    )
)
_CHUNK_BYTES: Final = 256 << 10


class PassedOn:
    """The center's answer to a client's request, streamed both ways. `realm`: where clients of this edge get tokens."""

    def __init__(self, center: Center, realm: str, client: str, idle_seconds: float) -> None:
        self._center = center
        self._realm = realm
        self._client = client
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises RemoteUnreachable when the center is away."""
        headers = [(key, value) for key, value in scope["headers"] if key not in _HOP]
        headers.append((b"x-forwarded-for", self._client.encode()))
        headers.append((b"accept-encoding", b"identity"))
        length = next((value for key, value in scope["headers"] if key == b"content-length"), None)
        body: AsyncIterator[bytes] | None = None
        if scope["method"] in ("POST", "PUT", "PATCH"):
            declared = declared_length(length.decode("latin-1")) if length is not None else None
            if declared is not None:
                headers.append((b"content-length", str(declared).encode()))
            body = bodies.stream(receive, declared, self._idle_seconds)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        target = raw.decode("latin-1")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        response = await self._center.pass_on(scope["method"], target, headers, body)
        try:
            await send(
                {"type": "http.response.start", "status": response.status_code, "headers": self._answered(response)}
            )
            async for chunk in _chunks(response):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx2.RequestError as error:
            raise RemoteUnreachable("The center broke off in the middle of its answer.") from error
        finally:
            await response.aclose()

    def _answered(self, response: httpx2.Response) -> list[tuple[bytes, bytes]]:
        headers = []
        for key, value in response.headers.raw:
            name = key.lower()
            if name in _HOP and name != b"content-length":
                continue
            is_challenge = name == b"www-authenticate"
            headers.append((name, _led_here(value, self._realm) if is_challenge else value))
        return headers


async def _chunks(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    async for chunk in response.aiter_raw(_CHUNK_BYTES):
        yield chunk


def _led_here(challenge: bytes, realm: str) -> bytes:
    """A challenge whose token is had at this edge."""
    before, found, rest = challenge.partition(b'realm="')
    if not found:
        return challenge
    return before + found + realm.encode() + b'"' + rest.partition(b'"')[2]
