"""The operations room: what its verbs work with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database
from entrepot.jobs.runs import Runs
from entrepot.plumbing.clock import Clock


@dataclass(frozen=True, slots=True)
class SettingShown:
    """A setting in effect, as a person would write it, secrets masked; and where its value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the installation keeps things, without passwords. `folder`: of the blobs, when they are in one."""

    storage: str
    storage_kind: str
    database: str
    folder: Path | None
    settings: Sequence[SettingShown]


@dataclass(frozen=True, slots=True)
class Operations:
    db: Database
    blobs: BlobStore
    clock: Clock
    runs: Runs
    place: Place
    backup_warn_days: int = 0
    """Operators are warned when the last backup is older; 0: never."""
