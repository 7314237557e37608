"""Domains, for operators: made with their first administrator, limited, deleted."""

from entrepot.accounts import domains
from entrepot.db.walking import marker_of
from entrepot.doors.console.admin.parts import BY_AGE, ROWS, asked, page_of, sorting
from entrepot.doors.console.organizations import limit_of
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import quotas
from entrepot.registry.domains import delete_domain as remove
from entrepot.registry.quota_rules import OF_DOMAIN
from entrepot.values.names import DomainName, UserName

HOME = "/console/admin/domains"


async def list_domains(visit: Visit) -> View:
    """Domains by name."""
    part = visit.query("q")
    key, order, descending = sorting(visit, BY_AGE)
    found = await domains.list_domains(
        visit.rooms.accounts, visit.actor, visit.query("after"), ROWS + 1, part, order, descending
    )
    rows, following = page_of(found, lambda one: marker_of(order, one))
    values = {"domains": rows, "following": following, "part": part}
    return View("admin/domains/list.html", {**values, "order": key, "descending": descending})


async def new_domain(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_operator()
    return View("admin/domains/new.html")


async def create_domain(visit: Visit) -> Moved:
    """A domain with its first administrator."""
    form = visit.form
    name, admin = DomainName.parse(form.text("name")), UserName.parse(form.text("admin"))
    await domains.create_domain(visit.rooms.accounts, visit.actor, name, admin, form.secret("password"))
    login = f"{name}/{admin}"
    said = visit.say("Domain %(name)s was created. Its administrator signs in as %(login)s.", name=name, login=login)
    return Moved(_at(name), said)


async def show_domain(visit: Visit) -> View:
    """One domain: what it holds and may hold."""
    visit.need_operator()
    name = _name(visit)
    values = {
        "domain": await domains.show_domain(visit.rooms.accounts, visit.actor, name),
        "quotas": await quotas.show_domain_quotas(visit.rooms.registry, visit.actor, name),
    }
    return View("admin/domains/show.html", values)


async def limit_domain(visit: Visit) -> Moved:
    """Set its limits; an empty field is what the settings say."""
    name = _name(visit)
    limits = {resource: limit_of(visit, resource) for resource in OF_DOMAIN}
    await quotas.set_domain_quotas(visit.rooms.registry, visit.actor, name, limits)
    return Moved(_at(name), visit.say("The limits hold from now on."))


async def confirm_deleting_domain(visit: Visit) -> View:
    """What ends with it."""
    visit.need_operator()
    name = _name(visit)
    await domains.show_domain(visit.rooms.accounts, visit.actor, name)
    held = await quotas.show_domain_quotas(visit.rooms.registry, visit.actor, name)
    organizations = next((one.used for one in held if one.resource == "organizations"), 0)
    says = [visit.say("All its users, groups, robots, federations and identity providers end with it.")]
    if organizations:
        says.insert(
            0,
            visit.language.say_number(
                "It still has %(num)s organization; delete or transfer it first.",
                "It still has %(num)s organizations; delete or transfer them first.",
                organizations,
            ),
        )
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Delete"), _at(name))


async def delete_domain(visit: Visit) -> Moved:
    """Remove it, when it has no organizations."""
    name = _name(visit)
    await remove(visit.rooms.registry, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _name(visit: Visit) -> DomainName:
    return DomainName.parse(visit.names["domain"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
