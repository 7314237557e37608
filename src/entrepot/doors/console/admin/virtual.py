"""Virtual organizations, for operators: those that merge others."""

from collections.abc import Sequence
from typing import Final

from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.problems import sentence_of
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror.virtual import definitions
from entrepot.mirror.virtual.definitions import Change, Definition, Merged, ShownMember
from entrepot.mirror.virtual.explaining import Explained, explain
from entrepot.plumbing.units import parse_seconds, show_seconds
from entrepot.values.errors import NameInvalid, ParameterInvalid, Refused, worded
from entrepot.values.names import OrganizationName, RepositoryName
from entrepot.values.reference import parse_reference

HOME: Final = "/console/admin/virtual"
_REFUSED: Final = "!"
"""Stands before a pattern of what a member does not give."""


async def list_virtuals(visit: Visit) -> View:
    """Virtual organizations by name."""
    visit.need_operator()
    page = await definitions.list_virtuals(visit.rooms.mirror, visit.actor, visit.query("after"), ROWS)
    return View("admin/virtual/list.html", {"virtuals": page.items, "following": page.after or ""})


async def new_virtual(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_operator()
    return View("admin/virtual/new.html", {"members": "", "quarantine": ""})


async def create_virtual(visit: Visit) -> Moved:
    """Merge organizations in one that is made for it."""
    form, name = visit.form, OrganizationName.parse(visit.form.text("name"))
    with at_its_field():
        definition = Definition(_members(form), _patterns(form, "allow"), _patterns(form, "deny"), _quarantine(form))
        await definitions.create_virtual(visit.rooms.mirror, visit.actor, name, definition, form.flag("public"))
    return Moved(_at(name), visit.say("%(name)s was created.", name=name))


async def show_virtual(visit: Visit) -> View:
    """One virtual organization."""
    visit.need_operator()
    return await _shown(visit, None)


async def explain_virtual(visit: Visit) -> View:
    """The same with who answers for an image that is asked about."""
    visit.need_operator()
    name = _name(visit)
    repository, _, digest = visit.query("what").strip().partition("@")
    repository, _, tag = repository.partition(":")
    path = RepositoryName.parse(f"{name}/{repository}")
    reference = parse_reference(digest or tag) if digest or tag else None
    return await _shown(visit, await explain(visit.rooms.mirror, visit.actor, name, path, reference))


async def virtual_settings(visit: Visit) -> View:
    """What can be changed of it."""
    visit.need_operator()
    found = await definitions.show_virtual(visit.rooms.mirror, visit.actor, _name(visit))
    values = {
        "virtual": found,
        "members": "\n".join(_line(one) for one in found.members),
        "quarantine": _length(found.quarantine_seconds),
    }
    return View("admin/virtual/settings.html", values)


async def change_virtual(visit: Visit) -> Moved:
    """Change what the form says."""
    form, name = visit.form, _name(visit)
    with at_its_field():
        change = Change(_members(form), _patterns(form, "allow"), _patterns(form, "deny"), _quarantine(form))
        await definitions.change_virtual(visit.rooms.mirror, visit.actor, name, change)
    return Moved(_at(name), visit.say("Saved."))


async def forget_names(visit: Visit) -> Moved:
    """Let names belong to no member any more."""
    name, pattern = _name(visit), visit.form.text("forget")
    if not pattern:
        raise ParameterInvalid("Say which names, as team/*.", field="forget")
    with at_its_field():
        await definitions.change_virtual(visit.rooms.mirror, visit.actor, name, Change(forget=pattern))
    return Moved(_at(name), visit.say("The next pull of such a name finds the member that has it."))


async def confirm_deleting_virtual(visit: Visit) -> View:
    """What ending it means."""
    visit.need_operator()
    name = _name(visit)
    await definitions.show_virtual(visit.rooms.mirror, visit.actor, name)
    says = [
        visit.say("Nothing can be pulled by its name any more. What it merges stays where it is."),
        visit.say("It stays as an empty organization, so that nobody else takes the name."),
    ]
    title = visit.say("End the virtual organization %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("End it"), _at(name))


async def delete_virtual(visit: Visit) -> Moved:
    """Merge nothing more."""
    name = _name(visit)
    await definitions.delete_virtual(visit.rooms.mirror, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s merges nothing any more.", name=name))


async def _shown(visit: Visit, explained: Explained | None) -> View:
    found = await definitions.show_virtual(visit.rooms.mirror, visit.actor, _name(visit))
    values = {
        "virtual": found,
        "quarantine": _length(found.quarantine_seconds),
        "what": visit.query("what"),
        "found": explained,
        "why": sentence_of(Refused(explained.why), visit.language) if explained else "",
    }
    return View("admin/virtual/show.html", values)


def _members(form: Form) -> Sequence[Merged]:
    """One a line: a name, patterns of what of it, and with `!` before them, of what not. Raises ParameterInvalid."""
    return [_member(line.split()) for line in form.text("members").splitlines() if line.strip()]


def _member(words: Sequence[str]) -> Merged:
    name, *patterns = words
    try:
        organization = OrganizationName.parse(name)
    except NameInvalid as error:
        raise ParameterInvalid(error.message, field="members") from error
    allow = [one for one in patterns if not one.startswith(_REFUSED)]
    return Merged(organization, allow, [one[1:] for one in patterns if one.startswith(_REFUSED)])


def _line(member: ShownMember) -> str:
    return " ".join([member.organization, *member.allow, *[f"{_REFUSED}{one}" for one in member.deny]])


def _patterns(form: Form, name: str) -> Sequence[str]:
    return form.text(name).split()


def _quarantine(form: Form) -> int:
    """Raises ParameterInvalid."""
    text = form.text("quarantine")
    try:
        return parse_seconds(text) if text else 0
    except ValueError as error:
        raise ParameterInvalid(
            worded("A time is written as 3d or 12h, not {text}.", text=text), field="quarantine"
        ) from error


def _length(seconds: int) -> str:
    return show_seconds(seconds) if seconds else ""


def _name(visit: Visit) -> OrganizationName:
    return OrganizationName.parse(visit.names["virtual"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
