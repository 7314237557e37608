"""What workers do for the audit."""

from entrepot.audit import forget
from entrepot.audit.room import Audit
from entrepot.jobs.reactions import Run, job


@job("audit.forget_old", Audit)
async def forget_old(audit: Audit, run: Run) -> None:
    await run.step("forget", forget.forget_old, audit)
