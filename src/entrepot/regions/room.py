"""The room of regions: what its verbs work with."""

from dataclasses import dataclass, field

from entrepot.accounts.room import Accounts
from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock
from entrepot.regions.settings import RegionSettings


@dataclass(frozen=True, slots=True)
class Regions:
    db: Database
    clock: Clock
    accounts: Accounts
    settings: RegionSettings = field(default_factory=RegionSettings)
