"""Session: one registry, spoken to as one user or as nobody; tokens are fetched when asked for and kept by scope."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from entrepot import __version__
from entrepot.plumbing.networks import Network
from entrepot.plumbing.outbound import OutboundFailed, Reach, resolve
from entrepot.remote.answers import refusal, stranger, why_unreachable
from entrepot.remote.challenge import Challenge, check_realm, parse_challenge
from entrepot.remote.retries import wait_before
from entrepot.remote.settings import DEFAULT, RemoteSettings
from entrepot.remote.watching import Kind, Watch, kind_of
from entrepot.values.errors import RemoteRefused, RemoteUnreachable, as_said, worded

Body = Callable[[], AsyncIterator[bytes]] | bytes | None
Scopes = tuple[str, ...]
_AGENT = f"entrepot/{__version__}"
_CONNECTIONS_MAX = 32
_REDIRECTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and the password, or what serves as one: a token, a robot's secret."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Remote:
    """The registry at `url` (`https://registry.example:5000`).

    Calls raise RemoteRefused where it says no, and RemoteUnreachable where it cannot be reached or does not answer as
    a registry does. `sleep` is how to wait between attempts; `trust` says whose certificates are believed, else the
    machine's authorities; `proxy` is the address of one to go through.
    `near`: where the registry may send us on to besides public addresses; None: anywhere. Through a proxy it is for
    that to say. `watch` is told of what is asked. `bearer`: a token that somebody else keeps current; then no challenge
    is met.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        settings: RemoteSettings = DEFAULT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        trust: ssl.SSLContext | None = None,
        proxy: str = "",
        near: Sequence[Network] | None = None,
        watch: Watch | None = None,
        bearer: Callable[[], str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.settings = settings
        self.sleep = sleep
        self._credentials = credentials
        self._near = None if proxy else near
        self._watch = watch
        self._bearer = bearer
        self._tokens: dict[Scopes, str] = {}
        self._http = httpx2.AsyncClient(
            headers={"user-agent": _AGENT, "accept-encoding": "identity"},
            timeout=httpx2.Timeout(settings.silence_seconds, connect=settings.connect_seconds, pool=None),
            limits=httpx2.Limits(max_connections=_CONNECTIONS_MAX),
            verify=(trust or ssl.create_default_context()) if parts.scheme == "https" else False,
            proxy=proxy or None,
        )

    async def request(
        self,
        method: str,
        target: str,
        scopes: Scopes,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        accepted: Sequence[int] = (),
    ) -> Answer:
        """The whole answer to a request that may be sent more than once. Refuses all but 2xx and `accepted`.

        Tried again, after waiting, while the registry is unreachable or busy.
        """
        attempt = 1
        while True:
            try:
                async with self.send(method, target, scopes, headers=headers, body=body, accepted=accepted) as response:
                    return Answer(response.status_code, response.headers, await self._whole(response))
            except RemoteUnreachable as error:
                attempt += 1
                await self.wait(attempt, error)

    @asynccontextmanager
    async def send(
        self,
        method: str,
        target: str,
        scopes: Scopes,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        accepted: Sequence[int] = (),
    ) -> AsyncIterator[httpx2.Response]:
        """One request, its answer still to be read. `target` is a path, or an address that the registry named.

        A lost connection, also one that is lost inside the block, becomes RemoteUnreachable.
        """
        try:
            response = await self._authorized(method, target, scopes, headers or {}, body)
            try:
                if not response.is_success and response.status_code not in accepted:
                    raise refusal(self.url, response.status_code, response.headers, await self._whole(response))
                yield response
            finally:
                await response.aclose()
        except httpx2.RequestError as error:
            raise RemoteUnreachable(why_unreachable(self.url, error)) from error

    async def wait(self, attempt: int, error: RemoteUnreachable) -> None:
        """Wait before attempt number `attempt`; raises `error` when there were enough."""
        asked = error.retry_after or 0.0
        is_too_long = not self.settings.is_patient and asked > self.settings.asked_seconds_max
        if attempt > self.settings.attempts_max or is_too_long:
            raise error
        await self.sleep(wait_before(attempt, self.settings, error.retry_after))

    @property
    def password_header(self) -> Mapping[str, str]:
        """For an API beside the registry's that does not ask who calls: the password itself, if there is one."""
        return {"authorization": _basic(self._credentials)} if self._credentials else {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _authorized(
        self, method: str, target: str, scopes: Scopes, headers: Mapping[str, str], body: Body
    ) -> httpx2.Response:
        """The answer, after a challenge was met if there was one."""
        response = await self._once(method, target, scopes, headers, body)
        is_challenge = response.status_code == httpx2.codes.UNAUTHORIZED and self._is_ours(response.url)
        if not is_challenge or self._bearer is not None:
            return response
        challenge = parse_challenge(response.headers.get_list("www-authenticate"))
        shown = response.request.headers.get("authorization", "")
        if challenge is None or not await self._meet(challenge, scopes, shown):
            return response
        await response.aclose()
        return await self._once(method, target, scopes, headers, body)

    def _is_ours(self, url: httpx2.URL) -> bool:
        """Whether the registry itself said it. Where it sent us to, a challenge is another's: our password is not."""
        own = httpx2.URL(self.url)
        return url.origin == own.origin or (url.host == own.host and (own.scheme, url.scheme) == ("http", "https"))

    async def _once(
        self, method: str, target: str, scopes: Scopes, headers: Mapping[str, str], body: Body
    ) -> httpx2.Response:
        url = self._address(target)
        for _ in range(_REDIRECTS_MAX):
            shown = dict(headers)
            # What the registry names elsewhere (a layer in a bucket) must not see our token.
            if url.origin == httpx2.URL(self.url).origin and (token := self._shown(scopes)):
                shown["authorization"] = token
            kind = kind_of(method, url.path) if url.origin == httpx2.URL(self.url).origin else None
            response = await self._send_to(method, url, shown, body, kind)
            location = response.headers.get("location")
            if method not in ("GET", "HEAD") or not response.is_redirect or location is None:
                return response
            await response.aclose()
            url = self._address(location, url)
        raise stranger(self.url, "redirects without end")

    def _shown(self, scopes: Scopes) -> str | None:
        return f"Bearer {self._bearer()}" if self._bearer is not None else self._tokens.get(scopes)

    async def _send_to(
        self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: Body = None, kind: Kind | None = None
    ) -> httpx2.Response:
        where, shown, more = url, dict(headers), {}
        if self._near is not None and url.host != httpx2.URL(self.url).host:
            # The connection goes to an address that was looked at, whatever the name means a moment later.
            where = url.copy_with(host=await self._reachable(url, self._near))
            shown["host"] = url.netloc.decode("ascii")
            more = {"sni_hostname": url.host}
        content = body() if callable(body) else body
        request = self._http.build_request(method, where, headers=shown, content=content, extensions=more)
        if self._watch is None or kind is None:
            return await self._http.send(request, stream=True, follow_redirects=False)
        await self._watch.before(kind)
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
        except httpx2.RequestError:
            self._watch.heard(kind, 0, {})
            raise
        self._watch.heard(kind, response.status_code, response.headers)
        return response

    async def _reachable(self, url: httpx2.URL, near: Sequence[Network]) -> str:
        """An address of a host that the registry sent us on to. Raises RemoteUnreachable for one that may not be."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            return (await resolve(url.host, port, Reach.PUBLIC, near))[0]
        except OutboundFailed as error:
            raise RemoteUnreachable(
                worded("{url} sent us on to where we may not go: {why}", url=self.url, why=as_said(error.message))
            ) from error

    async def _meet(self, challenge: Challenge, scopes: Scopes, shown: str) -> bool:
        """Get what the challenge asks for; False when there is nothing to show but what was `shown`."""
        if challenge.scheme == "basic":
            if self._credentials is None or shown == _basic(self._credentials):
                return False
            self._tokens[scopes] = _basic(self._credentials)
            return True
        check_realm(challenge, self.url)
        self._tokens[scopes] = f"Bearer {await self._token(challenge, scopes)}"
        return True

    async def _token(self, challenge: Challenge, scopes: Scopes) -> str:
        asked = scopes or tuple(challenge.scope.split())
        parameters = httpx2.QueryParams([("service", challenge.service), *(("scope", scope) for scope in asked)])
        headers = self.password_header
        url = self._address(challenge.realm).copy_merge_params(parameters)
        response = await self._send_to("GET", url, headers, kind=Kind.TOKEN)
        try:
            body = await self._whole(response)
        finally:
            await response.aclose()
        if not response.is_success:
            raise refusal(self.url, response.status_code, response.headers, body)
        return self._read_token(body)

    def _address(self, target: str, base: httpx2.URL | None = None) -> httpx2.URL:
        """A path here, or an address that the registry named. Raises RemoteUnreachable for what is none."""
        try:
            return (base or httpx2.URL(self.url)).join(target)
        except httpx2.InvalidURL as error:
            raise stranger(self.url, "an address that is none") from error

    def _read_token(self, body: bytes) -> str:
        try:
            document: Any = json.loads(body)
            token = document.get("token") or document.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise stranger(self.url, "no token where one should be")
        return token

    async def _whole(self, response: httpx2.Response) -> bytes:
        held = bytearray()
        async for chunk in response.aiter_raw():
            held += chunk
            if len(held) > self.settings.document_bytes_max:
                raise RemoteRefused(
                    worded(
                        "{url} sent a document of more than {document_bytes_max} bytes.",
                        url=self.url,
                        document_bytes_max=self.settings.document_bytes_max,
                    ),
                    status=response.status_code,
                )
        return bytes(held)


def pull_scope(name: str) -> Scopes:
    return (f"repository:{name}:pull",)


def push_scope(name: str) -> Scopes:
    return (f"repository:{name}:pull,push",)


def catalog_scope() -> Scopes:
    return ("registry:catalog:*",)


def delete_scope(name: str) -> Scopes:
    return (f"repository:{name}:pull,delete",)


def mount_scope(name: str, source: str) -> Scopes:
    """For a mount from the repository `source`; empty: from anywhere, which is entrepot's own scope."""
    return (*push_scope(name), *(pull_scope(source) if source else ("registry:blobs:*",)))


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.user}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
