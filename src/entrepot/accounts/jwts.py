"""Tokens this installation signs (JWT), of several kinds that are never taken for each other.

A kind is told by its `typ` and its audience, and both are looked at (RFC 8725 §3.9, §3.11). All are signed with the
same keys, which `keys.py` makes, replaces and shares between replicas.
"""

from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
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


async def sign(accounts: Accounts, kind: Kind, claims: dict[str, Any], seconds: int) -> str:
    """A token of `kind` that says `claims` and lives for `seconds`."""
    key = await accounts.keys.current()
    now = int(accounts.clock.now().timestamp())
    header = {"alg": _ALGORITHM, "kid": key.id, "typ": kind.typ}
    always = {
        "iss": ISSUER,
        "aud": accounts.settings.service + kind.audience,
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "jti": new_id(),
    }
    return jwt.encode(header, always | claims, key.key, registry=_REGISTRY)


async def verify(accounts: Accounts, kind: Kind, token: str) -> dict[str, Any]:
    """What a token of `kind` says. Raises Unauthenticated when it is not ours, altered, of another kind, or expired."""
    if len(token) > TOKEN_CHARS_MAX:
        raise Unauthenticated(REFUSED)
    try:
        key = await accounts.keys.find(_key_id(token, kind))
        if key is None:
            raise Unauthenticated(REFUSED)
        said: dict[str, Any] = jwt.decode(token, key.key, registry=_REGISTRY).claims
    except (JoseError, ValueError) as error:
        raise Unauthenticated(REFUSED) from error
    now = accounts.clock.now().timestamp()
    if (
        said.get("iss") != ISSUER
        or said.get("aud") != accounts.settings.service + kind.audience
        or not said["nbf"] - _SKEW_SECONDS <= now < said["exp"]
    ):
        raise Unauthenticated(REFUSED)
    return said


def _key_id(token: str, kind: Kind) -> str:
    """The key a token claims to be signed with; nothing else of it is believed yet."""
    header: object = extract_compact(token.encode("ascii")).headers()
    if not isinstance(header, dict) or header.get("alg") != _ALGORITHM or header.get("typ") != kind.typ:
        raise ValueError("no header of ours")
    return str(header.get("kid"))
