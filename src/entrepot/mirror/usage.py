"""Usage: what a mirror holds, what it saved, and how much its upstream may still be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from entrepot.access.actor import Actor
from entrepot.mirror.queries import books
from entrepot.mirror.room import Mirror
from entrepot.mirror.upstreams import reached
from entrepot.registry.counting import counted
from entrepot.registry.queries import accounting
from entrepot.registry.quota_rules import Resource, organization_scope
from entrepot.registry.usage import REPORT_DAYS
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Day:
    """What a mirror sent of blobs on a day, what it fetched for that, and what its upstream was asked about.

    `limited`: requests that the upstream refused for now, with 429.
    """

    day: date
    served: int = 0
    served_bytes: int = 0
    fetched: int = 0
    fetched_bytes: int = 0
    manifest_heads: int = 0
    manifest_gets: int = 0
    blobs: int = 0
    tokens: int = 0
    others: int = 0
    limited: int = 0

    @property
    def requests(self) -> int:
        return self.manifest_heads + self.manifest_gets + self.blobs + self.tokens + self.others

    @property
    def hits(self) -> int:
        """Blobs that were sent without being fetched for that."""
        return max(self.served - self.fetched, 0)

    @property
    def saved_bytes(self) -> int:
        return max(self.served_bytes - self.fetched_bytes, 0)


@dataclass(frozen=True, slots=True)
class Address:
    """What an address of the upstream said last of how much it may be asked; None where it said nothing.

    `remaining` of `limit` requests within `window_seconds`; `again_at`: before then nothing is asked.
    """

    address: str
    limit: int | None = None
    remaining: int | None = None
    window_seconds: int | None = None
    again_at: datetime | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """`held_bytes` count layers once; of much they are as measured last (`measured_at`), else None: now. `days`: the
    last ones, today the last. Of what bytes nothing needs any more, those are held that were not collected yet.
    """

    held_bytes: int
    limit_bytes: int
    measured_at: datetime | None
    days: Sequence[Day]
    addresses: Sequence[Address]

    @property
    def total(self) -> Day:
        """Of all days together."""
        names = [name for name in Day.__slots__ if name != "day"]
        return Day(self.days[0].day, **{name: sum(getattr(day, name) for day in self.days) for name in names})


async def show_usage(mirror: Mirror, actor: Actor, name: OrganizationName) -> Usage:
    """For who may read the organization, and for operators. Raises Unauthenticated, AccessDenied or MirrorUnknown."""
    if actor.is_anonymous:
        raise Unauthenticated
    async with mirror.db.reading() as tx:
        row = await reached(tx, actor, name)
        today, now = tx.now.date(), tx.now
        days = [today - timedelta(days=back) for back in range(REPORT_DAYS - 1, -1, -1)]
        held = (await counted(tx, organization_scope(row.organization_id), [Resource.BYTES]))[Resource.BYTES]
        served = await accounting.served_by(tx, row.organization_id, days[0])
        asked = {one.day: one for one in await books.days_of(tx, row.organization_id, days[0])}
        heard = {one.address: one for one in await books.allowances(tx, row.organization_id)}
    return Usage(
        held.number,
        row.limit_bytes,
        held.measured_at,
        [_day(day, *served.get(day, (0, 0)), asked.get(day)) for day in days],
        [_address(address, heard.get(address), now) for address in row.endpoints],
    )


def _day(day: date, served: int, served_bytes: int, asked: object | None) -> Day:
    names = ("fetched", "fetched_bytes", "manifest_heads", "manifest_gets", "blobs", "tokens", "others", "limited")
    counts = {} if asked is None else {name: int(getattr(asked, name)) for name in names}
    return Day(day, served, served_bytes, **counts)


def _address(address: str, heard: object | None, now: datetime) -> Address:
    if heard is None:
        return Address(address)
    names = ("limit", "remaining", "window_seconds", "again_at", "heard_at")
    said = {name: getattr(heard, name) for name in names}
    if said["again_at"] is not None and said["again_at"] <= now:
        said |= {"again_at": None, "remaining": None}  # there is more again; how much, the next answer says
    return Address(address, **said)
