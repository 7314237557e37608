"""The center, as an edge speaks to it (`doors/edges` answers there)."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from entrepot import __version__
from entrepot.plumbing.outbound import tls_context
from entrepot.remote.answers import why_unreachable
from entrepot.values.errors import (
    AccessDenied,
    EntrepotError,
    ParameterInvalid,
    RemoteUnreachable,
    RepositoryUnknown,
    TooMany,
    Unauthenticated,
)

_CONNECT_SECONDS: Final = 3.0
_SECONDS: Final = 10.0
_SECONDS_SILENT: Final = 4.0
_CONNECTIONS_MAX: Final = 512
_SAID_CHARS_MAX: Final = 500
_REFUSALS: Final[Mapping[int, type[EntrepotError]]] = {
    400: ParameterInvalid,
    401: Unauthenticated,
    403: AccessDenied,
    404: RepositoryUnknown,
    409: ParameterInvalid,
    429: TooMany,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the center, read whole."""

    status: int
    headers: httpx2.Headers
    body: bytes


class Center:
    """The installation at `url`. Calls raise RemoteUnreachable when it is away, or says that it cannot.

    `is_silent`: it did not answer when it was asked last. Then nobody waits for it who can do without.
    """

    def __init__(self, url: str, authority: str = "") -> None:
        self.url = url
        self.is_silent = False
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers={"user-agent": f"entrepot-edge/{__version__}"},
            timeout=httpx2.Timeout(_SECONDS, connect=_CONNECT_SECONDS, pool=_SECONDS),
            limits=httpx2.Limits(max_connections=_CONNECTIONS_MAX),
            verify=tls_context(authority) if url.startswith("https:") else False,
            trust_env=False,
        )

    @property
    def seconds(self) -> float:
        """How long to wait for an answer that may be had without it."""
        return _SECONDS_SILENT if self.is_silent else _SECONDS

    async def call(
        self, name: str, document: Mapping[str, Any], secret: str = "", seconds: float = _SECONDS
    ) -> Mapping[str, Any]:
        """What the center answers an edge within so many seconds. Raises what it refused with, too."""
        headers = {"content-type": "application/json", **_shown(secret)}
        reply = await self.ask("POST", f"/edges/v1/{name}", headers, json.dumps(document).encode(), seconds)
        _check(reply)
        try:
            said: Mapping[str, Any] = json.loads(reply.body)
        except ValueError as error:
            raise RemoteUnreachable(f"{self.url} does not answer as a center does.") from error
        return said

    async def send_presence(self, bits: bytes, secret: str) -> None:
        """Tell which blobs are here."""
        _check(await self.ask("POST", "/edges/v1/presence", _shown(secret), bits))

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", seconds: float = _SECONDS
    ) -> Reply:
        """Any small answer of it, whatever its status."""
        timeout = httpx2.Timeout(seconds, connect=_CONNECT_SECONDS)
        try:
            response = await self._http.request(method, target, headers=dict(headers), content=body, timeout=timeout)
        except httpx2.RequestError as error:
            self.is_silent = True
            raise RemoteUnreachable(why_unreachable(self.url, error)) from error
        self.is_silent = False
        return Reply(response.status_code, response.headers, response.content)

    async def pass_on(
        self, method: str, target: str, headers: list[tuple[bytes, bytes]], body: AsyncIterator[bytes] | None
    ) -> httpx2.Response:
        """Send a client's request on; the answer is still to be read, and to be closed."""
        timeout = httpx2.Timeout(None, connect=_CONNECT_SECONDS)
        request = self._http.build_request(method, target, headers=headers, content=body, timeout=timeout)
        try:
            return await self._http.send(request, stream=True)
        except httpx2.RequestError as error:
            raise RemoteUnreachable(why_unreachable(self.url, error)) from error

    async def close(self) -> None:
        await self._http.aclose()


def _shown(secret: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {secret}"} if secret else {}


def _check(reply: Reply) -> None:
    """Raises what the center refused with, or RemoteUnreachable for what is its own trouble."""
    if reply.status < 300:
        return
    try:
        said = str(json.loads(reply.body)["errors"][0]["message"])[:_SAID_CHARS_MAX]
    except (ValueError, LookupError, TypeError):
        said = f"The center answered {reply.status}."
    refusal = _REFUSALS.get(reply.status)
    if refusal is None:
        raise RemoteUnreachable(said)
    raise refusal(said)
