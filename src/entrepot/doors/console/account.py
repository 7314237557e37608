"""My account: who the visitor is, their password, where they are signed in."""

from starlette.responses import Response

from entrepot.accounts import sessions, users
from entrepot.accounts.login import sign_in
from entrepot.accounts.profile import show_profile as profile_of
from entrepot.accounts.sessions import begin_session
from entrepot.doors.console.agents import name_of_agent
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.http import cookies
from entrepot.values.errors import AccessDenied
from entrepot.values.names import UserName

ACCOUNT = "/console/account"


async def show_profile(visit: Visit) -> View:
    """Name, domain, groups, and how they sign in."""
    return View("account/profile.html", {"profile": await profile_of(visit.rooms.accounts, visit.actor)})


async def show_password(visit: Visit) -> View:
    """The form for a new password."""
    accounts = visit.rooms.accounts
    values = {"profile": await profile_of(accounts, visit.actor), "chars_min": accounts.settings.password_chars_min}
    return View("account/password.html", values)


async def change_password(visit: Visit) -> Moved:
    """Take a new password, and keep this browser signed in; everywhere else one signs in again."""
    secret = await replace_password(visit)
    return Moved(f"{ACCOUNT}/password", visit.say("The new password holds from now on."), secret)


async def replace_password(visit: Visit) -> str:
    """Change the password as the form says; the secret of a new session: all others have ended."""
    accounts, form = visit.rooms.accounts, visit.form
    new = form.secret("password")
    if new != form.secret("again"):
        raise visit.wrong(visit.say("The two new passwords are not the same."), field="again")
    profile = await profile_of(accounts, visit.actor)
    current = form.secret("current_password")
    try:
        await users.set_password(accounts, visit.actor, UserName(visit.actor.name), new, current)
    except AccessDenied as error:
        raise visit.wrong(visit.say("The current password is not right."), field="current_password") from error
    actor = await sign_in(accounts, profile.login, new)
    begun = await begin_session(accounts, actor, visit.request.headers.get("user-agent", ""))
    return begun.secret


async def list_sessions(visit: Visit) -> View:
    """Where they are signed in."""
    found = await sessions.list_sessions(visit.rooms.accounts, visit.actor)
    rows = [(one, name_of_agent(one.agent), sessions.is_current(visit.actor, one.id)) for one in found]
    return View("account/sessions.html", {"rows": rows})


async def end_session(visit: Visit) -> Moved | Response:
    """End one of them; ending this one is signing out."""
    session_id = visit.names["session"]
    await sessions.end_session(visit.rooms.accounts, visit.actor, session_id)
    if not sessions.is_current(visit.actor, session_id):
        return Moved(f"{ACCOUNT}/sessions", visit.say("The session has ended."))
    answer = Response(status_code=303, headers={"Location": "/console/login"})
    cookies.clear_cookie(answer, visit.is_secure)
    return answer


async def end_other_sessions(visit: Visit) -> Moved:
    """End all but this one."""
    ended = await sessions.end_sessions(visit.rooms.accounts, visit.actor, with_current=False)
    said = visit.language.say_number("%(num)s session has ended.", "%(num)s sessions have ended.", ended)
    return Moved(f"{ACCOUNT}/sessions", said)
