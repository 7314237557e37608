"""Search: what the field at the top finds, grouped."""

from typing import Final

from entrepot.doors.console.mirroring import hosts_behind
from entrepot.doors.console.visit import View, Visit
from entrepot.registry.search import search_everything, wanted_labels

_EACH_MAX: Final = 20


async def show_search(visit: Visit) -> View:
    """Images, versions and digests that fit, of all the visitor may read."""
    text = visit.query("q")
    # Whoever pastes what docker pulls means what follows the host.
    wanted = text.removeprefix("docker pull ").removeprefix(f"{visit.host}/")
    found = await search_everything(visit.rooms.registry, visit.actor, wanted.strip(), _EACH_MAX)
    labels, _rest = wanted_labels(wanted)
    mirrors = await hosts_behind(visit, found.images)
    values = {"text": text, "wanted": wanted, "found": found, "is_by_label": bool(labels), "mirrors": mirrors}
    return View("search.html", values)
