"""The door: find the page, know the visitor, read the form, let the page answer, show it.

A form that is refused is shown again with what was typed and what is wrong. Who is not signed in is sent to
the login and comes back. Everything else that fails becomes a page that says so.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from entrepot.access.actor import ANONYMOUS
from entrepot.access.levels import Action
from entrepot.accounts.operators import operates
from entrepot.accounts.sessions import is_csrf_token, read_session
from entrepot.doors.console import pages, statics
from entrepot.doors.console.forms import Form, parse_form
from entrepot.doors.console.language import COOKIE as LANGUAGE_COOKIE
from entrepot.doors.console.language import choose
from entrepot.doors.console.page import Page
from entrepot.doors.console.problems import sentence_of
from entrepot.doors.console.rendering import render
from entrepot.doors.console.rooms import ConsoleRooms
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.console.welcome import has_steps_left
from entrepot.doors.http import body as bodies
from entrepot.doors.http import cookies, front
from entrepot.doors.http.problems import problem_of
from entrepot.doors.http.refusals import refusals_noted
from entrepot.registry.closing import what_is_closed
from entrepot.values.errors import (
    AccessDenied,
    Broken,
    EntrepotError,
    OrganizationUnknown,
    ParameterInvalid,
    Refused,
    RepositoryUnknown,
    Unauthenticated,
    Unsupported,
    worded,
)

LOGIN_PATH: Final = "/console/login"
_SAID_COOKIE: Final = "entrepot_said"
_SAID_CHARS_MAX: Final = 1_000
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}


def build(rooms: ConsoleRooms) -> ASGIApp:
    """The console over `rooms`: everything below `/console/`."""
    return ConsoleDoor(rooms)


class ConsoleDoor:
    """An ASGI application."""

    def __init__(self, rooms: ConsoleRooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["path"].startswith(statics.PREFIX):
            await front.answer(scope, receive, send, "console.static", lambda: _static(request), _plain)
            return
        found, names = pages.find(scope["method"], scope["path"])
        route = f"console.{found.name}" if found else "console.unknown"
        visit = self._stranger(request, names)

        async def handle() -> ASGIApp:
            nonlocal visit
            visit = await self._recognised(visit)
            if found is None:
                raise _nowhere(scope)
            return await self._answer(found, visit)

        await front.answer(scope, receive, send, route, handle, lambda error: _refusal(visit, error))

    def _stranger(self, request: Request, names: Mapping[str, str]) -> Visit:
        language = choose(
            request.cookies.get(LANGUAGE_COOKIE, ""),
            request.headers.get("accept-language", ""),
        )
        said = unquote(request.cookies.get(_SAID_COOKIE, ""))[:_SAID_CHARS_MAX]
        return Visit(self._rooms, request, ANONYMOUS, language, names=names, said=said)

    async def _recognised(self, visit: Visit) -> Visit:
        """The visit with whoever is signed in; a session that has ended is none."""
        secret = cookies.secret_of(visit.request.cookies)
        if secret is None:
            return visit
        try:
            actor = await read_session(self._rooms.accounts, secret)
        except Unauthenticated:
            return visit
        front.signed_in(actor)
        return replace(visit, actor=actor, secret=secret, is_operator=await operates(self._rooms.accounts, actor))

    async def _answer(self, page: Page, visit: Visit) -> ASGIApp:
        if page.method == "POST" and not page.is_open:
            visit.need_account()
        if page.method == "POST" and not page.reads_body:
            visit = replace(visit, form=await self._form(visit))
        elif page.reads_body:
            _check_header(visit)
        with refusals_noted(self._rooms.accounts.notes, visit.actor, page.name):
            try:
                answer = await page.handler(visit)
            except Refused as error:
                is_final = isinstance(error, Unauthenticated) or error.detail.get("is_final")
                if page.again is None or is_final or _takes_json(visit.request):
                    raise
                visit = replace(visit, problem=error)
                answer = await page.again(visit)
                answer = replace(answer, status=problem_of(error).status) if isinstance(answer, View) else answer
        if isinstance(answer, View):
            scope = visit.names.get("organization") or visit.names.get("repository", "").partition("/")[0]
            closed = await what_is_closed(self._rooms.registry, scope)
            visit = replace(visit, has_steps_left=await has_steps_left(visit), closed=closed)
        return finished(visit, answer)

    async def _form(self, visit: Visit) -> Form:
        """The form, which a page of ours made for this session. Raises AccessDenied or ParameterInvalid."""
        request = visit.request
        cookies.check_origin(request.scope, visit.host)
        length = bodies.declared_length(request.headers.get("content-length"))
        body = await bodies.whole(request.receive, length, self._rooms.body_idle_seconds, self._rooms.form_bytes_max)
        form = parse_form(body, request.headers.get("content-type", ""))
        if visit.secret and not is_csrf_token(form.secret("csrf_token"), visit.secret):
            raise AccessDenied("This form is not one of your session; load the page again.", readable=False)
        return form


def finished(visit: Visit, answer: View | Moved | Response) -> Response:
    """What a page answered, as it goes out."""
    match answer:
        case View():
            response = render(visit, answer)
            if visit.said:
                response.delete_cookie(_SAID_COOKIE, path="/console/")
        case Moved():
            response = Response(status_code=303, headers={"Location": answer.path})
            if answer.said:
                said = quote(answer.said[:_SAID_CHARS_MAX])
                response.set_cookie(
                    _SAID_COOKIE,
                    said,
                    path="/console/",
                    max_age=60,
                    secure=visit.is_secure,
                    httponly=True,
                    samesite="strict",
                )
            if answer.secret:
                seconds = visit.rooms.accounts.settings.session_seconds
                cookies.set_cookie(response, answer.secret, seconds, visit.is_secure)
        case _:
            response = answer
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _takes_json(request: Request) -> bool:
    """Whether one of our scripts asks, which says a refusal itself."""
    return "application/json" in request.headers.get("accept", "")


def _check_header(visit: Visit) -> None:
    """Pass what our script sent: bodies that are no form carry the session's token in a header."""
    visit.need_account()
    cookies.check_genuine(visit.request.scope, visit.host, visit.secret)


def _refusal(visit: Visit, error: EntrepotError) -> ASGIApp:
    """A page that says what is wrong; who is not signed in goes to the login first."""
    request = visit.request
    if isinstance(error, Unauthenticated) and visit.actor.is_anonymous:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = urlencode({"next": here}) if request.method == "GET" else ""
        return finished(visit, Moved(f"{LOGIN_PATH}?{back}" if back else LOGIN_PATH))
    status = problem_of(error).status
    if _takes_json(request):
        text = sentence_of(error, visit.language)
        return finished(visit, Response(json.dumps({"message": text}), status, media_type="application/json"))
    values = {
        "status": status,
        "text": sentence_of(error, visit.language),
        "explains": _explainable(visit, error),
        "request_id": error.detail.get("request_id", "") if isinstance(error, Broken) else "",
    }
    return finished(visit, View("error.html", values, status))


def _explainable(visit: Visit, error: EntrepotError) -> Mapping[str, str] | None:
    """What to explain about a refusal: the permission it names, or how one reads what is not there or hidden.

    The latter goes by the address alone, so it tells nothing about what is there.
    """
    if visit.actor.is_anonymous:
        return None
    if isinstance(error, AccessDenied) and error.scope:
        return {"action": error.action, "name": error.scope}
    if isinstance(error, RepositoryUnknown | OrganizationUnknown):
        if "repository" in visit.names:
            return {"action": Action.REPOSITORY_PULL, "name": visit.names["repository"]}
        if "organization" in visit.names:
            return {"action": Action.ORGANIZATION_READ, "name": visit.names["organization"]}
    return None


def _nowhere(scope: Scope) -> EntrepotError:
    methods = pages.methods_of(scope["path"])
    if methods:
        return Unsupported(
            worded("This page answers {methods}, not {scope}.", methods=", ".join(methods), scope=scope["method"]),
            allow=list(methods),
        )
    return RepositoryUnknown("There is no such page.")


async def _static(request: Request) -> ASGIApp:
    if request.method not in ("GET", "HEAD"):
        raise Unsupported("Files are read with GET.")
    found = statics.serve_static(request.url.path, request.headers.get("accept-encoding", ""))
    if found is None:
        raise ParameterInvalid("There is no such file.")
    return found


def _plain(error: EntrepotError) -> ASGIApp:
    status = 404 if isinstance(error, ParameterInvalid) else problem_of(error).status
    return Response(f"{error.message}\n", status, media_type="text/plain")
