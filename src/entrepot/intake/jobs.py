"""What workers do with archives."""

from entrepot.intake import importing
from entrepot.intake.room import Intake
from entrepot.jobs.events import Recorded
from entrepot.jobs.reactions import Run, job, reaction
from entrepot.plumbing.caller import Caller, caller


@reaction("intake.import_archive", Intake)
async def import_archive(intake: Intake, event: Recorded, run: Run) -> None:
    archive = event.data["archive"]
    caller.set(Caller(event.address, event.credential, event.domain_id))  # what follows is theirs, too
    try:
        await run.step("import", importing.import_archive, intake, archive)
    except Exception:  # whatever it was, the person who waits is told; the engine logs it
        await run.step("give up", importing.give_up, intake, archive)
        raise


@job("intake.forget_archives", Intake)
async def forget_archives(intake: Intake, run: Run) -> None:
    await run.step("forget", importing.forget_archives, intake)
