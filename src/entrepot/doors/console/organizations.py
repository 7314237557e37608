"""Organizations: listed, made, shown with what belongs to them, changed, deleted."""

from entrepot.audit.look import list_events
from entrepot.audit.wanted import Wanted, cursor_of, parse_cursor
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.plumbing.units import parse_bytes
from entrepot.registry import browse, organizations, quotas, transfer
from entrepot.registry.quota_rules import OF_ORGANIZATION, Resource
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import DomainName, OrganizationName, UserName

ROWS = 50


async def list_organizations(visit: Visit) -> View:
    """Organizations the visitor holds a permission on, or on something in them."""
    visit.need_account()
    part = visit.query("q")
    found = await organizations.list_organizations(visit.rooms.registry, visit.actor, part, including_visible=True)
    return View("organizations/list.html", {"organizations": found, "part": part})


async def new_organization(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_account()
    return View("organizations/new.html")


async def create_organization(visit: Visit) -> Moved:
    """A new, empty organization."""
    name = OrganizationName.parse(visit.form.text("name"))
    await organizations.create_organization(visit.rooms.registry, visit.actor, name, visit.form.flag("public"))
    return Moved(f"/console/organizations/{name}", visit.say("Organization %(name)s was created.", name=name))


async def show_organization(visit: Visit) -> View:
    """One organization and its newest images."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    part = visit.query("q")
    page = await browse.list_repositories(
        registry,
        visit.actor,
        WantedRepositories(organization=name, name_part=part or None),
        RepositoryOrder.UPDATED,
        True,
        0,
        ROWS,
    )
    return View("organizations/show.html", {"organization": found, "page": page, "part": part})


async def show_quota(visit: Visit) -> View:
    """What it holds and may hold; administrators of the domain set that here."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    held = await quotas.show_organization_quotas(registry, visit.actor, name)
    return View("organizations/quota.html", {"organization": found, "quotas": held})


async def set_quota(visit: Visit) -> Moved:
    """Set its limits; an empty field is none."""
    name = visit.organization
    limits = {resource: limit_of(visit, resource) for resource in OF_ORGANIZATION}
    await quotas.set_organization_quotas(visit.rooms.registry, visit.actor, name, limits)
    return Moved(f"/console/organizations/{name}/-/quota", visit.say("The limits hold from now on."))


async def show_activity(visit: Visit) -> View:
    """What happened in it, the newest first, for its managers."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    before = parse_cursor(visit.query("after") or None)
    page = await list_events(visit.rooms.audit, visit.actor, Wanted(organization=name), before, ROWS)
    following = None if page.after is None else cursor_of(page.after)
    values = {"organization": found, "events": page.items, "following": following}
    return View("organizations/activity.html", values)


async def show_settings(visit: Visit) -> View:
    """What its managers can change."""
    found = await organizations.show_organization(visit.rooms.registry, visit.actor, visit.organization)
    return View("organizations/settings.html", {"organization": found})


async def change_settings(visit: Visit) -> Moved:
    """Whether pushes make public images, and whether manifests may name absent content."""
    name, form = visit.organization, visit.form
    await organizations.change_organization(
        visit.rooms.registry,
        visit.actor,
        name,
        allows_sparse=form.flag("sparse"),
        public_by_default=form.flag("public"),
    )
    return Moved(f"/console/organizations/{name}/-/settings", visit.say("Saved."))


async def confirm_transfer(visit: Visit) -> View:
    """What a transfer means, before it is done."""
    found = await organizations.show_organization(visit.rooms.registry, visit.actor, visit.organization)
    user = visit.form.text("user") or visit.query("user")
    domain = visit.form.text("domain") or visit.query("domain")
    return View("organizations/transfer.html", {"organization": found, "user": user, "domain": domain})


async def transfer_organization(visit: Visit) -> Moved:
    """Let it belong to another user, or to another domain."""
    name, form = visit.organization, visit.form
    domain = DomainName.parse(form.text("domain")) if form.text("domain") else None
    owner = UserName.parse(form.text("user")) if form.text("user") else None
    await transfer.transfer_organization(visit.rooms.registry, visit.actor, name, domain, owner)
    return Moved("/console/organizations", visit.say("Organization %(name)s was transferred.", name=name))


async def confirm_deletion(visit: Visit) -> View:
    """What deleting means, before it is done."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    page = await browse.list_repositories(
        registry, visit.actor, WantedRepositories(organization=name), RepositoryOrder.UPDATED, True, 0, 5
    )
    return View("organizations/delete.html", {"organization": found, "page": page})


async def delete_organization(visit: Visit) -> Moved:
    """Delete it, when it is empty."""
    name = visit.organization
    await organizations.delete_organization(visit.rooms.registry, visit.actor, name)
    return Moved("/console/organizations", visit.say("Organization %(name)s was deleted.", name=name))


def limit_of(visit: Visit, resource: Resource) -> int | None:
    """A limit as the form says it; None for none of its own. Raises ParameterInvalid."""
    text = visit.form.text(resource)
    if not text:
        return None
    try:
        return parse_bytes(text) if resource is Resource.BYTES else int(text)
    except ValueError as error:
        said = "a size, as 20GiB" if resource is Resource.BYTES else "a whole number"
        raise ParameterInvalid(f"The limit is {said}.", field=str(resource)) from error
