"""The page of one image: its versions, its description, how to pull it; and the frame of its other tabs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from entrepot.access.levels import Level
from entrepot.doors.console.images import ROWS
from entrepot.doors.console.markdown import to_html
from entrepot.doors.console.pulling import ways_to_pull
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror.origins import show_origin
from entrepot.registry import browse, repositories, versions
from entrepot.registry.browse import Listed
from entrepot.registry.rules import DESCRIPTION_CHARS_MAX
from entrepot.registry.versions import Version
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.kinds import Kind

_ORDERS: Final[Mapping[str, TagOrder]] = {"updated": TagOrder.UPDATED, "name": TagOrder.NAME}
_LONG_CHARS: Final = 600  # a description that is longer is folded up
_RUNNABLE: Final = frozenset({Kind.IMAGE, Kind.INDEX, Kind.CHART})


async def framed(visit: Visit) -> dict[str, Any]:
    """What the head and the tabs of an image's pages show. Raises Unauthenticated or RepositoryUnknown."""
    image, level = await browse.show_image(visit.rooms.registry, visit.actor, visit.repository)
    repository = image.repository
    origin = await show_origin(visit.rooms.mirror, visit.actor, repository.path) if repository.is_mirror else None
    tabs = _tabs(visit, image, level)
    return {"image": image, "level": level, "path": repository.path, "tab_list": tabs, "origin": origin}


def _tabs(visit: Visit, image: Listed, level: Level) -> Sequence[tuple[str, str, int | None]]:
    """Pages of the image that the visitor can use: name, path, count."""
    here, say = f"/console/images/{image.repository.path}", visit.say
    tabs: list[tuple[str, str, int | None]] = [
        (say("Versions"), here, image.tags),
        (say("Usage"), f"{here}/-/usage", None),
    ]
    if not visit.actor.is_anonymous:
        tabs.append((say("Permissions"), f"{here}/-/permissions", None))
    if level >= Level.MANAGE:
        tabs.append((say("Sharing"), f"{here}/-/sharing", None))
    if not visit.actor.is_anonymous:
        tabs.append((say("Automation"), f"{here}/-/automation", None))
    if level >= Level.EDIT:
        tabs.append((say("Settings"), f"{here}/-/settings", None))
    return tabs


async def show_image(visit: Visit) -> View:
    """The versions of one repository, under its description and the ways to pull it."""
    about = await framed(visit)
    order, descending = visit.query("order") or "updated", visit.query("direction") != "asc"
    if order not in _ORDERS:
        raise ParameterInvalid(
            worded("Versions are sorted by one of {orders}.", orders=", ".join(_ORDERS)), kind="query"
        )
    part, after = visit.query("q"), visit.query("after")
    wanted = WantedTags(part, _ORDERS[order], descending, after, ROWS)
    found, following = await versions.list_versions(visit.rooms.registry, visit.actor, visit.repository, wanted)
    if about["origin"] is not None:
        names = [one.tagged.name for one in found]
        about["origin"] = await show_origin(visit.rooms.mirror, visit.actor, visit.repository, names)
    is_first = not part and not after and order == "updated" and descending
    newest = _newest(found if is_first else await _first(visit))
    text = about["image"].repository.description
    values = about | {
        "versions": found,
        "following": following,
        "part": part,
        "order": order,
        "descending": descending,
        "description": to_html(text),
        "is_long": len(text) > _LONG_CHARS,
        "newest": newest,
        "ways": ways_to_pull(visit, about["image"].repository, newest) if newest else (),
    }
    return View("images/show.html", values)


async def _first(visit: Visit) -> Sequence[Version]:
    wanted = WantedTags(limit=ROWS)
    found, _ = await versions.list_versions(visit.rooms.registry, visit.actor, visit.repository, wanted)
    return found


def _newest(found: Sequence[Version]) -> Version | None:
    """What somebody who comes here probably wants to pull: no signature, though it is pushed last."""
    return next((one for one in found if one.kind in _RUNNABLE), found[0] if found else None)


async def edit_description(visit: Visit) -> View:
    """The description in a field, as it was typed."""
    return View("images/description.html", await framed(visit) | {"chars_max": DESCRIPTION_CHARS_MAX})


async def save_description(visit: Visit) -> Moved:
    path = visit.repository
    # A browser sends lines as they end on paper (HTML, "multipart/form-data" and URL-encoded forms alike).
    text = visit.form.secret("description").replace("\r\n", "\n").rstrip()
    await repositories.change_repository(visit.rooms.registry, visit.actor, path, description=text)
    return Moved(f"/console/images/{path}", visit.say("The description was saved."))
