"""What workers do for the registry."""

from entrepot.jobs.reactions import Run, job
from entrepot.registry import counting, quota_warnings, stale, usage
from entrepot.registry.room import Registry


@job("registry.forget_stale_uploads", Registry)
async def forget_stale_uploads(registry: Registry, run: Run) -> None:
    await run.step("forget", stale.forget_stale_uploads, registry)


@job("registry.sweep_parts", Registry)
async def sweep_parts(registry: Registry, run: Run) -> None:
    await run.step("sweep", stale.sweep_parts, registry)


@job("registry.measure_stores", Registry)
async def measure_stores(registry: Registry, run: Run) -> None:
    await run.step("measure", counting.measure_stores, registry)


@job("registry.forget_pulls", Registry)
async def forget_pulls(registry: Registry, run: Run) -> None:
    await run.step("forget", usage.forget_pulls, registry)


@job("registry.warn_of_quotas", Registry)
async def warn_of_quotas(registry: Registry, run: Run) -> None:
    await run.step("warn", quota_warnings.warn_of_quotas, registry)
