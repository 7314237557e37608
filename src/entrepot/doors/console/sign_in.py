"""Signing in and out."""

from collections.abc import Mapping

from starlette.responses import Response

from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.login import sign_in
from entrepot.accounts.sessions import begin_session, end_session
from entrepot.accounts.trust import oidc
from entrepot.accounts.trust.refusals import WhyNot
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.http import cookies
from entrepot.values.errors import NameInvalid, SessionUnknown, Unauthenticated
from entrepot.values.names import DomainName

HOME = "/console/"


async def show_login(visit: Visit) -> View | Moved:
    """The form for name and password, and buttons for the ways through identity providers of the `domain`."""
    refused = _said_of_provider(visit)
    if not visit.actor.is_anonymous and visit.problem is None and not refused:
        return Moved(_next(visit))
    domain = _domain(visit)
    ways = await oidc.list_ways(visit.rooms.accounts, domain or FIRST_DOMAIN)
    # A browser that still keeps a session's cookie had one, which has ended meanwhile.
    has_ended = visit.problem is None and not refused and cookies.secret_of(visit.request.cookies) is not None
    values = {"ways": ways, "next": _next(visit), "domain": domain, "has_ended": has_ended, "refused": refused}
    return View("login.html", values)


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


def _said_of_provider(visit: Visit) -> str:
    """Why a sign-in by an identity provider failed; the address names one of our sentences, or says nothing."""
    wanted = visit.query("refused")
    return _sentences(visit)[WhyNot(wanted)] if wanted in set(WhyNot) and visit.problem is None else ""


def _sentences(visit: Visit) -> Mapping[WhyNot, str]:
    """What went wrong, and what to do."""
    say = visit.say
    return {
        WhyNot.UNFIT: say("This sign-in did not begin in this browser, or took too long. Begin again."),
        WhyNot.DENIED: say("The identity provider did not sign you in. Try again, and allow it when it asks."),
        WhyNot.UNBELIEVED: say("What the identity provider says about you cannot be verified. Tell an administrator."),
        WhyNot.NO_ACCOUNT: say("There is no account for you here. Ask an administrator to make one or to let you in."),
        WhyNot.NAME_TAKEN: say(
            "Your user name is taken by another account. If it is yours, ask an administrator to link it."
        ),
        WhyNot.NAME_INVALID: say(
            "What the identity provider calls you cannot be a user name here. Tell an administrator."
        ),
        WhyNot.DISABLED: say("Your account is disabled. Ask an administrator to enable it."),
        WhyNot.UNKNOWN: say("Nobody signs in by this identity provider here, or not any more. Choose another way."),
        WhyNot.UNREACHABLE: say("The identity provider does not answer as it should. Try again in a few minutes."),
        WhyNot.TOO_MANY: say("There were too many attempts. Wait a few minutes, then try again."),
        WhyNot.FAILED: say("The sign-in by the identity provider failed. Begin again."),
    }


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
