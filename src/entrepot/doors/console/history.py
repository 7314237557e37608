"""What a tag named and when, and the way back to it. A tag that was deleted has its history still."""

from entrepot.doors.console.versions import frame
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import history, inspect, retag
from entrepot.registry.history import Interval
from entrepot.values.digest import Digest
from entrepot.values.errors import ParameterInvalid

ROWS = 50
_ID_CHARS_MAX = 18  # of a row's number


async def show_history(visit: Visit) -> View:
    """Every interval, the newest first."""
    registry, path, tag = visit.rooms.registry, visit.repository, visit.tag
    now = await _now(visit)
    items, has_more = await history.list_tag_history(registry, visit.actor, path, tag, _before(visit), ROWS)
    values = {
        "path": path,
        "tag": tag,
        "now": now,
        "items": items,
        "following": str(items[-1].id) if has_more else "",
        "may_restore": await history.may_restore(registry, visit.actor, path),
    }
    if now is None:
        return View("versions/history_deleted.html", values)
    manifest = await inspect.show_version(registry, visit.actor, path, tag)
    return View("versions/history.html", {**values, **await frame(visit, tag, manifest)})


async def confirm_restore(visit: Visit) -> View:
    """What going back means, before it is done."""
    digest = Digest.parse(visit.form.text("digest") or visit.query("to"))
    values = {"path": visit.repository, "tag": visit.tag, "now": await _now(visit), "digest": str(digest)}
    return View("versions/restore.html", values)


async def restore_tag(visit: Visit) -> Moved:
    path, tag = visit.repository, visit.tag
    await retag.restore_tag(visit.rooms.registry, visit.actor, path, tag, Digest.parse(visit.form.text("digest")))
    said = visit.say("%(tag)s names this version again.", tag=tag)
    return Moved(f"/console/images/{path}/-/versions/{tag}", said)


async def _now(visit: Visit) -> Interval | None:
    """What the tag names, None when it is deleted. Raises ManifestUnknown for one that never was."""
    newest, _ = await history.list_tag_history(visit.rooms.registry, visit.actor, visit.repository, visit.tag, None, 1)
    return newest[0] if newest and newest[0].valid_until is None else None


def _before(visit: Visit) -> int | None:
    text = visit.query("after")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _ID_CHARS_MAX:
        raise ParameterInvalid("The marker is not one that this list gave.", kind="marker")
    return int(text)
