"""What this door works with. Imports no FastAPI, so that the roof can name it cheaply."""

from dataclasses import dataclass

from entrepot.accounts.credentials import Credentials
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
class ManageRooms:
    accounts: Accounts
    credentials: Credentials
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
    registry_host: str = ""
    """HOST[:PORT] that images are named by; empty: as the request's Host header says."""
    is_secure: bool = False
    """Whether clients come over https although a proxy in front may not."""
    json_bytes_max: int = 1024 * 1024
    body_idle_seconds: float = 60.0
