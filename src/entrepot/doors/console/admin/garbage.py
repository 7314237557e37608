"""Garbage, for operators: how collection stands, a collection now, why a digest is here."""

from typing import Final

from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.upkeep import garbage

HOME: Final = "/console/admin/garbage"
_ROWS: Final = 20


async def show_garbage(visit: Visit) -> View:
    """How collection stands, what was collected, and one digest explained."""
    upkeep, digest = visit.rooms.upkeep, visit.query("digest").strip()
    standing = await garbage.show_garbage(upkeep, visit.actor)
    found, following = await garbage.list_collections(upkeep, visit.actor, visit.query("after"), _ROWS)
    explained = await garbage.explain_digest(upkeep, visit.actor, digest) if digest else None
    values = {
        "standing": standing,
        "collections": found,
        "following": following,
        "digest": digest,
        "explained": explained,
        "counted_max": garbage.COUNTED_MAX,
    }
    return View("admin/garbage.html", values)


async def collect_garbage(visit: Visit) -> Moved:
    """Have everything that is due collected now."""
    await garbage.request_collection(visit.rooms.upkeep, visit.actor)
    return Moved(HOME, visit.say("A worker collects now."))
