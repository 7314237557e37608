"""The webhooks room: what its verbs work with."""

from dataclasses import dataclass, field

from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.sealing import Sealer
from entrepot.webhooks.settings import WebhookSettings


@dataclass(frozen=True, slots=True)
class Webhooks:
    db: Database
    clock: Clock
    sealer: Sealer
    settings: WebhookSettings = field(default_factory=WebhookSettings)
