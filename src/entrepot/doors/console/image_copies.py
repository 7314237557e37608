"""Copies of an image in other regions: by which rules, what became of each; tried again, called off."""

from typing import Any, Final

from entrepot.doors.console.problems import translated
from entrepot.doors.console.visit import Moved, Visit
from entrepot.mirror import copies, sync
from entrepot.mirror.kept import readable
from entrepot.mirror.rules import UNDER_WAY, Status
from entrepot.values.errors import ParameterInvalid

_SHOWN: Final = 50
_DIGITS_MAX: Final = 18


async def copies_of(visit: Visit) -> dict[str, Any]:
    """What the page about an image's automation shows of its copies. Raises Unauthenticated or RepositoryUnknown."""
    mirror, path = visit.rooms.mirror, visit.repository
    rules, _ = await sync.list_rules(mirror, visit.actor, path)
    page = await copies.follow_copies(mirror, visit.actor, path, None, _SHOWN)
    is_busy = any(one.status in UNDER_WAY for one in page.items)
    has_more = page.after is not None
    return {
        "copy_rules": rules,
        "copies": page.items,
        "why": {one.id: translated(one.error, visit.language) or readable(one.error) for one in page.items},
        "copies_are_busy": is_busy,
        "has_more_copies": has_more,
        "under_way": UNDER_WAY,
        "copied": Status.SUCCESS,
    }


async def retry_copy(visit: Visit) -> Moved:
    """Try a copy again."""
    await copies.retry_copy(visit.rooms.mirror, visit.actor, visit.repository, _number(visit))
    return Moved(_home(visit), visit.say("The copy is tried again."))


async def cancel_copy(visit: Visit) -> Moved:
    """Call a copy off."""
    await copies.cancel_copy(visit.rooms.mirror, visit.actor, visit.repository, _number(visit))
    return Moved(_home(visit), visit.say("The copy was called off."))


def _home(visit: Visit) -> str:
    return f"/console/images/{visit.repository}/-/automation"


def _number(visit: Visit) -> int:
    text = visit.names["copy"]
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("A copy has a number.", kind="number")
    return int(text)
