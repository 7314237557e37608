"""The intake room: what its verbs work with."""

from dataclasses import dataclass

from entrepot.db.database import Database
from entrepot.intake.settings import IntakeSettings
from entrepot.plumbing.clock import Clock
from entrepot.registry.room import Registry


@dataclass(frozen=True, slots=True)
class Intake:
    db: Database
    registry: Registry
    clock: Clock
    settings: IntakeSettings
