"""Images: lists of repositories, and one with its versions."""

from entrepot.doors.console.visit import View, Visit
from entrepot.registry import browse, tagged
from entrepot.registry.wanted import RepositoryOrder, TagOrder, WantedRepositories

ROWS = 50


async def list_images(visit: Visit) -> View:
    """Repositories the visitor may read."""
    visit.need_account()
    return await _list(visit, WantedRepositories(name_part=visit.query("q") or None), "images/list.html")


async def list_public(visit: Visit) -> View:
    """Repositories that everybody may read."""
    wanted = WantedRepositories(name_part=visit.query("q") or None, is_public=True)
    return await _list(visit, wanted, "images/list.html")


async def _list(visit: Visit, wanted: WantedRepositories, template: str) -> View:
    registry = visit.rooms.registry
    page = await browse.list_repositories(registry, visit.actor, wanted, RepositoryOrder.UPDATED, True, 0, ROWS)
    return View(template, {"page": page, "part": visit.query("q")})


async def show_image(visit: Visit) -> View:
    """One repository with its versions."""
    registry, path = visit.rooms.registry, visit.repository
    found = await browse.show_repository(registry, visit.actor, path)
    part = visit.query("q")
    tags, following = await tagged.list_tagged_after(
        registry, visit.actor, path, part, TagOrder.UPDATED, True, visit.query("after"), ROWS, with_bodies=True
    )
    return View("images/show.html", {"image": found, "tags": tags, "following": following, "part": part})
