"""Organizations: listed, made, shown with what belongs to them, changed, deleted."""

from entrepot.audit.look import list_events
from entrepot.audit.wanted import Wanted, cursor_of, parse_cursor
from entrepot.doors.console.admin.parts import BY_AGE, sorting
from entrepot.doors.console.mirroring import hosts_among, ways_of
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror.origins import list_configs
from entrepot.mirror.virtual.definitions import show_members
from entrepot.plumbing.units import parse_bytes
from entrepot.registry import browse, closing, organizations, quotas, storage, transfer
from entrepot.registry.quota_rules import OF_ORGANIZATION, SIZES, UNLIMITED, Resource
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.names import DomainName, OrganizationName, UserName

ROWS = 50
_NO_LIMIT = "none"
_DIGITS_MAX = 9


async def list_organizations(visit: Visit) -> View:
    """Organizations the visitor holds a permission on, or on something in them."""
    visit.need_account()
    part = visit.query("q")
    key, order, descending = sorting(visit, BY_AGE)
    found, following = await organizations.list_organizations_from(
        visit.rooms.registry, visit.actor, part, order, descending, visit.query("after"), ROWS
    )
    values = {
        "organizations": found,
        "mirrors": await hosts_among(visit, found),
        "following": following,
        "part": part,
        "order": key,
        "descending": descending,
    }
    return View("organizations/list.html", values)


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
    """One organization and its newest images; of a mirror, how engines pull through it.

    Of a virtual one, what it merges.
    """
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
    configs = await list_configs(visit.rooms.mirror, visit.actor, name, visit.url) if found.is_mirror else None
    mirror = {"host": configs.host, "ways": ways_of(visit, configs)} if configs else {"host": "", "ways": ()}
    members = await show_members(visit.rooms.mirror, visit.actor, name) if found.is_virtual else ()
    values = {"organization": found, "page": page, "part": part, "members": members, **mirror}
    return View("organizations/show.html", values)


async def show_quota(visit: Visit) -> View:
    """What it holds and may hold; administrators of the domain set that here."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    held = await quotas.show_organization_quotas(registry, visit.actor, name)
    stored = await storage.show_organization_storage(registry, visit.actor, name)
    return View("organizations/quota.html", {"organization": found, "quotas": held, "storage": stored})


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
    registry = visit.rooms.registry
    found = await organizations.show_organization(registry, visit.actor, visit.organization)
    is_closed = await closing.is_read_only(registry, visit.organization)
    values = {"organization": found, "default_days": registry.settings.history_days, "is_read_only": is_closed}
    return View("organizations/settings.html", values)


async def change_settings(visit: Visit) -> Moved:
    """Whether pushes make public images, whether manifests may name absent content, how long history is kept."""
    name, form = visit.organization, visit.form
    await organizations.change_organization(
        visit.rooms.registry,
        visit.actor,
        name,
        allows_sparse=form.flag("sparse"),
        public_by_default=form.flag("public"),
        history_days=days_of(form.text("history_days")),
    )
    return Moved(f"/console/organizations/{name}/-/settings", visit.say("Saved."))


async def make_read_only(visit: Visit) -> Moved:
    """Change nothing in it from now on."""
    name = visit.organization
    await closing.close_organization(visit.rooms.registry, visit.actor, name, visit.form.text("message"))
    return Moved(f"/console/organizations/{name}/-/settings", visit.say("Nothing is changed from now on."))


async def make_writable(visit: Visit) -> Moved:
    """Let it be changed again."""
    name = visit.organization
    await closing.open_organization(visit.rooms.registry, visit.actor, name)
    return Moved(f"/console/organizations/{name}/-/settings", visit.say("Everything can be changed again."))


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


def days_of(text: str) -> int:
    """Days of history as the form says them; empty for what the settings say. Raises ParameterInvalid."""
    if not text:
        return organizations.AS_SETTINGS_SAY
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("Days are a whole number.", field="history_days")
    return int(text)


def limit_of(visit: Visit, resource: Resource) -> int | None:
    """A limit as the form says it; None for none of its own. Raises ParameterInvalid."""
    text = visit.form.text(resource)
    if not text:
        return None
    if text.lower() == _NO_LIMIT:
        return UNLIMITED
    try:
        return parse_bytes(text) if resource in SIZES else int(text)
    except ValueError as error:
        said = "a size, as 20GiB" if resource in SIZES else "a whole number"
        raise ParameterInvalid(worded("The limit is {said}.", said=said), field=str(resource)) from error
