"""`/auth/token` at an edge: the center's tokens; while it is away, tokens of the edge for who pulled here before."""

import base64
import binascii
import json
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from entrepot.accounts.scopes import parse_scopes
from entrepot.doors.http import body as bodies
from entrepot.doors.http.body import declared_length
from entrepot.doors.oci.call import Plain, Response
from entrepot.edge.center import Center, Reply
from entrepot.edge.permits import Permits
from entrepot.plumbing.clock import SystemClock, rfc3339
from entrepot.values.errors import RemoteUnreachable, Unauthenticated, Unsupported

TOKEN_PATH: Final = "/auth/token"  # noqa: S105  # a path
_FORM_BYTES_MAX: Final = 65_536
_SECONDS: Final = 60
_PASSED_ON: Final = ("authorization", "content-type", "accept", "user-agent")
_JSON: Final = {"Content-Type": "application/json", "Cache-Control": "no-store"}


async def give_token(center: Center, permits: Permits, request: Request, client: str, idle_seconds: float) -> Response:
    """What the center answers, word for word, or a token of this edge while it is away.

    Raises Unauthenticated or RemoteUnreachable.
    """
    if request.method not in ("GET", "POST"):
        raise Unsupported(f"The token endpoint answers GET and POST, not {request.method}.")
    length = declared_length(request.headers.get("content-length"))
    body = b""
    if request.method == "POST":
        body = await bodies.whole(request.receive, length, idle_seconds, _FORM_BYTES_MAX)
    headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    headers["x-forwarded-for"] = client
    query = request.scope["query_string"].decode("latin-1")
    user, password = _shown(request, body)
    try:
        reply = await center.ask(
            request.method, f"{TOKEN_PATH}?{query}" if query else TOKEN_PATH, headers, body, center.seconds
        )
        if reply.status >= 500:
            raise RemoteUnreachable("The center cannot say who this is.")
    except RemoteUnreachable:
        return await _own(permits, request, body, user, password)
    if reply.status == 200 and user is not None:
        await permits.remember(user, password, _token_in(reply))
    answer = Plain(reply.status, {**_JSON, "Content-Type": reply.headers.get("content-type", "")}, reply.body)
    if "www-authenticate" in reply.headers:
        answer.add("WWW-Authenticate", reply.headers["www-authenticate"])
    if "retry-after" in reply.headers:
        answer.add("Retry-After", reply.headers["retry-after"])
    return answer


async def _own(permits: Permits, request: Request, body: bytes, user: str | None, password: str) -> Response:
    if request.method == "POST" and user is None:
        raise RemoteUnreachable("The center is away; sign in with a password.")
    form = parse_qs(body.decode("utf-8", "replace"))
    scopes = parse_scopes([*request.query_params.getlist("scope"), *form.get("scope", [])])
    names = [one.name for one in scopes if one.kind == "repository"]
    token = await permits.give(user, password, names, _SECONDS)
    now = rfc3339(SystemClock().now())
    document = {"token": token, "access_token": token, "expires_in": _SECONDS, "issued_at": now}
    return Plain(200, _JSON, json.dumps(document).encode())


def _shown(request: Request, body: bytes) -> tuple[str | None, str]:
    """The user and the password that a client shows; no user when it shows none."""
    header = request.headers.get("authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Unauthenticated("The Basic credentials are not base64 of user:password.") from None
        return user, password
    if request.method == "POST":
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
        if form.get("grant_type") == ["password"]:
            return form.get("username", [""])[0], form.get("password", [""])[0]
    return None, ""


def _token_in(reply: Reply) -> str:
    try:
        return str(json.loads(reply.body).get("token", ""))
    except (ValueError, AttributeError):
        return ""
