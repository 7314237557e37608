"""Signing in and out."""

from starlette.responses import Response

from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.login import sign_in
from entrepot.accounts.sessions import begin_session, end_session
from entrepot.accounts.trust import oidc
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.http import cookies
from entrepot.values.errors import NameInvalid, SessionUnknown, Unauthenticated
from entrepot.values.names import DomainName

HOME = "/console/"


async def show_login(visit: Visit) -> View | Moved:
    """The form for name and password, and buttons for the ways through identity providers of the `domain`."""
    if not visit.actor.is_anonymous and visit.problem is None:
        return Moved(_next(visit))
    domain = _domain(visit)
    ways = await oidc.list_ways(visit.rooms.accounts, domain or FIRST_DOMAIN)
    # A browser that still keeps a session's cookie had one, which has ended meanwhile.
    has_ended = visit.problem is None and cookies.secret_of(visit.request.cookies) is not None
    return View("login.html", {"ways": ways, "next": _next(visit), "domain": domain, "has_ended": has_ended})


async def log_in(visit: Visit) -> Moved:
    """Begin a session of the browser."""
    accounts, name, domain = visit.rooms.accounts, visit.form.text("user"), _domain(visit)
    login = f"{domain}/{name}" if domain and "/" not in name else name
    try:
        actor = await sign_in(accounts, login, visit.form.secret("password"))
    except Unauthenticated as error:
        # A 401 would have the browser ask for a password of its own; the form does that better.
        raise visit.wrong(visit.say("The user name or password is not right."), field="password") from error
    begun = await begin_session(accounts, actor, visit.request.headers.get("user-agent", ""))
    return Moved(_next(visit), secret=begun.secret)


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


def _domain(visit: Visit) -> str:
    """The domain that the page is for; empty for the first one, or for text that no domain is named."""
    wanted = visit.form.text("domain") or visit.query("domain")
    try:
        return DomainName.parse(wanted)
    except NameInvalid:
        return ""


def _next(visit: Visit) -> str:
    """Where to go afterwards: a page of the console and nowhere else, whatever the address says."""
    wanted = visit.form.text("next") or visit.query("next")
    is_ours = wanted.startswith(HOME) and not any(one in wanted for one in ("\\", "\r", "\n", "//"))
    return wanted if is_ours else HOME
