"""First steps of a new installation: a list that is ticked off by what is there, each step done in place."""

from typing import Final

from starlette.responses import Response

from entrepot.accounts.profile import show_profile
from entrepot.doors.console.account import replace_password
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry.first_steps import FirstSteps, show_first_steps
from entrepot.registry.organizations import create_organization
from entrepot.values.names import OrganizationName

WELCOME: Final = "/console/welcome"
_LATER_COOKIE: Final = "entrepot_welcome"
_WAITING: Final = "waiting"


async def show_welcome(visit: Visit) -> View | Response:
    """The steps, what is done of them, and the next one. What waits for a push has the page load again after it."""
    visit.need_account()
    steps = await show_first_steps(visit.rooms.registry, visit.actor)
    if steps.image is not None and visit.request.headers.get("hx-target") == _WAITING:
        return Response(headers={"HX-Refresh": "true"})
    accounts = visit.rooms.accounts
    values = {
        "steps": steps,
        "profile": await show_profile(accounts, visit.actor),
        "chars_min": accounts.settings.password_chars_min,
    }
    return View("welcome.html", values)


async def show_welcome_again(visit: Visit) -> View | Response:
    """The same after a first organization was refused."""
    return await show_welcome(visit)


async def change_first_password(visit: Visit) -> Moved:
    """Take a new password in place of the one the account was made with."""
    secret = await replace_password(visit)
    return Moved(WELCOME, visit.say("The new password holds from now on."), secret)


async def create_first_organization(visit: Visit) -> Moved:
    """The organization that the first image goes to."""
    name = OrganizationName.parse(visit.form.text("name"))
    await create_organization(visit.rooms.registry, visit.actor, name)
    return Moved(WELCOME, visit.say("Organization %(name)s was created.", name=name))


async def put_off(visit: Visit) -> Response:
    """Leave it for later: the overview no longer leads there, in this browser; the account menu still does."""
    visit.need_account()
    answer = Response(status_code=303, headers={"Location": "/console/"})
    answer.set_cookie(_LATER_COOKIE, "later", path="/console/", secure=visit.is_secure, httponly=True, samesite="lax")
    return answer


async def next_step_of(visit: Visit) -> Moved | None:
    """Where the overview leads instead: to the first steps, while there is no organization and nobody put them off."""
    if not visit.is_admin or _LATER_COOKIE in visit.request.cookies:
        return None
    steps = await _steps_of(visit)
    return Moved(WELCOME) if steps.organization is None else None


async def has_steps_left(visit: Visit) -> bool:
    """Whether the account menu leads to the first steps."""
    if not visit.is_admin:
        return False
    return not (await _steps_of(visit)).are_done


async def _steps_of(visit: Visit) -> FirstSteps:
    """Asked once for each request."""
    state = visit.request.state
    if not hasattr(state, "first_steps"):
        state.first_steps = await show_first_steps(visit.rooms.registry, visit.actor)
    found: FirstSteps = state.first_steps
    return found
