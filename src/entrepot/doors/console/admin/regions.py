"""Regions, for operators: other installations that images can be copied to."""

from contextlib import AbstractContextManager
from typing import Final

from entrepot.doors.console.admin.parts import asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import regions
from entrepot.mirror.regions import Account, RegionChange
from entrepot.values.errors import ParameterInvalid, RuleExists
from entrepot.values.names import RegionName

HOME: Final = "/console/admin/regions"


async def list_regions(visit: Visit) -> View:
    """All regions by name; there are few."""
    visit.need_operator()
    return View("admin/regions.html", {"regions": await regions.list_regions(visit.rooms.mirror, visit.actor)})


async def create_region(visit: Visit) -> Moved:
    """Make another installation known."""
    name = RegionName.parse(visit.form.text("name"))
    try:
        with _at_fields():
            account = Account(visit.form.text("username"), visit.form.secret("password"), visit.form.text("authority"))
            await regions.create_region(visit.rooms.mirror, visit.actor, name, visit.form.text("url"), account)
    except RuleExists as error:
        raise ParameterInvalid(error.message, field="name") from error
    return Moved(HOME, visit.say("Images can be copied to %(name)s from now on.", name=name))


async def edit_region(visit: Visit) -> View:
    """Who we are there, and where it is."""
    region = await regions.show_region(visit.rooms.mirror, visit.actor, _name(visit))
    return View("admin/region.html", {"region": region})


async def change_region(visit: Visit) -> Moved:
    """Change it. An empty password or authority stays as it is, unless it is to go."""
    form, name = visit.form, _name(visit)
    change = RegionChange(form.text("url"), form.text("username"), _kept(form, "password"), _kept(form, "authority"))
    with _at_fields():
        await regions.change_region(visit.rooms.mirror, visit.actor, name, change)
    return Moved(HOME, visit.say("%(name)s was changed.", name=name))


async def confirm_deleting_region(visit: Visit) -> View:
    """What ends with it."""
    name, say = _name(visit), visit.language.say_number
    use = await regions.show_region_use(visit.rooms.mirror, visit.actor, name)
    says = [visit.say("Nothing is copied to %(url)s any more. What was copied stays there.", url=use.region.url)]
    ends = [
        say("%(num)s rule of synchronisation", "%(num)s rules of synchronisation", use.rules) if use.rules else "",
        say("%(num)s copy under way", "%(num)s copies under way", use.waiting) if use.waiting else "",
    ]
    names = [(visit.say("What ends with it"), [one for one in ends if one])]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{HOME}/{name}/-/delete", visit.say("Delete"), HOME, names)


async def delete_region(visit: Visit) -> Moved:
    """Forget it, with the rules that copy to it."""
    name = _name(visit)
    await regions.delete_region(visit.rooms.mirror, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _kept(form: Form, name: str) -> str | None:
    if form.flag(f"no_{name}"):
        return ""
    return form.secret(name) or None


def _at_fields() -> AbstractContextManager[None]:
    return at_its_field(**{"": "url"})


def _name(visit: Visit) -> RegionName:
    return RegionName.parse(visit.names["region"])
