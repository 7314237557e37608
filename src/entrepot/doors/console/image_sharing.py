"""Sharing one image with other domains (contract §7): listed, given, changed, ended."""

from datetime import datetime
from typing import Final

from entrepot.doors.console.image import framed
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import rules, sharing
from entrepot.registry.sharing import Share
from entrepot.values.errors import ParameterInvalid, ShareUnknown, worded
from entrepot.values.names import DomainName

_ROWS: Final = 50
_DIGITS_MAX: Final = 4


async def show_sharing(visit: Visit) -> View:
    """Whom the image is shared with, ended shares too."""
    about = await framed(visit)
    offset = _offset(visit.query("after"))
    found, total = await sharing.list_shares(visit.rooms.registry, visit.actor, visit.repository, offset, _ROWS)
    following = str(offset + _ROWS) if offset + _ROWS < total else None
    return View("images/sharing.html", about | {"shares": found, "following": following})


async def share_image(visit: Visit) -> Moved:
    """Let another domain pull it."""
    receiver = DomainName.parse(visit.form.text("domain"))
    await sharing.share_repository(
        visit.rooms.registry, visit.actor, visit.repository, receiver, _ends_at(visit), visit.form.text("note")
    )
    return _done(visit, visit.say("%(name)s may pull the image from now on.", name=receiver))


async def edit_share(visit: Visit) -> View:
    """One share, to be given another end or another note."""
    return View("images/share.html", await framed(visit) | {"share": await _share(visit)})


async def change_image_share(visit: Visit) -> Moved:
    receiver = DomainName.parse(visit.names["domain"])
    await sharing.change_share(
        visit.rooms.registry, visit.actor, visit.repository, receiver, _ends_at(visit), visit.form.text("note")
    )
    return _done(visit, visit.say("The share with %(name)s was changed.", name=receiver))


async def confirm_end(visit: Visit) -> View:
    """What ending a share means, before it is done."""
    return View("images/end_share.html", await framed(visit) | {"share": await _share(visit)})


async def end_image_share(visit: Visit) -> Moved:
    receiver = DomainName.parse(visit.names["domain"])
    await sharing.end_share(visit.rooms.registry, visit.actor, visit.repository, receiver)
    return _done(visit, visit.say("The share with %(name)s has ended.", name=receiver))


async def _share(visit: Visit) -> Share:
    receiver = DomainName.parse(visit.names["domain"])
    found = await sharing.show_share(visit.rooms.registry, visit.actor, visit.repository, receiver)
    if found is None:
        raise ShareUnknown(
            worded("{repository} is not shared with {receiver}.", repository=visit.repository, receiver=receiver)
        )
    return found


def _done(visit: Visit, said: str) -> Moved:
    return Moved(f"/console/images/{visit.repository}/-/sharing", said)


def _ends_at(visit: Visit) -> datetime | None:
    return rules.parse_deadline(visit.form.text("until") or rules.FOREVER)


def _offset(text: str) -> int:
    """There are a few hundred shares of an image at most (`rules.SHARES_MAX`). Raises ParameterInvalid."""
    if text and not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise ParameterInvalid("The marker is not one that this list gave.", kind="marker")
    return int(text or 0)
