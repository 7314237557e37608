"""Where what an edge serves comes from: every organization mirrors the center, under the same names."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from entrepot.access.actor import Actor, Bound
from entrepot.access.levels import Level
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import people
from entrepot.db.database import Database
from entrepot.edge.settings import EdgeSettings
from entrepot.mirror.asking import Heard, Pace, Tally
from entrepot.mirror.freshness import Policy
from entrepot.mirror.sources import Source
from entrepot.mirror.turns import Turns
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.outbound import tls_context
from entrepot.registry.queries import names
from entrepot.remote.session import Remote
from entrepot.remote.settings import RemoteSettings

_ATTEMPTS: Final = 1
_CONNECT_SECONDS: Final = 3.0
_SILENCE_SECONDS: Final = 10.0

# Who brings images here, and who reads them for clients whose permit was looked at.
KEEPER: Final = Actor("edge:0", "edge", bounds=(Bound("*", Level.MANAGE),), is_house=True)


def reader_of(path: str) -> Actor:
    """Whoever may pull one repository."""
    return Actor("edge:client", "client", bounds=(Bound(path, Level.READ),), is_house=True)


def remote_of(center: str, bearer: Callable[[], str], authority: str = "") -> Remote:
    """The center as a registry; it may send us on to its storage, or to another edge, wherever that is."""
    settings = RemoteSettings(
        attempts_max=_ATTEMPTS, connect_seconds=_CONNECT_SECONDS, silence_seconds=_SILENCE_SECONDS
    )
    return Remote(center, settings=settings, trust=tls_context(authority), bearer=bearer)


@dataclass(slots=True)
class HeardOfCenter(Heard):
    """The center is left alone while it is silent; what reports to it finds out when it is back."""

    is_away: Callable[[], bool] = field(kw_only=True)

    def is_silent(self, now: datetime) -> bool:
        return self.is_away() or Heard.is_silent(self, now)


def sources_at(
    center: Remote, db: Database, clock: Clock, settings: EdgeSettings, is_away: Callable[[], bool]
) -> Callable[[str], Awaitable[Source]]:
    """From the name of an organization to its source. The organization is here when the source is given.

    `is_away`: whether the center does not answer now.
    """
    policy = Policy(settings.fresh_seconds, 0, settings.fresh_seconds, settings.fetches_max)
    turns, tally, pace = Turns(policy.fetches_max), Tally(), Pace(0)
    heard = (HeardOfCenter(center.url, is_away=is_away),)
    known: dict[str, Source] = {}

    async def source(organization: str) -> Source:
        found = known.get(organization)
        if found is None:
            number = await _organization(db, clock, organization)
            host = center.url.partition("://")[2]
            found = Source(
                organization,
                number,
                host,
                (center,),
                policy,
                None,
                clock,
                turns,
                tally,
                pace,
                heard,
                KEEPER,
                is_center=True,
            )
            known[organization] = found
        return found

    return source


async def _organization(db: Database, clock: Clock, name: str) -> int:
    """The number of an organization, made now if it is not here."""
    async with db.writing() as tx:
        await tx.lock("first domain")
        domain = await people.domain_by_name(tx, FIRST_DOMAIN)
        if domain is None:
            domain_id = new_id()
            await people.save_domain(tx, domain_id, FIRST_DOMAIN, clock.now())
        else:
            domain_id = domain.id
        made = await names.save_organization(tx, domain_id, name, KEEPER.id, False, True, False, clock.now())
        if made is not None:
            return made
        row = await names.organization_by_name(tx, name)
        assert row is not None, "its name is taken"
        return int(row.id)
