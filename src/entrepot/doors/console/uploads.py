"""Uploads: archives of images that the page's script sends piece by piece, and what became of them."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import JSONResponse, Response

from entrepot.access.levels import Level
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.http import body as bodies
from entrepot.intake import receive
from entrepot.intake.receive import Archive
from entrepot.registry import organizations, quotas
from entrepot.registry.organizations import Organization
from entrepot.values.errors import ParameterInvalid, UploadInvalid, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from entrepot.values.ranges import parse_content_range

_PIECE_BYTES: Final = 8 << 20
_PAGE: Final = "/console/upload"


async def show_uploads(visit: Visit) -> View:
    """Where files are chosen, and the visitor's own archives."""
    visit.need_account()
    found = await _organizations(visit)
    values = {
        "organizations": found,
        "limits": await quotas.archive_limits(visit.rooms.registry, visit.actor, found),
        "archives": await receive.list_archives(visit.rooms.intake, visit.actor),
        "piece_bytes": _PIECE_BYTES,
    }
    return View("uploads/page.html", values)


async def announce_upload(visit: Visit) -> View:
    """The row of an archive that is about to come, or is gone on with."""
    form = visit.form
    organization = OrganizationName.parse(form.text("organization"))
    size = form.number("size")
    if size is None:
        raise ParameterInvalid("The size of the file is missing.", field="size")
    made = await receive.announce_archive(
        visit.rooms.intake,
        visit.actor,
        organization,
        form.text("file_name"),
        size,
        form.text("fingerprint"),
        *_place(visit, organization),
    )
    return _row(made)


async def show_upload(visit: Visit) -> View:
    """The row of one archive as it stands now."""
    return _row(await _own(visit))


async def append_upload(visit: Visit) -> Response:
    """Take a piece; how much is held then."""
    request = visit.request
    first, last = parse_content_range(request.headers.get("content-range", ""))
    length = bodies.declared_length(request.headers.get("content-length"))
    if length not in (None, last - first + 1):
        raise UploadInvalid(
            worded("Content-Range names {last} bytes, Content-Length {length}.", last=last - first + 1, length=length)
        )
    chunks = bodies.stream(request.receive, length, visit.rooms.body_idle_seconds)
    held = await receive.append_archive(
        visit.rooms.intake, visit.actor, visit.names["archive"], chunks, first, last - first + 1
    )
    return JSONResponse({"held": held})


async def finish_upload(visit: Visit) -> View | Moved:
    """Have the archive imported; for one that waits for a name, with what the form says."""
    archive = await _own(visit)
    place = _place(visit, archive.organization)
    found = await receive.hand_in_archive(visit.rooms.intake, visit.actor, archive.id, *place)
    return _row(found) if "x-script" in visit.request.headers else Moved(_PAGE)


async def confirm_cancellation(visit: Visit) -> View:
    """What is lost, before it is."""
    return View("uploads/cancel.html", {"archive": await _own(visit)})


async def cancel_upload(visit: Visit) -> Moved:
    """Forget an archive, whether it is under way or came to its end."""
    archive = await _own(visit)
    await receive.cancel_archive(visit.rooms.intake, visit.actor, archive.id)
    return Moved(_PAGE, visit.say("%(name)s was removed from the list.", name=archive.file_name))


def _row(archive: Archive) -> View:
    return View("uploads/one.html", {"archive": archive})


async def _own(visit: Visit) -> Archive:
    return await receive.show_archive(visit.rooms.intake, visit.actor, visit.names["archive"])


def _place(visit: Visit, organization: OrganizationName) -> tuple[RepositoryName | None, TagName | None]:
    repository, tag = visit.form.text("repository"), visit.form.text("tag")
    inside = repository.removeprefix(f"{organization}/")
    return (
        RepositoryName.parse(f"{organization}/{inside}") if inside else None,
        TagName.parse(tag) if tag else None,
    )


async def _organizations(visit: Visit) -> Sequence[Organization]:
    """Those the visitor may edit first; in the others perhaps single images.

    Nobody uploads to a mirror, or to one that merges others.
    """
    found = await organizations.list_organizations(visit.rooms.registry, visit.actor, including_visible=True)
    return sorted(
        (one for one in found if not one.is_filled_elsewhere), key=lambda one: (one.level < Level.EDIT, one.name)
    )
