"""Organizations: listed, made, shown, deleted."""

from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import browse, organizations
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.names import OrganizationName


async def list_organizations(visit: Visit) -> View:
    """Organizations the visitor holds a permission on, or on something in them."""
    visit.need_account()
    part = visit.query("q")
    found = await organizations.list_organizations(visit.rooms.registry, visit.actor, part, including_visible=True)
    return View("organizations/list.html", {"organizations": found, "part": part})


async def new_organization(visit: Visit) -> View:
    visit.need_account()
    return View("organizations/new.html")


async def create_organization(visit: Visit) -> Moved:
    name = OrganizationName.parse(visit.form.text("name"))
    await organizations.create_organization(visit.rooms.registry, visit.actor, name, visit.form.flag("public"))
    return Moved(f"/console/organizations/{name}", visit.say("Organization %(name)s was created.", name=name))


async def show_organization(visit: Visit) -> View:
    """One organization and its newest repositories."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    page = await browse.list_repositories(
        registry, visit.actor, WantedRepositories(organization=name), RepositoryOrder.UPDATED, True, 0, 50
    )
    return View("organizations/show.html", {"organization": found, "page": page})


async def confirm_deletion(visit: Visit) -> View:
    """What deleting means, before it is done."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    page = await browse.list_repositories(
        registry, visit.actor, WantedRepositories(organization=name), RepositoryOrder.UPDATED, True, 0, 5
    )
    return View("organizations/delete.html", {"organization": found, "page": page})


async def delete_organization(visit: Visit) -> Moved:
    name = visit.organization
    await organizations.delete_organization(visit.rooms.registry, visit.actor, name)
    return Moved("/console/organizations", visit.say("Organization %(name)s was deleted.", name=name))
