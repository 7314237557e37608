"""Assertions: a token that a trusted issuer signed becomes its claims, or is refused with a reason.

Reasons are for logs and for administrators who check a trust; whoever shows a token hears only that
it is not accepted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact

from entrepot.accounts.trust.claims import Claims
from entrepot.accounts.trust.issuers import PublicKey
from entrepot.values.errors import quoted

# A signature with a shared secret, or none at all, proves nothing here.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
ASSERTION_CHARS_MAX: Final = 16_384
_SKEW_SECONDS = 60
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_KINDS = ("jwt", "at+jwt", "application/at+jwt", "application/jwt")


class Unaccepted(Exception):
    """An assertion is not accepted; the text says why."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What an assertion says about itself. Nothing of it may be believed but for choosing whom to ask."""

    issuer: str
    key_id: str


def peek(assertion: str) -> Unverified | None:
    """Who it says signed it; None when it is no signed token of a kind that could be accepted."""
    if len(assertion) > ASSERTION_CHARS_MAX or assertion.count(".") != 2 or not assertion.isascii():
        return None
    try:
        parts = extract_compact(assertion.encode())
        header: object = parts.headers()
        claims = json.loads(parts.payload or b"")
    except (JoseError, ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    issuer, key_id = claims.get("iss"), header.get("kid", "")
    if not isinstance(issuer, str) or not isinstance(key_id, str) or header.get("alg") not in ALGORITHMS:
        return None
    if str(header.get("typ", "JWT")).lower() not in _KINDS:
        return None
    return Unverified(issuer, key_id)


def verify(assertion: str, key: PublicKey, issuer: str, audience: str, now: datetime) -> Claims:
    """The claims of an assertion that `issuer` signed with `key` for `audience`, and that lives now.

    Raises Unaccepted.
    """
    try:
        claims = jwt.decode(assertion, key, registry=_REGISTRY).claims
    except (JoseError, ValueError, RecursionError) as error:
        raise Unaccepted(f"its signature is not right ({type(error).__name__})") from error
    if claims.get("iss") != issuer:
        raise Unaccepted(f"it is of the issuer {quoted(str(claims.get('iss')))}, not {quoted(issuer)}")
    heard = claims.get("aud")
    if audience not in (heard if isinstance(heard, list) else [heard]):
        raise Unaccepted(f"it is meant for {quoted(str(heard))}, not for {quoted(audience)}")
    seconds = now.timestamp()
    if seconds >= (_moment(claims, "exp") or 0.0) + _SKEW_SECONDS:
        raise Unaccepted("it has expired, or does not say when it does")
    for name in ("nbf", "iat"):
        if seconds + _SKEW_SECONDS < (_moment(claims, name) or 0.0):
            raise Unaccepted(f"it is not valid yet ({name})")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Unaccepted("it does not say whom it is about (sub)")
    return claims


def expiry(claims: Claims) -> float:
    """When the assertion ends, in seconds since the epoch."""
    return _moment(claims, "exp") or 0.0


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)
