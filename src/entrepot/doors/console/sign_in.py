"""Signing in and out."""

from starlette.responses import Response

from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.login import sign_in
from entrepot.accounts.sessions import begin_session, end_session
from entrepot.accounts.trust import oidc
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.http import cookies
from entrepot.values.errors import ParameterInvalid, SessionUnknown, Unauthenticated

HOME = "/console/"


async def show_login(visit: Visit) -> View | Moved:
    """The form for name and password, and buttons for the ways through identity providers."""
    if not visit.actor.is_anonymous and visit.problem is None:
        return Moved(_next(visit))
    ways = await oidc.list_ways(visit.rooms.accounts, visit.query("domain") or FIRST_DOMAIN)
    return View("login.html", {"ways": ways, "next": _next(visit)})


async def log_in(visit: Visit) -> Response:
    """Begin a session of the browser."""
    accounts = visit.rooms.accounts
    try:
        actor = await sign_in(accounts, visit.form.text("user"), visit.form.secret("password"))
    except Unauthenticated as error:
        # A 401 would have the browser ask for a password of its own; the form does that better.
        raise ParameterInvalid(error.message, field="password") from error
    begun = await begin_session(accounts, actor, visit.request.headers.get("user-agent", ""))
    answer = Response(status_code=303, headers={"Location": _next(visit)})
    cookies.set_cookie(answer, begun.secret, accounts.settings.session_seconds, visit.is_secure)
    return answer


async def log_out(visit: Visit) -> Response:
    """End the session."""
    if not visit.actor.is_anonymous:
        try:
            await end_session(visit.rooms.accounts, visit.actor, visit.actor.credential.partition(":")[2])
        except SessionUnknown:
            pass  # it ended in the meantime, which is what was wanted
    answer = Response(status_code=303, headers={"Location": "/console/login"})
    cookies.clear_cookie(answer, visit.is_secure)
    return answer


def _next(visit: Visit) -> str:
    """Where to go afterwards: a page of the console and nowhere else, whatever the address says."""
    wanted = visit.form.text("next") or visit.query("next")
    is_ours = wanted.startswith(HOME) and not any(one in wanted for one in ("\\", "\r", "\n", "//"))
    return wanted if is_ours else HOME
