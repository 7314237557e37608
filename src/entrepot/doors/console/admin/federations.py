"""Keyless robots: whose signed tokens make their bearer a robot; set up, checked, ended."""

import json
from collections.abc import Mapping
from typing import Any, Final

from entrepot.accounts.trust import checking, federations
from entrepot.accounts.trust.checking import Checked
from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field, page_of, pairs_of, with_empty
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import FederationName, RobotName

HOME: Final = "/console/admin/federations"


async def list_federations(visit: Visit) -> View:
    """Federations by name."""
    found = await federations.list_federations(visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1)
    rows, following = page_of(found, lambda one: one.name)
    return View("admin/federations/list.html", {"federations": rows, "following": following})


async def new_federation(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_admin()
    return View(
        "admin/federations/new.html", {"rows": with_empty(pairs_of(visit.form, "claim", "pattern")), "keys": ""}
    )


async def create_federation(visit: Visit) -> Moved:
    """Trust an issuer's tokens, if their claims fit, to be a robot."""
    form = visit.form
    name = FederationName.parse(form.text("name"))
    robot = RobotName.parse(form.text("robot").removeprefix(RobotName.PREFIX))
    with at_its_field(url="issuer"):
        await federations.create_federation(visit.rooms.accounts, visit.actor, name, robot, _given(visit))
    return Moved(_at(name), visit.say("%(name)s was created. Check it before somebody relies on it.", name=name))


async def show_federation(visit: Visit) -> View:
    """One federation, with what can be changed of it."""
    return await _shown(visit, None)


async def check_federation(visit: Visit) -> View:
    """Ask the issuer now, and say why a token would not be accepted."""
    token = visit.form.text("token")
    checked = await checking.check_federation(visit.rooms.accounts, visit.actor, _name(visit), token)
    return await _shown(visit, checked)


async def change_federation(visit: Visit) -> Moved:
    """Change what it asks for; what the robot is signed in with ends."""
    name = _name(visit)
    with at_its_field(url="issuer"):
        await federations.change_federation(visit.rooms.accounts, visit.actor, name, _given(visit))
    return Moved(_at(name), visit.say("Saved."))


async def enable_federation(visit: Visit) -> Moved:
    """Accept tokens again."""
    return await _switched(visit, True, visit.say("Tokens are accepted again."))


async def disable_federation(visit: Visit) -> Moved:
    """Accept no token for a while; what the robot is signed in with ends."""
    return await _switched(visit, False, visit.say("No token is accepted any more."))


async def confirm_deleting_federation(visit: Visit) -> View:
    """What ends with it."""
    found = await federations.show_federation(visit.rooms.accounts, visit.actor, _name(visit))
    says = [
        visit.say("Tokens of %(issuer)s make nobody a robot any more.", issuer=found.settings.issuer),
        visit.say("What the robot %(name)s is signed in with ends at once; the robot stays.", name=found.robot),
    ]
    title = visit.say("Delete %(name)s", name=found.name)
    return asked(title, says, f"{_at(found.name)}/-/delete", visit.say("Delete"), _at(found.name))


async def delete_federation(visit: Visit) -> Moved:
    """Trust these tokens no longer."""
    name = _name(visit)
    await federations.delete_federation(visit.rooms.accounts, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


async def _shown(visit: Visit, checked: Checked | None) -> View:
    found = await federations.show_federation(visit.rooms.accounts, visit.actor, _name(visit))
    typed = pairs_of(visit.form, "claim", "pattern")
    rows = with_empty(typed or [(one.claim, one.pattern) for one in found.settings.conditions], 1)
    keys = "" if found.settings.keys is None else json.dumps(found.settings.keys, indent=2)
    return View("admin/federations/show.html", {"federation": found, "rows": rows, "keys": keys, "checked": checked})


async def _switched(visit: Visit, is_enabled: bool, said: str) -> Moved:
    name = _name(visit)
    await federations.change_federation(visit.rooms.accounts, visit.actor, name, {}, is_enabled)
    return Moved(_at(name), said)


def _given(visit: Visit) -> Mapping[str, Any]:
    """The settings as the form says them. Raises ParameterInvalid."""
    form = visit.form
    given: dict[str, Any] = {
        "issuer": form.text("issuer"),
        "audience": form.text("audience"),
        "conditions": [{"claim": claim, "pattern": pattern} for claim, pattern in pairs_of(form, "claim", "pattern")],
        "authority": form.text("authority"),
        "keys": None,
    }
    if visit.is_operator:
        given["reach"] = form.text("reach") or "public"
    if text := form.text("keys"):
        try:
            given["keys"] = json.loads(text)
        except ValueError as error:
            raise ParameterInvalid("The key set is no JSON.", kind="keys") from error
    return given


def _name(visit: Visit) -> str:
    return FederationName.parse(visit.names["federation"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
