"""Regions, for operators: other installations that images can be copied to."""

from typing import Final

from entrepot.doors.console.admin.parts import asked, at_its_field
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import regions
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
        with at_its_field(**{"": "url"}):
            await regions.create_region(visit.rooms.mirror, visit.actor, name, visit.form.text("url"))
    except RuleExists as error:
        raise ParameterInvalid(error.message, field="name") from error
    return Moved(HOME, visit.say("Images can be copied to %(name)s from now on.", name=name))


async def confirm_deleting_region(visit: Visit) -> View:
    """What ends with it."""
    name, say = _name(visit), visit.language.say_number
    use = await regions.show_region_use(visit.rooms.mirror, visit.actor, name)
    says = [visit.say("Nothing is copied to %(url)s any more. What was copied stays there.", url=use.region.url)]
    ends = [
        say("%(num)s rule of synchronisation", "%(num)s rules of synchronisation", use.rules) if use.rules else "",
        say("%(num)s copy that waits", "%(num)s copies that wait", use.waiting) if use.waiting else "",
    ]
    names = [(visit.say("What ends with it"), [one for one in ends if one])]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{HOME}/{name}/-/delete", visit.say("Delete"), HOME, names)


async def delete_region(visit: Visit) -> Moved:
    """Forget it, with the rules that copy to it."""
    name = _name(visit)
    await regions.delete_region(visit.rooms.mirror, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _name(visit: Visit) -> RegionName:
    return RegionName.parse(visit.names["region"])
