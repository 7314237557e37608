"""Posts to servers that somebody named: a body goes out, and the beginning of the answer comes back.

The care is that of `outbound.py`: addresses are looked at after the name was resolved, the connection goes to one that
was looked at, no redirect is followed, time and answer are bounded. A `Line` keeps its connection from post to post,
since the address was looked at when it was made; a name is resolved again after a while.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import SplitResult

import httpx2

from entrepot import __version__
from entrepot.plumbing.networks import Network, parse_address
from entrepot.plumbing.outbound import (
    Lookup,
    OutboundFailed,
    Reach,
    check_url,
    printable,
    resolve,
    tls_context,
)
from entrepot.plumbing.units import retry_after
from entrepot.values.errors import quoted, worded

ANSWER_BYTES_KEPT: Final = 1024
_ANSWER_BYTES_READ_MAX: Final = 64 * 1024  # so much is read to keep the connection; it is closed on who says more
_ADDRESSES_SECONDS: Final = 30.0
_CONNECTIONS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """`body`: the first KiB of it, as text. `retry_after`: seconds that a server which takes nothing now asks for."""

    status: int
    body: str
    retry_after: float | None = None

    @property
    def is_good(self) -> bool:
        return httpx2.codes.is_success(self.status)


def check_target(url: str, near: Sequence[Network]) -> SplitResult:
    """The parts of an address to post to: https, and http where some networks are `near`. Raises ParameterInvalid."""
    return check_url(url, Reach.PLAIN if near else Reach.PUBLIC)


class Line:
    """A way to one address. `near`: networks that may be reached though they are private, also without TLS."""

    def __init__(self, url: str, near: Sequence[Network], seconds_max: float, lookup: Lookup | None = None) -> None:
        self._parts = check_target(url, near)
        self._url = httpx2.URL(url)
        self._near = near
        self._seconds_max = seconds_max
        self._lookup = lookup
        self._addresses: Sequence[str] = ()
        self._looked_at = 0.0
        self._client: httpx2.AsyncClient | None = None

    async def post(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Answered:
        """What the server answers, whatever its status. `query` is added to the address. Raises OutboundFailed."""
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._post(body, headers, query)
        except TimeoutError as error:
            self._addresses = ()
            raise OutboundFailed(
                worded(
                    "{host} did not answer within {seconds_max} seconds.",
                    host=self._host,
                    seconds_max=f"{self._seconds_max:g}",
                )
            ) from error

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @property
    def _host(self) -> str:
        return quoted(self._parts.hostname or "")

    async def _post(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None) -> Answered:
        why = "it has no address"
        client = await self._opened()
        for address in await self._resolved():
            url = self._url.copy_merge_params(query) if query else self._url
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers={
                    **headers,
                    "host": self._parts.netloc,
                    "accept-encoding": "identity",
                    "user-agent": f"entrepot/{__version__}",
                },
                extensions={"sni_hostname": self._parts.hostname},
            )
            try:
                answer = await client.send(request, stream=True, follow_redirects=False)
                try:
                    pause = retry_after(answer.headers.get("retry-after", ""))
                    return Answered(answer.status_code, await _beginning(answer), pause)
                finally:
                    await answer.aclose()
            except httpx2.ConnectError as error:
                self._addresses, why = (), str(error)
            except httpx2.HTTPError as error:
                self._addresses = ()
                said = printable(str(error) or type(error).__name__)
                raise OutboundFailed(worded("{host} broke off: {said}.", host=self._host, said=said)) from error
        raise OutboundFailed(worded("{host} cannot be reached: {why}.", host=self._host, why=printable(why)))

    async def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            verify = await asyncio.to_thread(tls_context, "") if self._parts.scheme == "https" else False
            self._client = httpx2.AsyncClient(
                verify=verify,
                trust_env=False,
                timeout=self._seconds_max,
                limits=httpx2.Limits(max_connections=_CONNECTIONS_MAX, keepalive_expiry=_ADDRESSES_SECONDS),
            )
        return self._client

    async def _resolved(self) -> Sequence[str]:
        if not self._addresses or monotonic() - self._looked_at > _ADDRESSES_SECONDS:
            host = self._parts.hostname
            assert host, "checked when the line was made"
            is_plain = self._parts.scheme == "http"
            port = self._parts.port or (80 if is_plain else 443)
            found = await resolve(host, port, Reach.PUBLIC, self._near, self._lookup)
            if is_plain:
                self._check_plain(found)
            self._addresses, self._looked_at = found, monotonic()
        return self._addresses

    def _check_plain(self, addresses: Sequence[str]) -> None:
        """Without TLS no farther than the networks that were named for it."""
        for address in addresses:
            parsed = parse_address(address)
            if parsed is None or not any(parsed in network for network in self._near):
                raise OutboundFailed(
                    worded(
                        "{host} has an address that may be asked with https only ({address}).",
                        host=self._host,
                        address=address,
                    )
                )


async def _beginning(answer: httpx2.Response) -> str:
    kept, count = bytearray(), 0
    async for chunk in answer.aiter_raw():
        count += len(chunk)
        kept += chunk[: ANSWER_BYTES_KEPT - len(kept)]
        if count > _ANSWER_BYTES_READ_MAX:
            break
    return kept.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
