"""`/auth/token`: Docker token authentication, in its GET form and its OAuth2 POST form."""

import json
from urllib.parse import parse_qs

from starlette.requests import Request

from entrepot.access.actor import Actor
from entrepot.accounts.login import sign_in
from entrepot.accounts.scopes import parse_scopes
from entrepot.accounts.tokens import Issued, issue_refresh_token, issue_token, refresh
from entrepot.doors.http import body as bodies
from entrepot.doors.http.body import declared_length
from entrepot.doors.oci.call import OciRooms, Plain, Response
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import ParameterInvalid

_FORM_BYTES_MAX = 65_536


async def get_token(rooms: OciRooms, request: Request) -> Response:
    """A token for whoever the Basic credentials name, or for nobody, with the scopes they may have."""
    query = request.query_params
    header = request.headers.get("authorization")
    actor = await rooms.credentials.actor(header.encode("latin-1") if header is not None else None)
    issued = await issue_token(rooms.accounts, actor, parse_scopes(query.getlist("scope")))
    wants_refresh = query.get("offline_token", "").lower() == "true" and not actor.is_anonymous
    return _answer(issued, await issue_refresh_token(rooms.accounts, actor) if wants_refresh else None)


async def post_token(rooms: OciRooms, request: Request) -> Response:
    """The OAuth2 forms: `grant_type=password` and `grant_type=refresh_token`."""
    length = declared_length(request.headers.get("content-length"))
    raw = await bodies.whole(request.receive, length, rooms.settings.body_idle_seconds, _FORM_BYTES_MAX)
    try:
        form = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise ParameterInvalid("The form cannot be read.") from error

    def field(name: str) -> str:
        return form.get(name, [""])[0]

    secret: str | None = None
    match field("grant_type"):
        case "password":
            actor: Actor = await sign_in(rooms.accounts, field("username"), field("password"))
            if field("access_type") == "offline":
                secret = await issue_refresh_token(rooms.accounts, actor)
        case "refresh_token":
            secret = field("refresh_token")
            actor = await refresh(rooms.accounts, secret)
        case other:
            raise ParameterInvalid(f"grant_type must be password or refresh_token, not {other[:40]!r}.")
    issued = await issue_token(rooms.accounts, actor, parse_scopes(form.get("scope", [])))
    return _answer(issued, secret)


def _answer(issued: Issued, refresh_token: str | None) -> Response:
    document = {
        "token": issued.token,
        "access_token": issued.token,
        "expires_in": issued.expires_seconds,
        "issued_at": rfc3339(issued.issued_at),
    }
    if refresh_token is not None:
        document["refresh_token"] = refresh_token
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Plain(200, headers, json.dumps(document).encode())
