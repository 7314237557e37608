"""The mirror room: what its verbs work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from entrepot.db.database import Database
from entrepot.mirror.running import Running
from entrepot.mirror.settings import MirrorSettings
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.sealing import Sealer
from entrepot.registry.room import Registry


@dataclass(frozen=True, slots=True)
class Mirror:
    db: Database
    clock: Clock
    registry: Registry
    sealer: Sealer
    settings: MirrorSettings = field(default_factory=MirrorSettings)
    running: Running = field(default_factory=Running)
    """What this process is doing for upstreams, and what it knows of them."""
    center: Callable[[str], Awaitable[Any]] | None = None
    """At a regional node: the one source of all organizations, by name; see `sources.py`."""
