"""Issuers: where their keys are and which they are, asked seldom and remembered.

A login asks no network while the keys it needs are known. An unknown key id, which anybody can
write into a token, costs at most one look in `_LOOK_AGAIN_SECONDS` for each issuer. Keys are fetched
anew when they are old, and one that its issuer withdrew is then gone; when the issuer does not
answer, those that are known serve on for a day. An issuer's tokens are checked with its own keys only.
"""

import asyncio
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.outbound import OutboundFailed, Peer, check_url, fetch_json
from entrepot.values.errors import ParameterInvalid, quoted, worded

PublicKey = RSAKey | ECKey | OKPKey

_FRESH_SECONDS = 3_600.0
_STALE_SECONDS = 86_400.0
_LOOK_AGAIN_SECONDS = 30.0
_KEYS_MAX = 50
_ISSUERS_MAX = 1_000
_RSA_BITS_MAX = 16_384
_DISCOVERY = "/.well-known/openid-configuration"

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Issuer:
    """`url` is what its tokens say in `iss`, to the letter."""

    url: str
    peer: Peer


@dataclass(frozen=True, slots=True)
class Discovered:
    """What an issuer says about itself (OpenID Connect Discovery §3); an address it does not have is empty."""

    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str
    token_auth_methods: Sequence[str]


@dataclass(slots=True)
class _Known:
    discovered: Discovered | None = None
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    fetched: float = -inf
    looked: float = -inf
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Issuers:
    """What one process knows of them."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._known: OrderedDict[Issuer, _Known] = OrderedDict()

    async def key(self, issuer: Issuer, key_id: str) -> PublicKey | None:
        """The issuer's key of this id, or its only key for an empty one; None when there is none."""
        known = self._of(issuer)
        if self._seconds() - known.fetched > _FRESH_SECONDS or chosen(known.keys, key_id) is None:
            await self._look(issuer, known)
        if self._seconds() - known.fetched > _STALE_SECONDS:
            return None
        return chosen(known.keys, key_id)

    async def discover(self, issuer: Issuer) -> Discovered:
        """What the issuer says about itself, asked anew when that is old. Raises OutboundFailed."""
        known = self._of(issuer)
        if known.discovered is None or self._seconds() - known.fetched > _FRESH_SECONDS:
            await self._look(issuer, known)
        if known.discovered is None:
            raise OutboundFailed(worded("{url} cannot be asked now; the log says why.", url=quoted(issuer.url)))
        return known.discovered

    def _of(self, issuer: Issuer) -> _Known:
        known = self._known.setdefault(issuer, _Known())
        self._known.move_to_end(issuer)
        if len(self._known) > _ISSUERS_MAX:
            self._known.popitem(last=False)
        return known

    async def _look(self, issuer: Issuer, known: _Known) -> None:
        """Ask the issuer, unless somebody did a moment ago: all who wait share one look."""
        async with known.looking:
            if self._seconds() - known.looked < _LOOK_AGAIN_SECONDS:
                return
            known.looked = self._seconds()
            try:
                known.discovered, known.keys = await ask(issuer)
            except (OutboundFailed, ParameterInvalid) as error:
                metrics.jwks_fetches.labels("failed").inc()
                _log.warning("an issuer cannot be asked for its keys", issuer=issuer.url, error=error.message)
            else:
                metrics.jwks_fetches.labels("done").inc()
                known.fetched = self._seconds()


async def ask(issuer: Issuer) -> tuple[Discovered, Mapping[str, PublicKey]]:
    """What the issuer says about itself, and its keys, now. Raises OutboundFailed or ParameterInvalid."""
    said = await fetch_json(issuer.url.rstrip("/") + _DISCOVERY, issuer.peer)
    if said.get("issuer") != issuer.url:
        raise OutboundFailed(
            worded(
                "{url} calls itself {value}; give it by that name, to the letter.",
                url=quoted(issuer.url),
                value=quoted(str(said.get("issuer"))),
            )
        )
    methods = said.get("token_endpoint_auth_methods_supported")
    discovered = Discovered(
        _address(said, "jwks_uri", issuer.peer),
        _address(said, "authorization_endpoint", issuer.peer),
        _address(said, "token_endpoint", issuer.peer),
        [one for one in methods if isinstance(one, str)] if isinstance(methods, list) else ["client_secret_basic"],
    )
    if not discovered.jwks_uri:
        raise OutboundFailed(worded("{url} does not say where its keys are (jwks_uri).", url=quoted(issuer.url)))
    return discovered, read_keys(await fetch_json(discovered.jwks_uri, issuer.peer))


def read_keys(document: Mapping[str, Any]) -> Mapping[str, PublicKey]:
    """The keys of a JWK set that signatures may be checked with, by id. Raises OutboundFailed when there are none.

    Those of a kind we do not know are left out, as RFC 7517 §5 wants it, and so is what is secret by
    nature: with it a signature would prove nothing.
    """
    listed = document.get("keys")
    found: dict[str, PublicKey] = {}
    for entry in listed[:_KEYS_MAX] if isinstance(listed, list) else ():
        key = _read_key(entry) if isinstance(entry, dict) and entry.get("use", "sig") == "sig" else None
        if key is not None:
            found[str(entry.get("kid", ""))] = key
    if not found:
        raise OutboundFailed("The issuer's key set holds no key that signatures can be checked with.")
    return found


def _read_key(entry: Mapping[str, Any]) -> PublicKey | None:
    public = {name: value for name, value in entry.items() if name in _PUBLIC.get(str(entry.get("kty")), ())}
    try:
        with warnings.catch_warnings(action="error", category=SecurityWarning):  # of a key that is too short
            key = JWKRegistry.import_key(public)
    except (JoseError, ValueError, TypeError, SecurityWarning):
        return None
    if isinstance(key, RSAKey) and key.public_key.key_size > _RSA_BITS_MAX:
        return None
    return key if isinstance(key, PublicKey) else None


# What a public key of each kind is made of (RFC 7518 §6, RFC 8037 §2).
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}


def chosen(keys: Mapping[str, PublicKey], key_id: str) -> PublicKey | None:
    """The key of this id, or the only one for an empty id."""
    if key_id or len(keys) != 1:
        return keys.get(key_id)
    return next(iter(keys.values()))


def _address(said: Mapping[str, Any], name: str, peer: Peer) -> str:
    address = said.get(name, "")
    if not isinstance(address, str):
        raise OutboundFailed(worded("{name} of the issuer's description is not an address.", name=name))
    if address:
        check_url(address, peer.reach)
    return address
