"""`/auth/token`: Docker token authentication, in its GET form and its OAuth2 POST form."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from entrepot.access.actor import Actor
from entrepot.accounts.login import exchange, sign_in
from entrepot.accounts.scopes import Scope, parse_scopes
from entrepot.accounts.tokens import Issued, issue_refresh_token, issue_token, refresh
from entrepot.accounts.trust.keyless import ANY_ROBOT
from entrepot.doors.http import body as bodies
from entrepot.doors.http.body import declared_length
from entrepot.doors.oci.call import OciRooms, Plain, Response
from entrepot.mirror.transparent import Transparent
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import ParameterInvalid

_FORM_BYTES_MAX = 65_536
# RFC 8693 §3: all of them are signed tokens here; what they are called is the client's matter.
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # a name
_SUBJECT_TOKEN_TYPES: Final = (
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
    _ACCESS_TOKEN,
)


async def get_token(rooms: OciRooms, transparent: Transparent, request: Request) -> Response:
    """A token for whoever the Basic credentials name, or for nobody, with the scopes they may have."""
    query = request.query_params
    header = request.headers.get("authorization")
    actor = await rooms.credentials.actor(header.encode("latin-1") if header is not None else None)
    issued = await issue_token(rooms.accounts, actor, await _scopes(transparent, request, query.getlist("scope")))
    wants_refresh = query.get("offline_token", "").lower() == "true" and not actor.is_anonymous
    return _answer(issued, await issue_refresh_token(rooms.accounts, actor) if wants_refresh else None)


async def post_token(rooms: OciRooms, transparent: Transparent, request: Request) -> Response:
    """The OAuth2 forms: `grant_type=password`, `grant_type=refresh_token`, and token exchange (RFC 8693)."""
    length = declared_length(request.headers.get("content-length"))
    raw = await bodies.whole(request.receive, length, rooms.settings.body_idle_seconds, _FORM_BYTES_MAX)
    try:
        form = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise ParameterInvalid("The form cannot be read.") from error

    def field(name: str) -> str:
        return form.get(name, [""])[0]

    secret: str | None = None
    more: dict[str, str] = {}
    match field("grant_type"):
        case "password":
            actor: Actor = await sign_in(rooms.accounts, field("username"), field("password"))
            if field("access_type") == "offline":
                secret = await issue_refresh_token(rooms.accounts, actor)
        case "refresh_token":
            secret = field("refresh_token")
            actor = await refresh(rooms.accounts, secret)
        case "urn:ietf:params:oauth:grant-type:token-exchange":
            actor = await _exchanged(rooms, field)
            more = {"issued_token_type": _ACCESS_TOKEN, "token_type": "Bearer"}
        case other:
            raise ParameterInvalid(f"grant_type must be password, refresh_token or RFC 8693's, not {other[:40]!r}.")
    issued = await issue_token(rooms.accounts, actor, await _scopes(transparent, request, form.get("scope", [])))
    return _answer(issued, secret, more)


async def _scopes(transparent: Transparent, request: Request, texts: Sequence[str]) -> list[Scope]:
    """What is asked for, under the names that repositories have here: the challenge says which registry is meant."""
    scopes, host = parse_scopes(texts), request.query_params.get("ns", "")
    return [
        replace(one, name=await transparent.name(one.name, host) or one.name) if one.kind == "repository" else one
        for one in scopes
    ]


async def _exchanged(rooms: OciRooms, field: Callable[[str], str]) -> Actor:
    """The robot that a subject token stands for; `username` names it, as at docker login."""
    if field("subject_token_type") not in _SUBJECT_TOKEN_TYPES:
        raise ParameterInvalid(f"subject_token_type must be one of {', '.join(_SUBJECT_TOKEN_TYPES)}.")
    if field("requested_token_type") not in ("", _ACCESS_TOKEN) or field("actor_token"):
        raise ParameterInvalid(f"Only {_ACCESS_TOKEN} is issued, and to nobody on behalf of another.")
    return await exchange(rooms.accounts, field("username") or ANY_ROBOT, field("subject_token"))


def _answer(issued: Issued, refresh_token: str | None, more: Mapping[str, str] | None = None) -> Response:
    document = {
        "token": issued.token,
        "access_token": issued.token,
        "expires_in": issued.expires_seconds,
        "issued_at": rfc3339(issued.issued_at),
        **(more or {}),
    }
    if refresh_token is not None:
        document["refresh_token"] = refresh_token
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Plain(200, headers, json.dumps(document).encode())
