"""The audit room: what its verbs work with."""

from dataclasses import dataclass

from entrepot.audit.settings import AuditSettings
from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock


@dataclass(frozen=True, slots=True)
class Audit:
    db: Database
    clock: Clock
    settings: AuditSettings
