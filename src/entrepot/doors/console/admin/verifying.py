"""Verification, for operators: what is wrong with blobs, a verification now, what those before found."""

from typing import Final

from entrepot.doors.console.admin.parts import asked
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.upkeep import verification
from entrepot.upkeep.verify import COUNTED_MAX

HOME: Final = "/console/admin/verify"
_ROWS: Final = 20
_RUNS: Final = 10


async def show_verify(visit: Visit) -> View:
    """What is wrong now, what runs, and the last verifications."""
    upkeep = visit.rooms.upkeep
    standing = await verification.show_standing(upkeep, visit.actor)
    found, following = await verification.list_findings(upkeep, visit.actor, visit.query("after"), _ROWS)
    runs, _ = await verification.list_verifications(upkeep, visit.actor, limit=_RUNS)
    values = {
        "standing": standing,
        "findings": found,
        "following": following,
        "runs": runs,
        "counted_max": COUNTED_MAX,
    }
    return View("admin/verify.html", values)


async def start_verification(visit: Visit) -> Moved:
    """Have everything verified now."""
    await verification.request_verification(visit.rooms.upkeep, visit.actor, visit.form.text("deep") == "on")
    return Moved(HOME, visit.say("A worker verifies now."))


async def confirm_cancelling_verification(visit: Visit) -> View:
    """What calling it off means."""
    run = await verification.show_verification(visit.rooms.upkeep, visit.actor, visit.names["run"])
    says = [visit.say("What it found so far stays on the list. What it did not look at was not verified.")]
    title = visit.say("Call off the verification")
    return asked(title, says, f"{HOME}/{run.id}/cancel", visit.say("Call off"), HOME)


async def cancel_verification(visit: Visit) -> Moved:
    """Call it off."""
    await verification.cancel_verification(visit.rooms.upkeep, visit.actor, visit.names["run"])
    return Moved(HOME, visit.say("It was called off."))
