"""Refusals of the registry protocol: an error becomes the answer that clients understand."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from entrepot.doors.http import front
from entrepot.doors.http.problems import oci_body, problem_of
from entrepot.doors.oci.call import API_VERSION, Plain, Response
from entrepot.doors.oci.uploads import progress_headers
from entrepot.values.errors import (
    Elsewhere,
    EntrepotError,
    RangeUnsatisfiable,
    TooMany,
    Unauthenticated,
    Unsupported,
    UploadOutOfOrder,
)

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class WayIn:
    """Where to get a token, of which service, and with which scopes it would open the request."""

    realm: str
    service: str
    wanted: str


def renderer(scope: Scope, way_in: WayIn, name: str, reference: str, methods: Collection[str] = ()) -> front.Renderer:
    """What renders errors of one request. `methods`: those that its path knows."""

    def render(error: EntrepotError) -> Response:
        body = json.dumps(oci_body(error)).encode()
        headers = {"Content-Type": "application/json", **API_VERSION}
        match error:
            case Unauthenticated():
                headers["WWW-Authenticate"] = _challenge(scope, way_in, error)
            case UploadOutOfOrder():
                headers |= progress_headers(name, reference, error.offset)
            case RangeUnsatisfiable():
                headers["Content-Range"] = f"bytes */{error.size}"
            case Unsupported():
                headers["Allow"] = ", ".join(sorted(set(methods) - {scope["method"]}))  # RFC 9110 §15.5.6
            case Elsewhere():
                headers["Retry-After"] = str(int(error.retry_after or _RETRY_SECONDS))
            case TooMany():
                headers["Retry-After"] = str(int(error.retry_after or _RETRY_SECONDS))
        return Plain(problem_of(error).status, headers, body)

    return render


def _challenge(scope: Scope, way_in: WayIn, error: Unauthenticated) -> str:
    """Where to get a token and for what (Docker token specification; RFC 6750 §3).

    `invalid_token` tells a client to sign in again, `insufficient_scope` that this would not help (§3.1).
    """
    parts = [f'realm="{way_in.realm}"', f'service="{way_in.service}"']
    if way_in.wanted and _is_quotable(way_in.wanted):
        parts.append(f'scope="{way_in.wanted}"')
    if error.detail.get("insufficient_scope"):
        parts.append('error="insufficient_scope"')
    elif any(key == b"authorization" for key, _ in scope["headers"]):
        parts.append('error="invalid_token"')
    return f"Bearer {','.join(parts)}"


def _is_quotable(text: str) -> bool:
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
