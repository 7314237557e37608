"""The upkeep room: what its verbs work with."""

import asyncio
from dataclasses import dataclass, field

from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database
from entrepot.db.holding import Holder
from entrepot.plumbing.clock import Clock
from entrepot.upkeep.pins import NOTHING_KNOWN, Pins
from entrepot.upkeep.settings import UpkeepSettings


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`holder`: what only one process of the installation does at a time; `collecting` and `retaining`: and one task.

    `pins`: what is running.
    """

    db: Database
    blobs: BlobStore
    clock: Clock
    holder: Holder
    settings: UpkeepSettings = field(default_factory=UpkeepSettings)
    collecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    retaining: asyncio.Lock = field(default_factory=asyncio.Lock)
    pins: Pins = NOTHING_KNOWN
