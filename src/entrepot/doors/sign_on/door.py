"""The way of a browser through an identity provider and back.

    GET /auth/providers?domain=NAME             by which providers people may sign in
    GET /auth/oidc/NAME/login?next=/path        off to the provider
    GET /auth/oidc/NAME/callback?code=…&state=… and back, signed in

When it fails, a browser goes to the console's sign-in page with one of a few words for why; the page has the sentence.
Whoever does not ask for HTML reads it here, as text.
"""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.room import Accounts
from entrepot.accounts.sessions import begin_session
from entrepot.accounts.trust import oidc
from entrepot.accounts.trust.refusals import why_not
from entrepot.doors.http import cookies, front
from entrepot.doors.http.address import base_url
from entrepot.doors.http.problems import problem_of
from entrepot.values.errors import (
    EntrepotError,
    IdentityProviderUnknown,
    ParameterInvalid,
    Unauthenticated,
    Unsupported,
    worded,
)

PATHS: Final = ("/auth/oidc/", "/auth/providers")
_STEP: Final = re.compile(r"/auth/oidc/([a-z0-9-]{1,64})/(login|callback)")
_COOKIE: Final = "entrepot-sign-on"
_SIGN_IN_PAGE: Final = "/console/login"
_PARAMETER_CHARS_MAX: Final = 4_096
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class SignOnRooms:
    """What this door works with. `external_url`: how clients reach this service; empty: as the Host header says."""

    accounts: Accounts
    external_url: str = ""


class SignOnDoor:
    """An ASGI application."""

    def __init__(self, rooms: SignOnRooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        step = _STEP.fullmatch(scope["path"])
        route = f"sign_on.{step[2]}" if step else "sign_on.providers"

        async def handle() -> ASGIApp:
            if scope["method"] not in ("GET", "HEAD"):
                raise Unsupported(worded("This path answers GET, not {scope}.", scope=scope["method"]), allow=["GET"])
            request = Request(scope, receive)
            if scope["path"] == "/auth/providers":
                return await self._providers(request)
            if step is None:
                raise IdentityProviderUnknown("There is no such path here.")
            return await (self._login if step[2] == "login" else self._callback)(request, step[1])

        await front.answer(scope, receive, send, route, handle, lambda error: self._refusal(scope, error))

    async def _providers(self, request: Request) -> Response:
        names = await oidc.list_ways(self._rooms.accounts, _parameter(request, "domain") or FIRST_DOMAIN)
        rows = [{"name": name, "login_path": f"/auth/oidc/{name}/login"} for name in names]
        return Response(json.dumps({"providers": rows}), headers=_HEADERS, media_type="application/json")

    async def _login(self, request: Request, name: str) -> Response:
        path = _parameter(request, "next") or "/"
        begun = await oidc.begin_login(self._rooms.accounts, name, self._callback_url(request, name), path)
        answer = Response(status_code=302, headers={**_HEADERS, "Location": begun.url})
        answer.set_cookie(
            _COOKIE,
            begun.note,
            max_age=oidc.NOTE_SECONDS,
            path=f"/auth/oidc/{name}/",
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",  # it must come along when the provider sends the browser back
        )
        return answer

    async def _callback(self, request: Request, name: str) -> Response:
        said = oidc.Answer(
            state=_parameter(request, "state"),
            code=_parameter(request, "code"),
            error=_parameter(request, "error"),
            issuer=_parameter(request, "iss"),
        )
        note = request.cookies.get(_COOKIE, "")
        callback = self._callback_url(request, name)
        finished = await oidc.finish_login(self._rooms.accounts, name, callback, note, said)
        front.signed_in(finished.actor)
        begun = await begin_session(self._rooms.accounts, finished.actor, request.headers.get("user-agent", ""))
        if finished.path == "/":
            given = await oidc.give_token(self._rooms.accounts, finished.actor)
            answer = Response(self._welcome(request, given), headers=_HEADERS, media_type="text/plain")
        else:
            answer = Response(status_code=302, headers={**_HEADERS, "Location": finished.path})
        seconds = self._rooms.accounts.settings.session_seconds
        cookies.set_cookie(answer, begun.secret, seconds, self._is_secure(request))
        answer.delete_cookie(_COOKIE, path=f"/auth/oidc/{name}/")
        return answer

    def _refusal(self, scope: Scope, error: EntrepotError) -> Response:
        """A 401 would have browsers ask for a password."""
        step = _STEP.fullmatch(scope["path"])
        if step and "text/html" in Headers(scope=scope).get("accept", ""):
            said = {"refused": why_not(error), **self._wanted(Request(scope), step[2])}
            return Response(status_code=303, headers={**_HEADERS, "Location": f"{_SIGN_IN_PAGE}?{urlencode(said)}"})
        status = 403 if isinstance(error, Unauthenticated) else problem_of(error).status
        headers = {**_HEADERS, **({"Allow": "GET"} if isinstance(error, Unsupported) else {})}
        return Response(f"{error.message}\n", status, headers, "text/plain")

    def _wanted(self, request: Request, step: str) -> dict[str, str]:
        """Where the visitor wanted to get, so that another way of signing in leads there; nothing when nobody says."""
        path = request.query_params.get("next", "/")
        if step == "callback":
            path = oidc.wanted_path(self._rooms.accounts, request.cookies.get(_COOKIE, ""))
        try:
            oidc.check_local(path)
        except ParameterInvalid:
            return {}
        return {} if path == "/" else {"next": path}

    def _welcome(self, request: Request, given: oidc.Given) -> str:
        """For whoever wants to get nowhere but into docker: a password that it can be told."""
        url = base_url(request.scope, self._rooms.external_url)
        return (
            f"You are signed in as {given.login}.\n\n"
            f"    docker login {url.partition('://')[2]} -u {given.login}\n"
            f"    password: {given.secret}\n\n"
            f"It is shown this once, and good until {given.until:%Y-%m-%d %H:%M} UTC; the one before has ended.\n"
        )

    def _callback_url(self, request: Request, name: str) -> str:
        return f"{base_url(request.scope, self._rooms.external_url)}/auth/oidc/{name}/callback"

    def _is_secure(self, request: Request) -> bool:
        return base_url(request.scope, self._rooms.external_url).startswith("https:")


def _parameter(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if len(text) > _PARAMETER_CHARS_MAX or "\0" in text:
        raise ParameterInvalid(
            worded(
                "The parameter {name} has at most {parameter_chars_max} characters of text.",
                name=name,
                parameter_chars_max=_PARAMETER_CHARS_MAX,
            )
        )
    return text
