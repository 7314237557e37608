"""The registry room: what its verbs work with."""

from dataclasses import dataclass, field

from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database
from entrepot.plumbing.clock import Clock
from entrepot.registry.known import KnownPlatforms
from entrepot.registry.layers import Layers
from entrepot.registry.pulled import PullCounts
from entrepot.registry.pushed import PushCounts
from entrepot.registry.settings import RegistrySettings


@dataclass(frozen=True, slots=True)
class Registry:
    db: Database
    blobs: BlobStore
    clock: Clock
    settings: RegistrySettings
    counts: PullCounts = field(default_factory=PullCounts)
    """Pulls of this process that are not in the database yet."""
    pushes: PushCounts = field(default_factory=PushCounts)
    """The same of pushes."""
    layers: Layers = field(default_factory=Layers)
    """What this process read of layers to show it."""
    platforms: KnownPlatforms = field(default_factory=KnownPlatforms)
    """What this process learnt from configurations of images."""
