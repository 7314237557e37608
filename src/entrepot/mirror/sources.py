"""Sources: upstreams as this process speaks to them, opened when first needed, and again after a change."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.mirror.asking import Asking, Heard, Pace, Tally
from entrepot.mirror.books import books_of
from entrepot.mirror.freshness import Policy, Prefetch
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import Secrets, unseal
from entrepot.mirror.turns import Turns
from entrepot.mirror.upstream_rules import upstream_name
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.outbound import tls_context
from entrepot.remote.session import Credentials, Remote
from entrepot.remote.settings import RemoteSettings
from entrepot.values.errors import RemoteUnreachable
from entrepot.values.names import RepositoryName

T = TypeVar("T")
_ATTEMPTS: Final = 2
"""At one address, before the next one is asked."""
_log = get_logger()


@dataclass(frozen=True, slots=True)
class Source:
    """`remotes` in the order in which they are asked.

    `house`: who brings images here. `is_center`: what we are a node of; its names are ours, what it forgets we forget,
    and what one of its organizations has another may take.
    """

    organization: str
    organization_id: int
    host: str
    remotes: tuple[Remote, ...]
    policy: Policy
    version: Any
    clock: Clock = field(compare=False)
    turns: Turns = field(compare=False)
    tally: Tally = field(compare=False)
    pace: Pace = field(compare=False)
    heard: tuple[Heard, ...] = field(compare=False)
    """Of each of `remotes`, how much it may still be asked."""
    house: Actor = field(compare=False)
    is_center: bool = False

    def name_there(self, path: RepositoryName) -> RepositoryName:
        return path if self.is_center else upstream_name(self.host, path)

    @property
    def is_held_back(self) -> bool:
        """Whether it is better left alone for now: no address allows more, or it was asked too often already."""
        now = self.clock.now()
        return all(one.is_silent(now) for one in self.heard) or self.pace.wait_seconds > 0

    def in_order(self) -> Sequence[Remote]:
        """Those that may be asked before those that said that they may not."""
        now = self.clock.now()
        silent = {one.address for one in self.heard if one.is_silent(now)}
        return sorted(self.remotes, key=lambda remote: remote.url in silent)

    async def ask(self, question: Callable[[Remote], Awaitable[T]]) -> T:
        """The answer of the first address that can be reached. Raises what `question` raises."""
        trouble: RemoteUnreachable | None = None
        for remote in self.in_order():
            try:
                return await question(remote)
            except RemoteUnreachable as error:
                _log.warning("an upstream cannot be reached", upstream=remote.url, error=error.message)
                trouble = error
        assert trouble is not None, "an upstream has an address"
        raise trouble


async def source_of(mirror: Mirror, organization: str) -> Source | None:
    """The upstream of an organization; None when it is no mirror."""
    if mirror.center is not None:
        of_center: Source = await mirror.center(organization)
        return of_center
    async with mirror.db.reading() as tx:
        row = await queries.upstream_of(tx, organization)
    if row is None:
        return None
    key = ("source", organization)
    known: Source | None = mirror.running.shared.get(key)
    if known is None or known.version != row.changed_at:
        known = mirror.running.shared[key] = await _open(mirror, row)
    return known


def policy_of(row: Row[Any]) -> Policy:
    return Policy(
        row.fresh_seconds,
        row.stale_seconds,
        row.absent_seconds,
        row.fetches_max,
        row.limit_bytes,
        row.requests_per_minute,
        Prefetch(row.prefetch),
    )


async def _open(mirror: Mirror, row: Row[Any]) -> Source:
    secrets = unseal(mirror.sealer, row)
    trust = await asyncio.to_thread(tls_context, secrets.authority)
    policy, books = policy_of(row), books_of(mirror)
    tally, pace = books.tally(row.organization_id), Pace(policy.requests_per_minute)
    heard = tuple(books.open_address(row.organization_id, endpoint) for endpoint in row.endpoints)
    seconds = (mirror.settings.upstream_seconds_max, mirror.settings.unsaid_seconds)
    watches = [Asking(one, tally, pace, mirror.clock, *seconds) for one in heard]
    remotes = tuple(_remote(mirror, watch, secrets, trust) for watch in watches)
    for remote in remotes:
        mirror.running.closing(remote.close)
    return Source(
        row.organization,
        row.organization_id,
        row.host,
        remotes,
        policy,
        row.changed_at,
        mirror.clock,
        Turns(policy.fetches_max),
        tally,
        pace,
        heard,
        house_of("mirror", row.organization_id, row.organization, Level.MANAGE),
    )


def _remote(mirror: Mirror, watch: Asking, secrets: Secrets, trust: ssl.SSLContext) -> Remote:
    credentials = Credentials(secrets.username, secrets.password) if secrets.username else None
    seconds = mirror.settings.upstream_seconds_max
    settings = replace(RemoteSettings(), attempts_max=_ATTEMPTS, silence_seconds=seconds, is_patient=False)
    address, near = watch.heard_of.address, mirror.settings.near
    return Remote(address, credentials, settings, trust=trust, proxy=secrets.proxy, near=near, watch=watch)
