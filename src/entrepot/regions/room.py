"""The room of regions: what its verbs work with."""

from dataclasses import dataclass, field

from entrepot.accounts.room import Accounts
from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.round_trips import round_trip_ms
from entrepot.regions.geoip import NOWHERE_KNOWN, GeoIp
from entrepot.regions.settings import RegionSettings
from entrepot.regions.view import View


@dataclass(frozen=True, slots=True)
class Regions:
    db: Database
    clock: Clock
    accounts: Accounts
    settings: RegionSettings = field(default_factory=RegionSettings)
    view: View = field(init=False)
    """What this process knows of nodes; a server process starts it."""

    def __post_init__(self) -> None:
        file = self.settings.geoip_file
        locator = NOWHERE_KNOWN if file is None else GeoIp(file)
        view = View(self.db, self.clock, self.settings, locator, round_trip_ms)
        object.__setattr__(self, "view", view)
