"""Permissions on one image: everything that counts for it and where that comes from; what is its own can be changed."""

from entrepot.access.levels import Action, Level
from entrepot.doors.console.image import framed
from entrepot.doors.console.images import ROWS
from entrepot.doors.console.permissions import parse_grantee
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import explaining, grants, permitted, rules


async def show_image_permissions(visit: Visit) -> View:
    """Who may do what, for managers; for others what they themselves may, and because of what."""
    visit.need_account()
    about = await framed(visit)
    registry, path = visit.rooms.registry, visit.repository
    if about["level"] < Level.MANAGE:
        found = await explaining.explain_access(registry, visit.actor, explaining.ME, Action.REPOSITORY_PULL, path)
        return View("images/own_permission.html", about | {"reasons": found.reasons})
    given, following = await permitted.list_permissions(registry, visit.actor, path, visit.query("after"), ROWS)
    return View("images/permissions.html", about | {"given": given, "following": following})


async def set_image_permission(visit: Visit) -> Moved:
    """Give a level on this image, or another one than before."""
    grantee, form = parse_grantee(visit), visit.form
    level = Level.parse(form.number("level") or 0)
    ends_at = rules.parse_deadline(form.text("until") or rules.FOREVER)
    await grants.set_grant(visit.rooms.registry, visit.actor, visit.repository, grantee, level, ends_at)
    return _done(visit, visit.say("%(name)s has the permission from now on.", name=grantee.name))


async def remove_image_permission(visit: Visit) -> Moved:
    """Take away what was given on the image itself."""
    grantee = parse_grantee(visit)
    await grants.remove_grant(visit.rooms.registry, visit.actor, visit.repository, grantee)
    return _done(visit, visit.say("%(name)s has lost the permission.", name=grantee.name))


def _done(visit: Visit, said: str) -> Moved:
    return Moved(f"/console/images/{visit.repository}/-/permissions", said)
