"""Settings of one image: who sees it, its category; and its end."""

from entrepot.doors.console.image import framed
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import removal, repositories
from entrepot.registry.rules import CATEGORIES
from entrepot.values.errors import ParameterInvalid, worded

_PUBLIC, _PRIVATE = "public", "private"


async def show_image_settings(visit: Visit) -> View:
    """Visibility and category, and the way to delete it."""
    visit.need_account()
    return View("images/settings.html", await framed(visit) | {"categories": CATEGORIES})


async def change_image_settings(visit: Visit) -> Moved:
    """Change what the form has; who may not make it public or private is not asked about that."""
    form, path = visit.form, visit.repository
    visibility = form.text("visibility")
    if visibility not in ("", _PUBLIC, _PRIVATE):
        raise ParameterInvalid("An image is public or private.", field="visibility")
    is_public = visibility == _PUBLIC if visibility else None
    await repositories.change_repository(
        visit.rooms.registry, visit.actor, path, is_public=is_public, category=form.text("category") or None
    )
    return Moved(f"/console/images/{path}/-/settings", visit.say("The settings were saved."))


async def confirm_image_deletion(visit: Visit) -> View:
    """What would go, before it goes."""
    about = await framed(visit)
    plan = await removal.plan_removal(visit.rooms.registry, visit.actor, visit.repository)
    return View("images/delete.html", about | {"plan": plan})


async def delete_image(visit: Visit) -> Moved:
    path = visit.repository
    if visit.form.text("confirm") != path.name:
        raise ParameterInvalid(worded("Type {name} to delete it.", name=path.name), field="confirm")
    await repositories.delete_repository(visit.rooms.registry, visit.actor, path)
    return Moved("/console/images", visit.say("Image %(name)s was deleted.", name=path))
