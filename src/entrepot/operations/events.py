"""What operators do to the installation and to the work of workers."""

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class InstallationClosed(Event):
    """Nothing is changed from now on but what says so; `before`: how it was closed already."""

    type: ClassVar[str] = "installation.closed"
    mode: str
    message: str
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InstallationOpened(Event):
    type: ClassVar[str] = "installation.opened"
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BackupMade(Event):
    """A snapshot was made; `blobs` and `bytes` of all its images."""

    type: ClassVar[str] = "installation.backed_up"
    place: str
    snapshot: str
    blobs: int
    bytes: int
