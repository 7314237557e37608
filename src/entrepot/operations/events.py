"""What operators do to the work of workers."""

from dataclasses import dataclass
from typing import ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class RunRetried(Event):
    """A run was tried again, as `again`."""

    type: ClassVar[str] = "job.retried"
    job: str
    again: str


@dataclass(frozen=True, slots=True)
class RunCancelled(Event):
    type: ClassVar[str] = "job.cancelled"
    job: str


@dataclass(frozen=True, slots=True)
class JobStarted(Event):
    """A job that is due by the clock was started by hand, as `run`."""

    type: ClassVar[str] = "job.started"
    run: str
