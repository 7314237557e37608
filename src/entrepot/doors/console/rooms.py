"""What this door works with. Imports neither Jinja nor Babel, so that the roof can name it cheaply."""

from dataclasses import dataclass

from entrepot.accounts.room import Accounts
from entrepot.audit.room import Audit
from entrepot.intake.room import Intake
from entrepot.jobs.tail import Tail
from entrepot.mirror.room import Mirror
from entrepot.operations.room import Operations
from entrepot.regions.room import Regions
from entrepot.registry.room import Registry
from entrepot.triggers.room import Triggers
from entrepot.upkeep.room import Upkeep
from entrepot.webhooks.room import Webhooks


@dataclass(frozen=True, slots=True)
class ConsoleRooms:
    """`external_url`: how clients reach this service; empty: as the Host header says."""

    accounts: Accounts
    registry: Registry
    audit: Audit
    triggers: Triggers
    webhooks: Webhooks
    upkeep: Upkeep
    mirror: Mirror
    regions: Regions
    intake: Intake
    operations: Operations
    tail: Tail
    external_url: str = ""
    form_bytes_max: int = 1024 * 1024
    body_idle_seconds: float = 60.0
