"""Warm-ups: images that come to nodes of regions before a deployment, with their progress; and rules for operators."""

from collections.abc import Sequence
from typing import Final

from entrepot.doors.console.admin.parts import ROWS, asked, at_its_field
from entrepot.doors.console.forms import Form
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.mirror import regions
from entrepot.regions.warming import asking, by_rule, standing
from entrepot.regions.warming.rules import WarmRule, WarmState, Wish
from entrepot.regions.warming.standing import Warmup
from entrepot.values.errors import ParameterInvalid, RuleExists
from entrepot.values.names import WarmRuleName
from entrepot.values.reference import ImageReference, parse_reference

HOME: Final = "/console/warmups"
_DIGITS_MAX: Final = 18


async def list_warmups(visit: Visit) -> View:
    """The newest first, the form for another one, and for operators the rules."""
    visit.need_account()
    rooms, after = visit.rooms, visit.query("after")
    page = await standing.list_warmups(rooms.regions, visit.actor, _number(after) if after else None, ROWS)
    known = [one.name for one in await regions.list_regions(rooms.mirror, visit.actor)]
    rules = await by_rule.list_warm_rules(rooms.regions, visit.actor) if visit.is_operator else ()
    values = {
        "warmups": page.items,
        "following": page.after or "",
        "known": known,
        "chosen": visit.form.many("regions"),
        "rules": rules,
        "are_busy": _are_busy(page.items),
    }
    return View("warmups/list.html", values)


async def create_warmup(visit: Visit) -> Moved:
    """Let nodes begin to fetch an image."""
    form = visit.form
    image = ImageReference.parse(form.text("image"))
    reference = image.reference or parse_reference("latest")
    with at_its_field(region="regions", platform="platforms"):
        number = await asking.start_warmup(visit.rooms.regions, visit.actor, image.name, reference, _wish(form))
    return Moved(f"{HOME}/{number}", visit.say("Nodes begin to fetch %(image)s.", image=form.text("image")))


async def show_warmup(visit: Visit) -> View:
    """How far it is, by region and node."""
    visit.need_account()
    found = await standing.show_warmup(visit.rooms.regions, visit.actor, _number(visit.names["warmup"]))
    return View("warmups/show.html", {"warmup": found, "are_busy": _are_busy([found])})


async def cancel_warmup(visit: Visit) -> Moved:
    """Call it off."""
    number = _number(visit.names["warmup"])
    await asking.cancel_warmup(visit.rooms.regions, visit.actor, number)
    return Moved(f"{HOME}/{number}", visit.say("The warm-up was called off."))


async def create_warm_rule(visit: Visit) -> Moved:
    """Have what is pushed warmed up from now on."""
    form, name = visit.form, WarmRuleName.parse(visit.form.text("name"))
    try:
        with at_its_field(region="regions", platform="platforms"):
            rule = WarmRule.parse(form.text("scopes").split(), form.text("tags").split(), _wish(form))
            await by_rule.create_warm_rule(visit.rooms.regions, visit.actor, name, rule)
    except RuleExists as error:
        raise ParameterInvalid(error.message, field="name") from error
    return Moved(HOME, visit.say("%(name)s warms up what is pushed from now on.", name=name))


async def confirm_deleting_warm_rule(visit: Visit) -> View:
    """What ends with it."""
    visit.need_operator()
    name = _rule(visit)
    says = [visit.say("What is pushed is not warmed up by it any more. Warm-ups that it began go on.")]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{HOME}/-/rules/{name}/delete", visit.say("Delete"), HOME)


async def delete_warm_rule(visit: Visit) -> Moved:
    """Forget it."""
    name = _rule(visit)
    await by_rule.delete_warm_rule(visit.rooms.regions, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


def _are_busy(warmups: Sequence[Warmup]) -> bool:
    return any(one.ended_at is None and one.state is not WarmState.CANCELLED for one in warmups)


def _wish(form: Form) -> Wish:
    chosen = [one for one in form.many("regions") if one]
    return Wish.parse(chosen, form.text("platforms").split(), form.number("copies"))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("A warm-up has a number.", kind="number")
    return int(text)


def _rule(visit: Visit) -> WarmRuleName:
    return WarmRuleName.parse(visit.names["warm_rule"])
