"""Regions, for operators: other places, with installations that images can be copied to, or nodes of this one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from entrepot.doors.console.admin.parts import asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import regions
from entrepot.mirror.regions import Account, RegionChange
from entrepot.regions.edges import list_edges
from entrepot.regions.tokens import EdgeTokenWithSecret, list_edge_tokens
from entrepot.values.errors import ParameterInvalid, RuleExists
from entrepot.values.names import RegionName

HOME: Final = "/console/admin/regions"


async def list_regions(visit: Visit) -> View:
    """All regions by name; there are few."""
    visit.need_operator()
    found = await regions.list_regions(visit.rooms.mirror, visit.actor)
    return View("admin/regions.html", {"regions": found, "edges": await list_edges(visit.rooms.regions, visit.actor)})


async def create_region(visit: Visit) -> Moved:
    """Make a region known."""
    form, name = visit.form, RegionName.parse(visit.form.text("name"))
    account = Account(form.text("username"), form.secret("password"), form.text("authority"))
    place = form.text("cidrs").split(), form.text("location")
    with _at_fields():
        await regions.create_region(visit.rooms.mirror, visit.actor, name, form.text("url"), account, *place)
    return Moved(HOME, visit.say("%(name)s is known from now on.", name=name))


async def edit_region(visit: Visit) -> View:
    """Where it is, who we are there, and its nodes."""
    return await region_page(visit, _name(visit))


async def region_page(visit: Visit, name: RegionName, made: EdgeTokenWithSecret | None = None) -> View:
    """The page of a region; with a token for edges that was made just now."""
    region = await regions.show_region(visit.rooms.mirror, visit.actor, name)
    nodes = await list_edges(visit.rooms.regions, visit.actor)
    values = {
        "region": region,
        "edges": [one for one in nodes if one.node.region == region.name],
        "tokens": await list_edge_tokens(visit.rooms.regions, visit.actor, name),
        "made": made,
    }
    return View("admin/region.html", values)


async def change_region(visit: Visit) -> Moved:
    """Change it. An empty password or authority stays as it is, unless it is to go."""
    form, name = visit.form, _name(visit)
    account = (form.text("username"), _kept(form, "password"), _kept(form, "authority"))
    change = RegionChange(form.text("url"), *account, form.text("cidrs").split(), form.text("location"))
    with _at_fields():
        await regions.change_region(visit.rooms.mirror, visit.actor, name, change)
    return Moved(HOME, visit.say("%(name)s was changed.", name=name))


async def confirm_deleting_region(visit: Visit) -> View:
    """What ends with it."""
    name, say = _name(visit), visit.language.say_number
    use = await regions.show_region_use(visit.rooms.mirror, visit.actor, name)
    says = [
        visit.say("Nothing is copied to %(url)s any more. What was copied stays there.", url=use.region.url)
        if use.region.url
        else visit.say("Its place is forgotten.")
    ]
    ends = [
        say("%(num)s rule of synchronisation", "%(num)s rules of synchronisation", use.rules) if use.rules else "",
        say("%(num)s copy under way", "%(num)s copies under way", use.waiting) if use.waiting else "",
    ]
    nodes = [one.node.name for one in await list_edges(visit.rooms.regions, visit.actor) if one.node.region == name]
    if nodes:
        says.append(visit.say("Its nodes are forgotten: they are sent nobody, and may fetch nothing more from here."))
    names = [(visit.say("What ends with it"), [one for one in ends if one]), (visit.say("Nodes"), nodes)]
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


@contextmanager
def _at_fields() -> Iterator[None]:
    """Also what is taken already is said at its field. Raises ParameterInvalid."""
    try:
        with at_its_field(**{"": "url"}):
            yield
    except RuleExists as error:
        field = "cidrs" if error.detail.get("kind") == "cidr-exists" else "name"
        raise ParameterInvalid(error.message, field=field) from error


def _name(visit: Visit) -> RegionName:
    return RegionName.parse(visit.names["region"])
