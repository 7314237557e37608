"""Lists of images: one's own, those shared by others, those that everybody may pull."""

from collections.abc import Mapping
from typing import Final

from entrepot.doors.console.mirroring import hosts_behind
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import browse, shared
from entrepot.registry.rules import CATEGORIES
from entrepot.registry.search import wanted_labels
from entrepot.registry.wanted import WalkOrder, WantedRepositories, WantedShared
from entrepot.values.errors import ParameterInvalid, worded

ROWS: Final = 50
_ORDERS: Final[Mapping[str, WalkOrder]] = {
    "updated": WalkOrder.UPDATED,
    "name": WalkOrder.NAME,
    "organization": WalkOrder.PATH,
}
_DIGITS_MAX: Final = 18


async def list_images(visit: Visit) -> View:
    """Repositories the visitor may read."""
    visit.need_account()
    return await _list(visit, visit.say("My images"))


async def list_public(visit: Visit) -> View:
    """Repositories that everybody may read."""
    return await _list(visit, visit.say("Public images"), is_public=True)


async def _list(visit: Visit, title: str, is_public: bool | None = None) -> View:
    order, descending = visit.query("order") or "updated", visit.query("direction") != "asc"
    if order not in _ORDERS:
        raise ParameterInvalid(
            worded("A list of images is sorted by one of {orders}.", orders=", ".join(_ORDERS)), kind="query"
        )
    part, category = visit.query("q"), visit.query("category")
    organization = visit.query("organization")
    labels, name_part = wanted_labels(part)
    wanted = WantedRepositories(
        organization=organization or None,
        name_part=name_part or None,
        category=category or None,
        is_public=is_public,
        labels=labels,
    )
    items, following = await browse.list_repositories_from(
        visit.rooms.registry, visit.actor, wanted, _ORDERS[order], descending, visit.query("after"), ROWS
    )
    values = {
        "title": title,
        "items": items,
        "following": following,
        "part": part,
        "category": category,
        "organization": organization,
        "categories": CATEGORIES,
        "order": order,
        "descending": descending,
        "is_public_list": bool(is_public),
        "mirrors": await hosts_behind(visit, items),
    }
    return View("images/list.html", values)


async def list_shared(visit: Visit) -> View:
    """Repositories that other domains share with the visitor's."""
    return await _list_shared(visit, is_given=False)


async def list_given(visit: Visit) -> View:
    """Repositories that the visitor's domain shares with others."""
    return await _list_shared(visit, is_given=True)


async def _list_shared(visit: Visit, is_given: bool) -> View:
    visit.need_account()
    part, after = visit.query("q"), visit.query("after")
    if after and not (after.isascii() and after.isdigit() and len(after) <= _DIGITS_MAX):
        raise ParameterInvalid("The marker is not one that this list gave.", kind="marker")
    labels, name_part = wanted_labels(part)
    category = visit.query("category")
    wanted = WantedShared(is_given=is_given, name_part=name_part or None, category=category or None, labels=labels)
    items, has_more = await shared.list_shared_after(visit.rooms.registry, visit.actor, wanted, int(after or 0), ROWS)
    following = str(items[-1].listed.repository.id) if has_more else None
    values = {
        "items": items,
        "following": following,
        "part": part,
        "category": category,
        "categories": CATEGORIES,
        "is_given": is_given,
    }
    return View("images/shared.html", values)
