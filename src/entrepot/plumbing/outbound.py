"""Requests to servers that somebody named in a call: small JSON documents, under limits.

What one administrator may name must not open doors that only this machine can reach. So a request
goes no farther than its `Reach`: a name is resolved once, each address it has is looked at, and the
connection goes to an address that was looked at. No redirect is followed, no proxy of the
environment is asked, and a body that is too long, or comes too slowly, is dropped.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx2

from entrepot import __version__
from entrepot.plumbing.networks import Network, parse_address
from entrepot.values.errors import Elsewhere, ParameterInvalid, quoted, worded

URL_CHARS_MAX = 512
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to addresses, as `look_up`."""
_BODY_BYTES_MAX = 512 * 1024
_SECONDS_MAX = 10.0
_ADDRESSES_MAX = 4
_SAID_CHARS_MAX = 300
# IPv6 that carries an IPv4 address on, to wherever that is.
_CARRIERS = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class Reach(StrEnum):
    """How near another server may be, and how it must be spoken to."""

    PUBLIC = "public"
    """At a public address, with TLS."""
    PRIVATE = "private"
    """In a private network, too."""
    PLAIN = "plain"
    """And without TLS."""


@dataclass(frozen=True, slots=True)
class Peer:
    """How far another server is trusted. `authority` signs its certificate (PEM); empty: those the system knows."""

    reach: Reach = Reach.PUBLIC
    authority: str = ""


class OutboundFailed(Elsewhere):
    """Another server did not answer as it should."""


def check_url(
    url: str, reach: Reach, secure: Sequence[str] = ("https",), plain: Sequence[str] = ("http",)
) -> SplitResult:
    """The parts of an address that may be asked: its scheme is `secure`, or `plain` and in reach.

    Raises ParameterInvalid.
    """
    parts = _parts(url)
    if parts is None or not parts.hostname or len(url) > URL_CHARS_MAX or not _is_plain(url):
        raise ParameterInvalid(
            worded("An address is {secure}://HOST[:PORT][/PATH], not {url}.", secure=secure[0], url=quoted(url)),
            kind="url",
        )
    if parts.scheme not in secure and not (reach is Reach.PLAIN and parts.scheme in plain):
        raise ParameterInvalid(
            worded(
                "The address {url} should begin with {secure}.",
                url=quoted(url),
                secure=" or ".join(f"{one}://" for one in secure),
            ),
            kind="url",
        )
    if parts.username is not None or parts.fragment:
        raise ParameterInvalid(
            worded("An address has no user and no fragment; {url} has.", url=quoted(url)), kind="url"
        )
    return parts


@lru_cache(maxsize=64)
def tls_context(authority: str) -> ssl.SSLContext:
    """TLS that trusts an authority (PEM), or the system's when there is none. Raises ParameterInvalid."""
    try:
        return ssl.create_default_context(cadata=authority or None)
    except (ssl.SSLError, ValueError) as error:
        raise ParameterInvalid("The certificate authority is not PEM that can be read.", kind="authority") from error


async def resolve(
    host: str, port: int, reach: Reach, near: Sequence[Network] = (), lookup: Lookup | None = None
) -> Sequence[str]:
    """The addresses of a host, all of them within reach, or in one of the networks `near`. Raises OutboundFailed."""
    try:
        found = await (lookup or look_up)(host, port)
    except (OSError, UnicodeError) as error:
        raise OutboundFailed(worded("The name {host} cannot be resolved.", host=quoted(host))) from error
    addresses = list(dict.fromkeys(found))[:_ADDRESSES_MAX]
    for address in addresses:
        parsed = parse_address(address)
        if parsed is None or not _is_within(parsed, reach, near):
            raise OutboundFailed(
                worded(
                    "{host} has an address that may not be asked ({reach}: {address}).",
                    host=quoted(host),
                    reach=reach,
                    address=address,
                )
            )
    return addresses


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows a host by. Raises OSError or UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def fetch_json(
    url: str, peer: Peer, form: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> Mapping[str, Any]:
    """The JSON object that GET answers, or POST of a `form`. Raises OutboundFailed, or ParameterInvalid for `url`."""
    parts = check_url(url, peer.reach)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    verify = await asyncio.to_thread(tls_context, peer.authority) if parts.scheme == "https" else False
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            addresses = await resolve(parts.hostname, port, peer.reach)
            async with httpx2.AsyncClient(verify=verify, trust_env=False, timeout=_SECONDS_MAX) as http:
                return await _fetch(http, parts, addresses, form, auth)
    except TimeoutError as error:
        raise OutboundFailed(
            worded(
                "{url} did not answer within {seconds_max} seconds.", url=quoted(url), seconds_max=f"{_SECONDS_MAX:g}"
            )
        ) from error


async def _fetch(
    http: httpx2.AsyncClient,
    parts: SplitResult,
    addresses: Sequence[str],
    form: Mapping[str, str] | None,
    auth: tuple[str, str] | None,
) -> Mapping[str, Any]:
    """Ask the first of `addresses` that can be reached; the certificate must be the host's all the same."""
    url, why = parts.geturl(), "it has no address"
    for address in addresses:
        request = http.build_request(
            "GET" if form is None else "POST",
            httpx2.URL(url).copy_with(host=address),
            data=form,
            headers={
                "host": parts.netloc,
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": f"entrepot/{__version__}",
            },
            extensions={"sni_hostname": parts.hostname},
        )
        try:
            answer = await http.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                return _document(url, answer.status_code, await _body(url, answer))
            finally:
                await answer.aclose()
        except httpx2.ConnectError as error:
            why = str(error)
        except httpx2.HTTPError as error:
            raise OutboundFailed(
                worded("{url} broke off: {error}.", url=quoted(url), error=printable(str(error)))
            ) from error
    raise OutboundFailed(worded("{url} cannot be reached: {why}.", url=quoted(url), why=printable(why)))


async def _body(url: str, answer: httpx2.Response) -> bytes:
    gathered = bytearray()
    async for chunk in answer.aiter_raw():
        gathered += chunk
        if len(gathered) > _BODY_BYTES_MAX:
            raise OutboundFailed(
                worded(
                    "{url} answers more than {body_bytes_max} bytes.", url=quoted(url), body_bytes_max=_BODY_BYTES_MAX
                )
            )
    return bytes(gathered)


def _document(url: str, status: int, body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if status != httpx2.codes.OK:
        said = document.get("error_description") or document.get("error") if isinstance(document, dict) else ""
        more = f": {printable(said)}" if isinstance(said, str) and said else ""
        raise OutboundFailed(
            worded("{url} answers with status {status}{more}.", url=quoted(url), status=status, more=more)
        )
    if not isinstance(document, dict):
        raise OutboundFailed(worded("{url} does not answer a JSON object.", url=quoted(url)))
    return document


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, because it is parsed only then
    except ValueError:
        return None
    return parts


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _is_within(address: IPv4Address | IPv6Address, reach: Reach, near: Sequence[Network]) -> bool:
    """Nothing reaches what is link-local: clouds keep their machines' secrets there."""
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if any(address in network for network in near):
        return True
    if reach is not Reach.PUBLIC:
        return True
    return address.is_global and not any(address in network for network in _CARRIERS)


def printable(text: str) -> str:
    """What another server said, on one line, not long, and nothing that steers a terminal."""
    return "".join(one if one.isprintable() else " " for one in text[:_SAID_CHARS_MAX]).strip().rstrip(".")
