"""Work on ticked versions of an image: copy, move or delete them, give one another tag.

Each says first what it does.
"""

from collections.abc import Sequence
from typing import Final

from entrepot.access.levels import Level
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import browse, copying, deletion, organizations, renaming, retag
from entrepot.registry.immutability_rules import undeleted
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName

_COPIED_MAX: Final = 50
"""Versions that one form copies: each may have many platforms, and the browser waits."""


async def confirm_versions_deletion(visit: Visit) -> View:
    """What deleting the ticked versions would free and break."""
    plan = await deletion.plan_deletion(visit.rooms.registry, visit.actor, visit.repository, set(_tags(visit)))
    return View("images/delete_versions.html", {"path": visit.repository, "plan": plan})


async def delete_versions(visit: Visit) -> Moved:
    """Delete them, all or none; with `content` also images that nothing names then."""
    wanted = set(_tags(visit))
    done = await deletion.delete_tags(
        visit.rooms.registry, visit.actor, visit.repository, wanted, visit.form.flag("content")
    )
    said = visit.language.say_number("%(num)s version was deleted.", "%(num)s versions were deleted.", done.tags)
    return Moved(_image(visit), said)


async def new_copy(visit: Visit) -> View:
    """Where to, under which tag, and whether they stay here; for who may move them, what that would break."""
    registry, path, tags = visit.rooms.registry, visit.repository, _tags(visit)
    _image, level = await browse.show_image(registry, visit.actor, path)
    known = await organizations.list_organizations(registry, visit.actor)
    names = [one.name for one in known if one.level >= Level.EDIT and not one.is_filled_elsewhere]
    may_move = level >= Level.MANAGE
    plan = await deletion.plan_deletion(registry, visit.actor, path, set(tags)) if may_move else None
    values = {"path": path, "tags": tags, "choices": [(one, one) for one in names], "plan": plan}
    return View("images/copy.html", values)


async def copy_versions(visit: Visit) -> Moved:
    """Copy them; when they are to move, delete them here once all are there."""
    registry, form, source, tags = visit.rooms.registry, visit.form, visit.repository, _tags(visit)
    target = RepositoryName.parse(f"{OrganizationName.parse(form.text('organization'))}/{form.text('name')}")
    new_tag = form.text("tag_new")
    if new_tag and len(tags) > 1:
        raise ParameterInvalid("Several versions keep their tags; leave the new tag empty.", field="tag")
    if len(tags) > _COPIED_MAX:
        raise ParameterInvalid(worded("At most {copied_max} versions are copied at once.", copied_max=_COPIED_MAX))
    if form.flag("move") and target == source:
        raise ParameterInvalid("They are in this image already; name another one to move them to.", field="name")
    if form.flag("move"):
        plan = await deletion.plan_deletion(
            registry, visit.actor, source, set(tags)
        )  # who may not delete moves nothing
        if plan.kept:
            raise undeleted(source, plan.kept)
    for tag in tags:
        await copying.copy_image(
            registry,
            visit.actor,
            source,
            tag,
            target,
            TagName.parse(new_tag) if new_tag else tag,
            may_move=form.flag("override"),
            with_referrers=form.flag("referrers"),
        )
    if form.flag("move"):
        await deletion.delete_tags(registry, visit.actor, source, set(tags), with_content=True)
    said = visit.language.say_number("%(num)s version is there.", "%(num)s versions are there.", len(tags))
    return Moved(f"/console/images/{target}", said)


async def new_tag(visit: Visit) -> View:
    """The form for one more tag."""
    await browse.show_repository(visit.rooms.registry, visit.actor, visit.repository)
    return View("images/retag.html", {"path": visit.repository, "tag": _tags(visit)[0]})


async def add_tag(visit: Visit) -> Moved:
    """Let an image have one more tag."""
    tag, form = TagName.parse(visit.form.text("tag_new")), visit.form
    await retag.add_tag(
        visit.rooms.registry, visit.actor, visit.repository, _tags(visit)[0], tag, may_move=form.flag("override")
    )
    return Moved(_image(visit), visit.say("The image has the tag %(tag)s, too.", tag=tag))


async def new_name(visit: Visit) -> View:
    """The form for another name, with what that breaks."""
    plan = await renaming.plan_renaming(visit.rooms.registry, visit.actor, visit.repository)
    return View("images/rename.html", {"path": visit.repository, "plan": plan})


async def rename_image(visit: Visit) -> Moved:
    """Give the image another name in its organization."""
    new = RepositoryName.parse(f"{visit.repository.organization}/{visit.form.text('name')}")
    await renaming.rename_repository(visit.rooms.registry, visit.actor, visit.repository, new)
    return Moved(f"/console/images/{new}", visit.say("The image is called %(name)s from now on.", name=new))


def _tags(visit: Visit) -> Sequence[TagName]:
    """The versions that the form, or the address, names. Raises ParameterInvalid or TagInvalid."""
    said = visit.form.many("tag") or visit.request.query_params.getlist("tag")
    if not 0 < len(said) <= deletion.TAGS_MAX:
        raise ParameterInvalid(worded("Tick from 1 to {tags_max} versions.", tags_max=deletion.TAGS_MAX))
    return [TagName.parse(one) for one in dict.fromkeys(said)]


def _image(visit: Visit) -> str:
    return f"/console/images/{visit.repository}"
