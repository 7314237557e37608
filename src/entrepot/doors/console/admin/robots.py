"""Robots: made for what their maker manages; secrets are shown once, turned, ended. Everybody sees what is theirs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from entrepot.access.levels import Level
from entrepot.access.scopes import parse_scope
from entrepot.accounts import robots
from entrepot.accounts.robot_rows import Robot
from entrepot.accounts.robots import WithSecret
from entrepot.accounts.rules import KEEP, Right
from entrepot.accounts.scopes import LEVEL_OF
from entrepot.db.walking import marker_of
from entrepot.doors.console.admin.parts import BY_END, ROWS, asked, page_of, sorting
from entrepot.doors.console.forms import last_day
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.errors import ParameterInvalid, Refused, worded
from entrepot.values.names import RobotName

HOME: Final = "/console/admin/robots"
ACCESS_OF: Final = {Level.READ: "pull", Level.EDIT: "push", Level.MANAGE: "delete"}
_EMPTY_ROWS: Final = 3
_OVERLAP_DAYS: Final = ("0", "1", "7", "30")


async def list_robots(visit: Visit) -> View:
    """Robots the visitor may see, in the order that is asked for."""
    part = visit.query("q")
    key, order, descending = sorting(visit, BY_END)
    found = await robots.list_robots(
        visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1, part, order, descending
    )
    rows, following = page_of(found, lambda one: marker_of(order, one))
    values = {"robots": rows, "following": following, "part": part, "access_of": ACCESS_OF}
    return View("admin/robots/list.html", {**values, "order": key, "descending": descending})


async def new_robot(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_account()
    return View("admin/robots/new.html", {"rows": _rows(visit, ())})


async def create_robot(visit: Visit) -> View:
    """A new robot; its secret is on the page that answers, and nowhere else."""
    form = visit.form
    name = RobotName.parse(form.text("name").removeprefix(RobotName.PREFIX))
    end, description = form.end_of_day("expires"), form.text("description")
    made = await robots.create_robot(visit.rooms.accounts, visit.actor, name, _rights(visit), description, end)
    return _secret(made)


async def show_robot(visit: Visit) -> View:
    """One robot and what it reaches."""
    return View("admin/robots/show.html", {"robot": await _robot(visit), "access_of": ACCESS_OF})


async def robot_settings(visit: Visit) -> View:
    """What can be changed of it."""
    found = await _robot(visit)
    rows = _rows(visit, [(one.scope, ACCESS_OF[one.level]) for one in found.rights])
    return View("admin/robots/settings.html", {"robot": found, "rows": rows, "last_day": last_day(found.expires_at)})


async def change_robot(visit: Visit) -> Moved:
    """What it is for, what it reaches, when it ends."""
    form, found = visit.form, await _robot(visit)
    end = KEEP if form.text("expires") == last_day(found.expires_at) else form.end_of_day("expires")
    rights = _rights(visit)
    changed = None if set(rights) == set(found.rights) else rights
    await robots.change_robot(visit.rooms.accounts, visit.actor, found.name, form.text("description"), changed, end)
    return Moved(f"{_at(found.name)}/-/settings", visit.say("Saved."))


async def ask_rotation(visit: Visit) -> View:
    """For how long the secret of now goes on working."""
    return View("admin/robots/rotate.html", {"robot": await _robot(visit)})


async def rotate_secret(visit: Visit) -> View:
    """A new secret, shown once."""
    days = visit.form.text("days")
    if days not in _OVERLAP_DAYS:
        raise ParameterInvalid(
            worded("The old secret works for {overlap_days} days.", overlap_days=", ".join(_OVERLAP_DAYS)), field="days"
        )
    until = visit.now + timedelta(days=int(days)) if int(days) else None
    return _secret(await robots.rotate_secret(visit.rooms.accounts, visit.actor, _name(visit), until), is_new=False)


async def enable_robot(visit: Visit) -> Moved:
    """Let it work again."""
    name = _name(visit)
    await robots.enable_robot(visit.rooms.accounts, visit.actor, name)
    return Moved(_at(name), visit.say("Robot %(name)s works again.", name=name))


async def confirm_disabling_robot(visit: Visit) -> View:
    """What shutting it out means."""
    name = (await _robot(visit)).name
    says = [visit.say("Its secret stops working at once. Nothing is lost: it can be let work again.")]
    title = visit.say("Shut out %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/disable", visit.say("Shut out"), _at(name))


async def disable_robot(visit: Visit) -> Moved:
    """Shut it out at once."""
    name = _name(visit)
    await robots.disable_robot(visit.rooms.accounts, visit.actor, name)
    return Moved(_at(name), visit.say("%(name)s is shut out.", name=name))


async def confirm_deleting_robot(visit: Visit) -> View:
    """What ends with it."""
    found = await _robot(visit)
    says = [visit.say("Its secret stops working at once, and federations that make it stop with it.")]
    names = [(visit.say("What it reaches no more"), [one.scope for one in found.rights])]
    title = visit.say("Delete %(name)s", name=found.name)
    return asked(title, says, f"{_at(found.name)}/-/delete", visit.say("Delete"), _at(found.name), names)


async def delete_robot(visit: Visit) -> Moved:
    """Remove it with what it was given."""
    name = _name(visit)
    await robots.delete_robot(visit.rooms.accounts, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _secret(made: WithSecret, is_new: bool = True) -> View:
    return View("admin/robots/secret.html", {"robot": made.robot, "secret": made.secret, "is_new": is_new})


def _rows(visit: Visit, rights: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Rows of the form: what was typed, else what is so, and some empty ones."""
    typed = [one for one in _typed(visit) if one[0]]
    return [*(typed or rights), *[("", "pull")] * _EMPTY_ROWS]


def _typed(visit: Visit) -> Sequence[tuple[str, str]]:
    scopes = [one.strip() for one in visit.form.many("scope")]
    return list(zip(scopes, visit.form.many("access"), strict=False))


def _rights(visit: Visit) -> Sequence[Right]:
    """Raises ParameterInvalid, at the field of the scopes."""
    rights = []
    for scope, access in _typed(visit):
        if not scope:
            continue
        if access not in LEVEL_OF:
            raise ParameterInvalid("A robot may pull, push or delete.", field="scope")
        try:
            rights.append(Right(parse_scope(scope), LEVEL_OF[access]))
        except Refused as error:
            raise ParameterInvalid(error.message, field="scope") from error
    if not rights:
        raise ParameterInvalid("Say what the robot reaches.", field="scope")
    return rights


async def _robot(visit: Visit) -> Robot:
    return await robots.show_robot(visit.rooms.accounts, visit.actor, _name(visit))


def _name(visit: Visit) -> RobotName:
    return RobotName.parse(visit.names["robot"].removeprefix(RobotName.PREFIX))


def _at(name: str) -> str:
    return f"{HOME}/{name}"
