"""The upkeep room: what its verbs work with."""

from dataclasses import dataclass

from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock


@dataclass(frozen=True, slots=True)
class Upkeep:
    db: Database
    clock: Clock
