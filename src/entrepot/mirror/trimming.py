"""Trimming: of what is held too much, what was of no use for longest goes, until there is room again.

An image goes whole: with all its tags, its platforms and its signatures, by the registry's verbs. Its bytes are freed
by garbage collection, as all that lost its last reference. What was brought, or pulled, a moment ago stays, and what is
being fetched, what is pinned, and what is immutable.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic, perf_counter
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.mirror.events import MirrorTrimmed
from entrepot.mirror.pin_rules import Pin, is_pinned
from entrepot.mirror.queries import pins, trims
from entrepot.mirror.room import Mirror
from entrepot.plumbing import metrics
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.logging import get_logger
from entrepot.registry.counting import counted
from entrepot.registry.deletion import delete_images, unnamed
from entrepot.registry.queries import names, tags
from entrepot.registry.quota_rules import Resource, organization_scope
from entrepot.values.errors import InMaintenance, ReadOnly, RepositoryUnknown, TooMany
from entrepot.values.names import RepositoryName

_ALL: Final = "*"
_BATCH: Final = 1_000
"""Of images that are looked for at once: all that are held are sorted for that."""
_LEASE: Final = timedelta(minutes=2)
_RENEW_SECONDS: Final = 20.0
_REST: Final = 2.0
"""So many times as long as a deletion took, others have the database for themselves."""
_log = get_logger()


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What became of it: `images` went, and `freed_bytes` are of nothing that is left; `held_bytes` are held then.

    `is_enough`: that is no more than the limit. What is left may be pinned, or was used a moment ago; or somebody else
    trims, and nothing was done here.
    """

    images: int = 0
    freed_bytes: int = 0
    held_bytes: int = 0
    is_enough: bool = True


async def trim(mirror: Mirror, limit_bytes: int, organization: str | None = None) -> Trimmed:
    """Trim an organization, or for None all of them together, that holds more than `limit_bytes`.

    It is trimmed to a little less (`trim_low_percent`), so that it is not begun again at once. An organization that
    is not there holds nothing. Pins hold in all.
    """
    async with mirror.db.reading() as tx:
        row = await names.organization_by_name(tx, organization) if organization is not None else None
        if organization is not None and row is None:
            return Trimmed()
        scope = None if row is None else int(row.id)
        held = await trims.needed_bytes(tx, scope)
    if held <= limit_bytes:
        return Trimmed(held_bytes=held)
    work = _Trim(mirror, scope, limit_bytes, held)
    if not await work.lead():
        return Trimmed(held_bytes=held, is_enough=False)
    try:
        await work.run()
    finally:
        await work.end()
    async with mirror.db.reading() as tx:
        left = await trims.needed_bytes(tx, scope)
    if left > limit_bytes:
        _log.warning("more is held than the limit allows", organization=organization, held=left, limit=limit_bytes)
    return Trimmed(work.images, work.freed_bytes, left, left <= limit_bytes)


async def trim_mirrors(mirror: Mirror) -> int:
    """Trim all mirrors that hold more than their limits; how many images went."""
    async with mirror.db.reading() as tx:
        rows = await trims.limited(tx)
        over = [row for row in rows if await _counted_bytes(tx, row) > row.limit_bytes]
    return sum([(await trim(mirror, row.limit_bytes, row.organization)).images for row in over])


async def _counted_bytes(tx: Reader, row: Row[Any]) -> int:
    """What accounting knows: of much what it measured last. It is never less than what is needed."""
    scope = organization_scope(row.organization_id)
    return (await counted(tx, scope, [Resource.BYTES]))[Resource.BYTES].number


@dataclass(frozen=True, slots=True)
class _Told:
    """What went of one organization."""

    organization: str
    domain_id: str
    house: Actor
    images: int = 0
    freed_bytes: int = 0


@dataclass(slots=True)
class _Trim:
    mirror: Mirror
    scope: int | None
    limit_bytes: int
    held: int
    images: int = 0
    freed_bytes: int = 0
    _leader: str = field(default_factory=new_id)
    _pins: Mapping[int, Sequence[Pin]] = field(default_factory=dict)
    _closed: set[int] = field(default_factory=set)
    _told: dict[int, _Told] = field(default_factory=dict)

    @property
    def _low(self) -> int:
        return self.limit_bytes * self.mirror.settings.trim_low_percent // 100

    async def lead(self) -> bool:
        """False while somebody else trims the same."""
        scope = _ALL if self.scope is None else str(self.scope)
        async with self.mirror.db.writing() as tx:
            return await trims.take_lease(tx, scope, self._leader, tx.now, tx.now + _LEASE)

    async def end(self) -> None:
        """Tell what went, and let others lead."""
        async with self.mirror.db.writing() as tx:
            for told in self._told.values():
                trimmed = MirrorTrimmed(told.organization, told.images, told.freed_bytes, self.limit_bytes)
                subject = told.house.subject
                await publish(tx, trimmed, actor=subject, at=tx.now, domain_id=told.domain_id, though_closed=True)
            await trims.end_lease(tx, _ALL if self.scope is None else str(self.scope), self._leader)

    async def run(self) -> None:
        """Delete images until enough is free, or nothing is left that may go."""
        mirror, after = self.mirror, None
        spare = max(mirror.settings.trim_spare_seconds, 3 * mirror.registry.settings.accounting_seconds)
        before = mirror.clock.now() - timedelta(seconds=spare)
        async with mirror.db.reading() as tx:
            held: dict[int, list[Pin]] = {}
            for pin in await pins.pins_of(tx, self.scope):
                held.setdefault(pin.organization_id, []).append(Pin(pin.repositories, pin.tags))
            self._pins = held
        led_at = monotonic()
        while self.held > self._low:
            async with mirror.db.reading() as tx:
                rows = await trims.least_used(tx, self.scope, before, after, _BATCH)
            for row in rows:
                if self.held <= self._low:
                    return
                if monotonic() - led_at > _RENEW_SECONDS:
                    if not await self.lead():
                        return
                    led_at = monotonic()
                began = perf_counter()
                freed = await self._freed_by(row, before)
                if freed is not None and await self._delete(row, freed):
                    await asyncio.sleep(_REST * (perf_counter() - began))
            if len(rows) < _BATCH:
                return
            after = rows[-1].used_at, rows[-1].id

    async def _freed_by(self, row: Row[Any], since: datetime) -> int | None:
        """Bytes that nothing else needs than this image with all that hangs on it; None when it is to stay."""
        async with self.mirror.db.reading() as tx:
            named = [one.name for one in await tags.tags_of_digest(tx, row.repository_id, row.digest)]
            if is_pinned(self._pins.get(row.organization_id, ()), row.path.partition("/")[2], named):
                return None
            try:
                going = await unnamed(tx, row.repository_id, [row.digest], named)
            except TooMany:
                return None
            if not going or await trims.is_in_use(tx, row.repository_id, row.path, going, since, tx.now):
                return None
            blobs = await trims.blobs_of(tx, self.scope, row.repository_id, going)
        # Of a manifest that holds nothing here no byte would be freed, not even when others have gone.
        return sum(one.size for one in blobs if not one.is_needed) if blobs else None

    async def _delete(self, row: Row[Any], freed: int) -> bool:
        if row.organization_id in self._closed:
            return False
        house = house_of("mirror", row.organization_id, row.organization, Level.MANAGE)
        try:
            deleted = await delete_images(self.mirror.registry, house, RepositoryName(row.path), [row.digest])
        except RepositoryUnknown:
            return False
        except (ReadOnly, InMaintenance):
            self._closed.add(row.organization_id)
            return False
        if not deleted.manifests:
            return False
        self.images, self.freed_bytes, self.held = self.images + 1, self.freed_bytes + freed, self.held - freed
        told = self._told.get(row.organization_id) or _Told(row.organization, row.domain_id, house)
        self._told[row.organization_id] = replace(told, images=told.images + 1, freed_bytes=told.freed_bytes + freed)
        metrics.mirror_trimmed_images.inc()
        metrics.mirror_trimmed_bytes.inc(freed)
        return True
