"""Sources: upstreams as this process speaks to them, opened when first needed, and again after a change."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.mirror.freshness import Policy
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import Secrets, unseal
from entrepot.mirror.upstream_rules import upstream_name
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
    """`remotes` in the order in which they are asked. `places`: for blobs that are fetched at the same time."""

    organization: str
    organization_id: int
    host: str
    remotes: tuple[Remote, ...]
    policy: Policy
    version: Any
    places: asyncio.Semaphore = field(compare=False)

    @property
    def house(self) -> Actor:
        """Who brings images into the mirror."""
        return house_of("mirror", self.organization_id, self.organization, Level.MANAGE)

    def name_there(self, path: RepositoryName) -> RepositoryName:
        return upstream_name(self.host, path)

    async def ask(self, question: Callable[[Remote], Awaitable[T]]) -> T:
        """The answer of the first address that can be reached. Raises what `question` raises."""
        trouble: RemoteUnreachable | None = None
        for remote in self.remotes:
            try:
                return await question(remote)
            except RemoteUnreachable as error:
                _log.warning("an upstream cannot be reached", upstream=remote.url, error=error.message)
                trouble = error
        assert trouble is not None, "an upstream has an address"
        raise trouble


async def source_of(mirror: Mirror, organization: str) -> Source | None:
    """The upstream of an organization; None when it is no mirror."""
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
    return Policy(row.fresh_seconds, row.stale_seconds, row.absent_seconds, row.fetches_max, row.limit_bytes)


async def _open(mirror: Mirror, row: Row[Any]) -> Source:
    secrets = unseal(mirror.sealer, row)
    trust = await asyncio.to_thread(tls_context, secrets.authority)
    policy = policy_of(row)
    remotes = tuple(_remote(mirror, endpoint, secrets, trust) for endpoint in row.endpoints)
    for remote in remotes:
        mirror.running.closing(remote.close)
    places = asyncio.Semaphore(policy.fetches_max)
    return Source(row.organization, row.organization_id, row.host, remotes, policy, row.changed_at, places)


def _remote(mirror: Mirror, endpoint: str, secrets: Secrets, trust: ssl.SSLContext) -> Remote:
    credentials = Credentials(secrets.username, secrets.password) if secrets.username else None
    settings = replace(RemoteSettings(), attempts_max=_ATTEMPTS, silence_seconds=mirror.settings.upstream_seconds_max)
    return Remote(endpoint, credentials, settings, trust=trust, proxy=secrets.proxy, near=mirror.settings.near)
