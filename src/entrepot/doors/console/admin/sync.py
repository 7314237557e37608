"""Synchronisation, for operators: rules for several regions, and the copies of all repositories."""

from typing import Any, Final

from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.problems import translated
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import copies, regions, wide_sync
from entrepot.mirror.copies import Copy
from entrepot.mirror.kept import readable
from entrepot.mirror.rules import UNDER_WAY, Status
from entrepot.mirror.wide_rules import DEFAULTS, Direction, WideRule
from entrepot.plumbing.units import parse_bytes, parse_seconds
from entrepot.values.errors import ParameterInvalid, RuleExists, worded
from entrepot.values.names import SyncRuleName

HOME: Final = "/console/admin/sync"
COPIES: Final = f"{HOME}/-/copies"
_SHOWN: Final = 20
_DIGITS_MAX: Final = 18
_EMPTY: Final = WideRule.of({**DEFAULTS, "direction": "push", "regions": ["region"], "repositories": ["*"]})


async def list_sync_rules(visit: Visit) -> View:
    """Rules by name."""
    page = await wide_sync.list_wide_rules(visit.rooms.mirror, visit.actor, visit.query("after"), ROWS)
    why = {one.name: "" if one.last is None else _said(visit, one.last.error) for one in page.items}
    return View("admin/sync/list.html", {"rules": page.items, "why": why, "following": page.after or ""})


async def new_sync_rule(visit: Visit) -> View:
    """The form for a new one."""
    visit.need_operator()
    values = {"known": await _known(visit), "rule": _EMPTY, "chosen": visit.form.many("regions")}
    return View("admin/sync/new.html", values)


async def create_sync_rule(visit: Visit) -> Moved:
    """Make it; it begins with what is there."""
    name = SyncRuleName.parse(visit.form.text("name"))
    try:
        with at_its_field(region="regions"):
            await wide_sync.create_wide_rule(visit.rooms.mirror, visit.actor, name, _given(visit.form))
    except RuleExists as error:
        raise ParameterInvalid(error.message, field="name") from error
    return Moved(_at(name), visit.say("%(name)s works from now on, and begins with what is there.", name=name))


async def show_sync_rule(visit: Visit) -> View:
    """One rule, how its last run went, and its newest copies."""
    mirror, name = visit.rooms.mirror, _name(visit)
    shown = await wide_sync.show_wide_rule(mirror, visit.actor, name)
    page = await copies.list_all_copies(mirror, visit.actor, name, (), None, _SHOWN)
    error = "" if shown.last is None else _said(visit, shown.last.error)
    is_looked_for = shown.due_at is not None and shown.due_at <= visit.now
    values = {"shown": shown, "rule": shown.rule, "error": error, "has_more": page.after is not None}
    is_busy = is_looked_for or shown.under_way > 0
    return View("admin/sync/show.html", values | _copies(visit, page.items) | {"are_busy": is_busy})


async def sync_rule_settings(visit: Visit) -> View:
    """What can be changed of it."""
    shown = await wide_sync.show_wide_rule(visit.rooms.mirror, visit.actor, _name(visit))
    chosen = visit.form.many("regions") if visit.form else shown.known
    values = {"known": await _known(visit), "shown": shown, "rule": shown.rule, "chosen": chosen}
    return View("admin/sync/settings.html", values)


async def change_sync_rule(visit: Visit) -> Moved:
    """Let it say what the form says."""
    name = _name(visit)
    with at_its_field(region="regions"):
        await wide_sync.change_wide_rule(visit.rooms.mirror, visit.actor, name, _given(visit.form))
    return Moved(_at(name), visit.say("Saved."))


async def enable_sync_rule(visit: Visit) -> Moved:
    """Have it work."""
    name = _name(visit)
    await wide_sync.change_wide_rule(visit.rooms.mirror, visit.actor, name, {"enabled": True})
    return Moved(_at(name), visit.say("%(name)s works from now on, and begins with what is there.", name=name))


async def disable_sync_rule(visit: Visit) -> Moved:
    """Have it rest; what waits or runs of it is called off."""
    name = _name(visit)
    await wide_sync.change_wide_rule(visit.rooms.mirror, visit.actor, name, {"enabled": False})
    return Moved(_at(name), visit.say("%(name)s rests.", name=name))


async def run_sync_rule(visit: Visit) -> Moved:
    """Look for what differs now."""
    name = _name(visit)
    await wide_sync.run_wide_rule(visit.rooms.mirror, visit.actor, name)
    return Moved(_at(name), visit.say("It is looked for what differs."))


async def confirm_deleting_sync_rule(visit: Visit) -> View:
    """What ends with it."""
    name = _name(visit)
    shown = await wide_sync.show_wide_rule(visit.rooms.mirror, visit.actor, name)
    says = [visit.say("It copies nothing any more. What it copied stays.")]
    if shown.rule.deletes:
        says.append(visit.say("It deletes nothing any more either, and forgets what it had copied."))
    say = visit.language.say_number
    under_way = say("%(num)s copy under way", "%(num)s copies under way", shown.under_way)
    names = [(visit.say("What ends with it"), [under_way] if shown.under_way else [])]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_at(name)}/-/delete", visit.say("Delete"), _at(name), names)


async def delete_sync_rule(visit: Visit) -> Moved:
    """Forget it."""
    name = _name(visit)
    await wide_sync.delete_wide_rule(visit.rooms.mirror, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


async def list_all_copies(visit: Visit) -> View:
    """Copies of all repositories, the newest first, of one rule or status or of all."""
    status, rule, after = visit.query("status"), visit.query("rule"), visit.query("after")
    if status and status not in tuple(Status):
        raise ParameterInvalid(
            worded("{field} is one of {words}; not {text}.", field="status", words=", ".join(Status), text=status)
        )
    of = SyncRuleName.parse(rule) if rule else None
    before = _number(after) if after else None
    statuses = (Status(status),) if status else ()
    page = await copies.list_all_copies(visit.rooms.mirror, visit.actor, of, statuses, before, ROWS)
    values = {"following": page.after or "", "status": status, "rule": rule, "statuses": tuple(Status)}
    return View("admin/sync/copies.html", values | _copies(visit, page.items))


async def retry_any_copy(visit: Visit) -> Moved:
    """Try a copy again."""
    await copies.retry_any_copy(visit.rooms.mirror, visit.actor, _number(visit.names["copy"]))
    return Moved(_back(visit), visit.say("The copy is tried again."))


async def cancel_any_copy(visit: Visit) -> Moved:
    """Call a copy off."""
    await copies.cancel_any_copy(visit.rooms.mirror, visit.actor, _number(visit.names["copy"]))
    return Moved(_back(visit), visit.say("The copy was called off."))


def _copies(visit: Visit, found: Any) -> dict[str, Any]:
    items: list[Copy] = list(found)
    return {
        "copies": items,
        "why": {one.id: _said(visit, one.error) for one in items},
        "are_busy": any(one.status in UNDER_WAY for one in items),
        "under_way": UNDER_WAY,
        "copied": Status.SUCCESS,
    }


def _said(visit: Visit, error: str) -> str:
    return translated(error, visit.language) or readable(error)


async def _known(visit: Visit) -> list[str]:
    """The regions that images can go to, or come from."""
    return [one.name for one in await regions.list_regions(visit.rooms.mirror, visit.actor) if one.url]


def _given(form: Form) -> dict[str, Any]:
    """What the form says of a rule. Raises ParameterInvalid."""
    when = form.text("when")
    return {
        "direction": form.text("direction") or Direction.PUSH.value,
        "regions": [one for one in form.many("regions") if one],
        "repositories": form.text("repositories").split(),
        "tags": form.text("tags").split(),
        "exclusions": form.text("exclusions").split(),
        "organization": form.text("organization"),
        "overrides": form.flag("overrides"),
        "referrers": form.flag("referrers"),
        "deletes": form.flag("deletes"),
        "every_seconds": _read(form, "every_seconds") if when == "every" else None,
        "at": form.text("at") if when == "at" else None,
        "windows": form.text("windows").split(),
        "bytes_per_second": _read(form, "bytes_per_second"),
    }


def _read(form: Form, name: str) -> int:
    """An amount with its unit, as `6h` or `20MB`. Raises ParameterInvalid."""
    text = form.text(name) or "0"
    try:
        return parse_seconds(text) if name == "every_seconds" else parse_bytes(text)
    except ValueError as error:
        raise ParameterInvalid(
            worded("{text} is no amount: it is written as 6h or 20MB.", text=text), field=name
        ) from error


def _back(visit: Visit) -> str:
    """Where the button was: the page of a rule, or that of all copies."""
    rule = visit.form.text("rule")
    return _at(SyncRuleName.parse(rule)) if rule else COPIES


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("A copy has a number.", kind="number")
    return int(text)


def _name(visit: Visit) -> SyncRuleName:
    return SyncRuleName.parse(visit.names["sync_rule"])


def _at(name: str) -> str:
    return f"{HOME}/{name}"
