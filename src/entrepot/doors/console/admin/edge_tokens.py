"""Tokens with which edges join a region, on the region's page. For operators."""

from typing import Final

from entrepot.doors.console.admin.parts import asked
from entrepot.doors.console.admin.regions import HOME, region_page
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.regions import tokens
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.names import RegionName

_DAYS: Final = (1, 7, 30)
_DAY: Final = 86_400


async def create_edge_token(visit: Visit) -> View:
    """A new token, with the command that joins, this once."""
    region, days = _region(visit), visit.form.number("days")
    if days not in _DAYS:
        raise visit.wrong(visit.say("Choose one of the times."), field="days")
    only = visit.form.text("only").split() or None
    try:
        made = await tokens.create_edge_token(visit.rooms.regions, visit.actor, region, days * _DAY, only)
    except NameInvalid as error:
        raise ParameterInvalid(error.message, field="only") from error
    return await region_page(visit, region, made)


async def confirm_deleting_edge_token(visit: Visit) -> View:
    """What deleting a token means, before it is done."""
    visit.need_operator()
    region = _region(visit)
    says = [visit.say("No further edge joins with it. Those that did stay.")]
    path = f"{HOME}/{region}/-/edge-tokens/{visit.names['token']}/delete"
    return asked(visit.say("Delete the token for edges"), says, path, visit.say("Delete"), f"{HOME}/{region}")


async def delete_edge_token(visit: Visit) -> Moved:
    """Delete it."""
    region = _region(visit)
    await tokens.delete_edge_token(visit.rooms.regions, visit.actor, region, visit.names["token"])
    return Moved(f"{HOME}/{region}", visit.say("The token for edges was deleted."))


def _region(visit: Visit) -> RegionName:
    return RegionName.parse(visit.names["region"])
