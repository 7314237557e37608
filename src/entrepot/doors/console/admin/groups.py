"""Groups of users: made, described, filled, deleted."""

from entrepot.accounts import groups
from entrepot.db.walking import marker_of
from entrepot.doors.console.admin.parts import BY_AGE, ROWS, asked, page_of, sorting
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.values.names import GroupName, UserName

HOME = "/console/admin/groups"


async def list_groups(visit: Visit) -> View:
    """Groups, in the order that is asked for."""
    part = visit.query("q")
    key, order, descending = sorting(visit, BY_AGE)
    found = await groups.list_groups(
        visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1, part, order, descending
    )
    rows, following = page_of(found, lambda one: marker_of(order, one))
    values = {"groups": rows, "following": following, "part": part}
    return View("admin/groups/list.html", {**values, "order": key, "descending": descending})


async def new_group(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_admin()
    return View("admin/groups/new.html")


async def create_group(visit: Visit) -> Moved:
    """A group with nobody in it."""
    name = GroupName.parse(visit.form.text("name"))
    await groups.create_group(visit.rooms.accounts, visit.actor, name, visit.form.text("description"))
    return Moved(_at(name), visit.say("Group %(name)s was created.", name=name))


async def show_group(visit: Visit) -> View:
    """One group: its members and what it was given."""
    accounts, name = visit.rooms.accounts, _name(visit)
    found = await groups.list_group_members(accounts, visit.actor, name, visit.query("after"), ROWS + 1)
    members, following = page_of(found, lambda one: one)
    values = {
        "group": await groups.show_group(accounts, visit.actor, name),
        "members": members,
        "following": following,
        "grants": await groups.list_group_grants(accounts, visit.actor, name),
    }
    return View("admin/groups/show.html", values)


async def group_settings(visit: Visit) -> View:
    """What can be changed of a group."""
    found = await groups.show_group(visit.rooms.accounts, visit.actor, _name(visit))
    return View("admin/groups/settings.html", {"group": found})


async def change_group(visit: Visit) -> Moved:
    """Its name and description."""
    name = GroupName.parse(visit.form.text("name"))
    description = visit.form.text("description")
    await groups.change_group(visit.rooms.accounts, visit.actor, _name(visit), name, description)
    return Moved(f"{_at(name)}/-/settings", visit.say("Saved."))


async def add_member(visit: Visit) -> Moved:
    """Let a user belong to it."""
    name, user = _name(visit), UserName.parse(visit.form.text("user"))
    await groups.add_group_member(visit.rooms.accounts, visit.actor, name, user)
    return Moved(_at(name), visit.say("%(name)s belongs to the group from now on.", name=user))


async def remove_member(visit: Visit) -> Moved:
    """Let a user not belong to it any more."""
    name, user = _name(visit), UserName.parse(visit.form.text("user"))
    await groups.remove_group_member(visit.rooms.accounts, visit.actor, name, user)
    return Moved(_at(name), visit.say("%(name)s does not belong to the group any more.", name=user))


async def confirm_deleting_group(visit: Visit) -> View:
    """What ends with it."""
    accounts, name = visit.rooms.accounts, _name(visit)
    members = await groups.list_group_members(accounts, visit.actor, name, "", ROWS)
    grants = await groups.list_group_grants(accounts, visit.actor, name)
    says = [visit.say("Its members stay users, and lose what only the group gave them.")]
    names = [
        (visit.say("Permissions that end"), [one.scope for one in grants]),
        (visit.say("Members"), members),
    ]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Delete"), _at(name), names)


async def delete_group(visit: Visit) -> Moved:
    """Remove it with what it was given."""
    name = _name(visit)
    await groups.delete_group(visit.rooms.accounts, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _name(visit: Visit) -> GroupName:
    return GroupName.parse(visit.names["group"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
