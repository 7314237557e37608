"""Permissions on an organization: who may do what, given, changed and taken away. Managers see and do this."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from entrepot.access.levels import Level
from entrepot.access.scopes import Scope, parse_scope
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import grants, organizations, rules
from entrepot.registry.grants import Grantee, Kind
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import GroupName, OrganizationName, RobotName, UserName

ROWS: Final = 50
_A_DAY: Final = timedelta(days=1)  # a permission ends with the day before the one it ends at
_PARSED: Final[dict[Kind, Callable[[str], str]]] = {
    Kind.USER: UserName.parse,
    Kind.GROUP: GroupName.parse,
    Kind.ROBOT: RobotName.parse,
}


async def show_permissions(visit: Visit) -> View:
    """What was given on the organization and on patterns in it, also what is past its end."""
    registry, name = visit.rooms.registry, visit.organization
    organization = await organizations.show_organization(registry, visit.actor, name)
    scope, _, subject = visit.query("after").partition(" ")
    found = await grants.list_grants(registry, visit.actor, name, (scope, subject), ROWS + 1)
    following = f"{found[ROWS - 1].scope} {found[ROWS - 1].subject}" if len(found) > ROWS else None
    values = {"organization": organization, "grants": found[:ROWS], "following": following, "a_day": _A_DAY}
    return View("organizations/permissions.html", values)


async def set_permission(visit: Visit) -> Moved:
    """Give a level, or another one than before."""
    form = visit.form
    grantee = parse_grantee(visit)
    level = Level.parse(form.number("level") or 0)
    ends_at = rules.parse_deadline(form.text("until") or rules.FOREVER)
    scope = _scope(visit.organization, form.text("pattern"))
    await grants.set_grant(visit.rooms.registry, visit.actor, scope, grantee, level, ends_at)
    return _done(visit, visit.say("%(name)s has the permission from now on.", name=grantee.name))


async def remove_permission(visit: Visit) -> Moved:
    """Take away what was given on the organization itself or on a pattern in it."""
    grantee = parse_grantee(visit)
    scope = _scope(visit.organization, visit.form.text("pattern"))
    await grants.remove_grant(visit.rooms.registry, visit.actor, scope, grantee)
    return _done(visit, visit.say("%(name)s has lost the permission.", name=grantee.name))


def parse_grantee(visit: Visit) -> Grantee:
    """Whom the form names. Raises ParameterInvalid or NameInvalid."""
    said = visit.form.text("kind")
    if said not in tuple(Kind):
        raise ParameterInvalid("A permission is given to a user, a group or a robot.", field="kind")
    kind = Kind(said)
    return Grantee(kind, _PARSED[kind](visit.form.text("name").removeprefix(RobotName.PREFIX)))


def _done(visit: Visit, said: str) -> Moved:
    return Moved(f"/console/organizations/{visit.organization}/-/permissions", said)


def _scope(organization: OrganizationName, pattern: str) -> Scope:
    if not pattern:
        return organization
    if "*" not in pattern:
        raise ParameterInvalid("A pattern has a * in it, as team-*.", field="pattern")
    return parse_scope(f"{organization}/{pattern}")
