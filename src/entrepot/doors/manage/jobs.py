"""Runs of jobs and reactions, and the installation itself. For operators; the contract has no calls for them."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from entrepot.accounts.expiring import Kind
from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.jobs import runs
from entrepot.jobs.living import ProcessKind
from entrepot.operations import system, warnings, work
from entrepot.operations.backed_up import Backup
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none

TheRun = Annotated[Word, Path(description="A run's id.")]
TheJob = Annotated[Word, Path(description="The name of a job that is due by the clock.")]
State = Literal["waiting", "running", "done", "failed", "cancelled"]


class JobRun(BaseModel):
    """`starts`: how often a worker began it. `repeats`: the run that was tried again with this one."""

    id: str
    job: str
    state: State
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    starts: int
    worker: str
    error: str
    repeats: str


class JobRuns(BaseModel):
    runs: list[JobRun]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class JobStep(BaseModel):
    name: str
    started_at: str | None = None
    ended_at: str | None = None
    error: str


class JobRunDetail(JobRun):
    """`event`: what a reaction follows from. `steps`: those that have ended."""

    event: dict[str, Any] | None = None
    steps: list[JobStep]


class JobRunNow(BaseModel):
    id: str = Field(description="The run that does it now.")


class JobDue(BaseModel):
    """`cron`: in UTC, seconds first."""

    job: str
    cron: str
    last_at: str | None = None
    next_at: str


class JobSchedules(BaseModel):
    schedules: list[JobDue]


class PartHealth(BaseModel):
    is_good: bool
    seconds: float
    says: str


class StorageShown(BaseModel):
    """`total` and `free` bytes of the disk a folder is on."""

    kind: str
    place: str
    total: int | None = None
    free: int | None = None
    health: PartHealth


class DatabaseShown(BaseModel):
    kind: str
    place: str
    version: str
    size: int
    health: PartHealth


class WorkShown(BaseModel):
    waiting: int
    last_ended_at: str | None = None
    says: str


class SettingInEffect(BaseModel):
    name: str
    value: str
    origin: str


class DiskShown(BaseModel):
    """Bytes of the disk that blobs are on; told when less than a tenth is free."""

    free: int
    total: int


class FailedJobs(BaseModel):
    """Runs that failed within the last day, at most 100 counted."""

    count: int
    last_at: str


class ExpiringCredential(BaseModel):
    """A robot you look after, or a token of yours, that ends within 14 days or has ended within the last 14."""

    kind: Kind
    name: str
    ends_at: str


class NoWorkers(BaseModel):
    """No job worker lives, at least since then; at most 100 runs that wait are counted."""

    since: str
    waiting: int


class OldBackup(BaseModel):
    """The last backup is older than `backup_warn_days`; without `last_at` there never was one."""

    last_at: str | None = None


class BackupShown(BaseModel):
    """The newest snapshot of all places; `blobs` and `bytes` of all its images."""

    place: str
    snapshot: str
    made_at: str
    ended_at: str
    blobs: int
    bytes: int


class WarningsShown(BaseModel):
    disk: DiskShown | None = None
    jobs: FailedJobs | None = None
    workers: NoWorkers | None = None
    blobs: int | None = Field(default=None, description="Blobs that are not as they were pushed, up to 100,000.")
    backup: OldBackup | None = None
    expiring: list[ExpiringCredential]


class ProcessShown(BaseModel):
    """A server process or a job worker of the last day that did not end in order. `seen_at`: it said so then."""

    kind: ProcessKind
    host: str
    pid: int
    version: str
    started_at: str
    seen_at: str
    is_alive: bool


class SystemShown(BaseModel):
    """Secrets are masked."""

    version: str
    python: str
    storage: StorageShown
    database: DatabaseShown
    work: WorkShown
    processes: list[ProcessShown]
    signing_key_at: str | None = None
    last_backup: BackupShown | None = None
    settings: list[SettingInEffect]


def _backup(made: Backup) -> BackupShown:
    return BackupShown(
        place=made.place,
        snapshot=made.snapshot,
        made_at=rfc3339(made.made_at),
        ended_at=rfc3339(made.ended_at),
        blobs=made.blobs,
        bytes=made.bytes,
    )


async def list_job_runs(
    call: TheCall,
    state: Annotated[State | None, Query()] = None,
    job: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> JobRuns:
    """Runs of jobs and reactions, the newest first; `nextMarker` is absent at the end."""
    wanted = None if state is None else runs.RunState(state)
    found = await work.list_runs(call.rooms.operations, call.actor, wanted, job or "", marker or "", parse_limit(limit))
    return JobRuns(runs=[JobRun(**_run(one)) for one in found.items], nextMarker=found.after or None)


async def show_job_run(call: TheCall, run: TheRun) -> JobRunDetail:
    """One run, with the steps of it that have ended."""
    found = await work.show_run(call.rooms.operations, call.actor, run)
    event = None if found.run.event is None else dict(found.run.event)
    return JobRunDetail(**_run(found.run), event=event, steps=[_step(one) for one in found.steps])


async def retry_job_run(call: TheCall, run: TheRun) -> JobRunNow:
    """Try a run again that failed or was called off. Steps that ended well are not done twice."""
    return JobRunNow(id=await work.retry_run(call.rooms.operations, call.actor, run))


async def cancel_job_run(call: TheCall, run: TheRun) -> JobRunNow:
    """Call a run off that has not ended: no further step of it begins. A step under way ends first."""
    await work.cancel_run(call.rooms.operations, call.actor, run)
    return JobRunNow(id=run)


async def list_job_schedules(call: TheCall) -> JobSchedules:
    """What is due by the clock: when it last was, and is next."""
    found = await work.list_schedules(call.rooms.operations, call.actor)
    return JobSchedules(schedules=[_due(one) for one in found])


async def start_scheduled_job(call: TheCall, job: TheJob) -> JobRunNow:
    """Have a job that is due by the clock run now, too."""
    return JobRunNow(id=await work.start_job(call.rooms.operations, call.actor, job))


async def list_warnings(call: TheCall) -> WarningsShown:
    """What needs you: what ends soon; for operators, full disks, failed jobs, no workers, lost blobs, no backup."""
    found = await warnings.list_warnings(call.rooms.operations, call.accounts, call.actor)
    return WarningsShown(
        disk=None if found.disk is None else DiskShown(free=found.disk.free, total=found.disk.total),
        jobs=None if found.jobs is None else FailedJobs(count=found.jobs.count, last_at=rfc3339(found.jobs.last_at)),
        workers=None
        if found.workers is None
        else NoWorkers(since=rfc3339(found.workers.since), waiting=found.workers.waiting),
        blobs=found.blobs,
        backup=None if found.backup is None else OldBackup(last_at=rfc3339_or_none(found.backup.last_at)),
        expiring=[
            ExpiringCredential(kind=one.kind, name=one.name, ends_at=rfc3339(one.ends_at)) for one in found.expiring
        ],
    )


async def show_system(call: TheCall) -> SystemShown:
    """The installation as it is now: storage, database, workers, settings in effect and where they came from."""
    found = await system.show_system(call.rooms.operations, call.actor)
    storage, database = found.storage, found.database
    return SystemShown(
        version=found.version,
        python=found.python,
        storage=StorageShown(
            kind=storage.kind,
            place=storage.place,
            total=storage.total,
            free=storage.free,
            health=_health(storage.health),
        ),
        database=DatabaseShown(
            kind=database.kind,
            place=database.place,
            version=database.version,
            size=database.size,
            health=_health(database.health),
        ),
        work=WorkShown(
            waiting=found.work.waiting, last_ended_at=rfc3339_or_none(found.work.last_ended_at), says=found.work.says
        ),
        processes=[
            ProcessShown(
                kind=one.kind,
                host=one.host,
                pid=one.pid,
                version=one.version,
                started_at=rfc3339(one.started_at),
                seen_at=rfc3339(one.seen_at),
                is_alive=one.is_alive,
            )
            for one in found.processes
        ],
        signing_key_at=rfc3339_or_none(found.signing_key_at),
        last_backup=None if found.last_backup is None else _backup(found.last_backup),
        settings=[SettingInEffect(name=one.name, value=one.value, origin=one.origin) for one in found.settings],
    )


def _run(one: runs.RunSeen) -> dict[str, Any]:
    return {
        "id": one.id,
        "job": one.job,
        "state": one.state.value,
        "created_at": rfc3339(one.created_at),
        "started_at": rfc3339_or_none(one.started_at),
        "ended_at": rfc3339_or_none(one.ended_at),
        "starts": one.starts,
        "worker": one.worker,
        "error": one.error,
        "repeats": one.repeats,
    }


def _step(one: runs.StepTaken) -> JobStep:
    return JobStep(
        name=one.name,
        started_at=rfc3339_or_none(one.started_at),
        ended_at=rfc3339_or_none(one.ended_at),
        error=one.error,
    )


def _due(one: runs.Due) -> JobDue:
    return JobDue(job=one.job, cron=one.cron, last_at=rfc3339_or_none(one.last_at), next_at=rfc3339(one.next_at))


def _health(one: system.Health) -> PartHealth:
    return PartHealth(is_good=one.is_good, seconds=round(one.seconds, 6), says=one.says)
