"""Tokens this installation signs (JWT), of several kinds that are never taken for each other.

A kind is told by its `typ` and its audience, and both are looked at (RFC 8725 §3.9, §3.11). All are signed with the
same keys, which `keys.py` makes, replaces and shares between replicas.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry, extract_compact

from entrepot.accounts.room import Accounts
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import Unauthenticated, worded

ISSUER: Final = "entrepot"
REFUSED: Final = worded("The token is not valid; log in again.")
TOKEN_CHARS_MAX: Final = 16_384

_ALGORITHM: Final = "Ed25519"
_REGISTRY: Final = JWSRegistry(algorithms=[_ALGORITHM])
_SKEW_SECONDS: Final = 2  # another replica's clock may be a little ahead


@dataclass(frozen=True, slots=True)
class Kind:
    """What a token is for. `audience` follows the name of the service."""

    typ: str
    audience: str = ""


REGISTRY: Final = Kind("registry+jwt")
MANAGEMENT: Final = Kind("management+jwt", "/management")
HOUSE: Final = Kind("house+jwt", "/house")
"""Who holds it is the installation itself at some work, elsewhere."""

FindKey = Callable[[str], Awaitable[OKPKey | None]]
"""The key that a token was signed with, by its id; None for one that signs nothing of ours."""


async def sign(accounts: Accounts, kind: Kind, claims: dict[str, Any], seconds: int) -> str:
    """A token of `kind` that says `claims` and lives for `seconds`."""
    key = await accounts.keys.current()
    now = int(accounts.clock.now().timestamp())
    return sign_with(key.key, key.id, accounts.settings.service, now, kind, claims, seconds)


def sign_with(
    key: OKPKey, key_id: str, service: str, now: int, kind: Kind, claims: dict[str, Any], seconds: int
) -> str:
    """The same by who has a key and no accounts; `now` in seconds since the epoch."""
    header = {"alg": _ALGORITHM, "kid": key_id, "typ": kind.typ}
    always = {
        "iss": ISSUER,
        "aud": service + kind.audience,
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "jti": new_id(),
    }
    return jwt.encode(header, always | claims, key, registry=_REGISTRY)


async def verify(accounts: Accounts, kind: Kind, token: str) -> dict[str, Any]:
    """What a token of `kind` says. Raises Unauthenticated when it is not ours, altered, of another kind, or expired."""

    async def find(key_id: str) -> OKPKey | None:
        key = await accounts.keys.find(key_id)
        return None if key is None else key.key

    return await read(find, accounts.settings.service, accounts.clock.now().timestamp(), kind, token)


async def read(find: FindKey, service: str, now: float, kind: Kind, token: str) -> dict[str, Any]:
    """The same by who has the keys and no accounts; `now` in seconds since the epoch, by the clock of who signed."""
    if len(token) > TOKEN_CHARS_MAX:
        raise Unauthenticated(REFUSED)
    try:
        key = await find(_key_id(token, kind))
        if key is None:
            raise Unauthenticated(REFUSED)
        said: dict[str, Any] = jwt.decode(token, key, registry=_REGISTRY).claims
    except (JoseError, ValueError) as error:
        raise Unauthenticated(REFUSED) from error
    if (
        said.get("iss") != ISSUER
        or said.get("aud") != service + kind.audience
        or not said["nbf"] - _SKEW_SECONDS <= now < said["exp"]
    ):
        raise Unauthenticated(REFUSED)
    return said


def is_of(token: str, kind: Kind) -> bool:
    """Whether a token says that it is of this kind; nothing of it is believed yet."""
    try:
        _key_id(token, kind)
    except (JoseError, ValueError):
        return False
    return True


def _key_id(token: str, kind: Kind) -> str:
    """The key a token claims to be signed with; nothing else of it is believed yet."""
    header: object = extract_compact(token.encode("ascii")).headers()
    if not isinstance(header, dict) or header.get("alg") != _ALGORITHM or header.get("typ") != kind.typ:
        raise ValueError("no header of ours")
    return str(header.get("kid"))
