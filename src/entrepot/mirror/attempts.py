"""Attempts: one try to carry out one copy or deletion, from opening the way to its region to how it ended."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.mirror.bringing import Fetching, bring_image
from entrepot.mirror.copying import Errand, Line, Tally, Way, copy_image
from entrepot.mirror.own_shelf import OwnShelf
from entrepot.mirror.queries import copies
from entrepot.mirror.reasons import Ending, Place, ending_of
from entrepot.mirror.removing import remove_here, remove_there
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status, Work
from entrepot.mirror.secrets import Secrets, unseal_region
from entrepot.mirror.wide_rules import Direction, WideRule
from entrepot.plumbing import metrics
from entrepot.plumbing.outbound import tls_context
from entrepot.plumbing.units import show_seconds
from entrepot.remote.session import Credentials, Remote
from entrepot.remote.settings import RemoteSettings
from entrepot.remote.shelf import RemoteShelf
from entrepot.values.digest import Digest
from entrepot.values.errors import EntrepotError, worded
from entrepot.values.names import RepositoryName, TagName

_REMOTE: Final = RemoteSettings(attempts_max=4)
"""What broke off for longer than such an attempt waits, and is tried again later."""
_BATCH: Final = 500
_WINDOW_CLOSED: Final = worded("The time of its rule is over; it goes on when the next begins.")


@dataclass(slots=True)
class Attempt:
    """`row`: the copy, with its repository's path and its region's address. `rule`: the one of our own that wants it.

    `is_ending`: what became of it is being written down, and it is not called off any more.
    """

    row: Row[Any]
    number: int
    digest: str = ""
    is_ending: bool = False
    tally: Tally = field(init=False)
    rule: WideRule | None = field(init=False)

    def __post_init__(self) -> None:
        self.digest = self.row.digest if self.is_deletion else ""
        self.tally = Tally(metrics.sync_received.inc if self.is_pull else metrics.sync_bytes.inc)
        self.rule = None if self.row.document is None else WideRule.of(self.row.document)

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def lane(self) -> tuple[int, str, str, str]:
        """Two copies of the same to the same place come one after the other."""
        return self.row.repository_id, self.row.region, self.row.remote_organization, self.row.tag

    @property
    def path(self) -> RepositoryName:
        return RepositoryName(self.row.path)

    @property
    def place(self) -> str:
        """The name of the repository at the region."""
        return self.row.place or f"{self.row.remote_organization}/{self.path.name}"

    @property
    def is_pull(self) -> bool:
        return bool(self.row.direction == Direction.PULL)

    @property
    def is_deletion(self) -> bool:
        return bool(self.row.action == Work.DELETE)

    @property
    def house(self) -> Actor:
        """Who copies: the installation, whoever asked for it may be away. With no more than that needs."""
        level = Level.READ if not self.is_pull else Level.MANAGE if self.is_deletion else Level.EDIT
        return house_of("sync", self.row.organization_id, self.path.organization, level)


async def carry_out(mirror: Mirror, attempt: Attempt, line: Line) -> Ending:
    """Do it, within the time that a copy may take, and while the window of its rule is open; what became of it."""
    row = attempt.row
    place = Place(row.region, "", RepositoryName(attempt.place), attempt.is_pull)
    seconds = float(mirror.settings.sync_seconds_max)
    closing = _closing(mirror, attempt)
    left = seconds if closing is None else max((closing - mirror.clock.now()).total_seconds(), 0.0)
    try:
        RepositoryName.parse(place.name)  # an organization with a longer name
        secrets = unseal_region(mirror.sealer, row.region, row.sealed)
        place = replace(place, username=secrets.username)
        async with asyncio.timeout(min(seconds, left)), await open_region(mirror, row.url, secrets) as remote:
            await _do(mirror, attempt, remote, place, line)
    except TimeoutError:
        if closing is not None and left < seconds:
            assert attempt.rule is not None, "it has the window"
            return Ending(Status.WAITING, _WINDOW_CLOSED, until=attempt.rule.when.opening(closing))
        said = (
            f"It took longer than {show_seconds(mirror.settings.sync_seconds_max)}. What arrived stays there; "
            "try it again: entrepot sync retry"
        )
        return Ending(Status.TIMEOUT, f"{said} {row.path} {row.id}")
    except EntrepotError as error:
        return ending_of(error, place)
    return Ending(Status.SUCCESS)


def _closing(mirror: Mirror, attempt: Attempt) -> datetime | None:
    return None if attempt.rule is None else attempt.rule.when.closing(mirror.clock.now())


async def open_region(mirror: Mirror, url: str, secrets: Secrets) -> Remote:
    """The way to a region."""
    trust = await asyncio.to_thread(tls_context, secrets.authority) if url.startswith("https:") else None
    credentials = Credentials(secrets.username, secrets.password) if secrets.username else None
    return Remote(url, credentials, _REMOTE, trust=trust, near=mirror.settings.near)


async def _do(mirror: Mirror, attempt: Attempt, remote: Remote, place: Place, line: Line) -> None:
    row, rule, registry = attempt.row, attempt.rule, mirror.registry
    tag, own = TagName(row.tag), OwnShelf(registry, attempt.house, attempt.path)
    if attempt.is_deletion:
        copied = Digest.parse(row.digest)
        if attempt.is_pull:
            await remove_here(registry, attempt.house, attempt.path, tag, copied, remote, place)
        else:
            await remove_there(own, tag, copied, remote, place)
        return
    rates = line.rates(row.wide_rule_id, rule.bytes_per_second if rule else 0)
    way = Way(row.overrides, rule is None or rule.referrers, attempt.tally, line, rates)
    if attempt.is_pull:
        shelf = RemoteShelf(remote, place.name)
        fetching = Fetching(shelf, tag, registry, attempt.house, attempt.path, way)
        attempt.digest = str(await bring_image(fetching))
    else:
        mounts = partial(_mounts, mirror, row)
        attempt.digest = str(await copy_image(Errand(own, tag, remote, place, mounts, way)))


async def _mounts(mirror: Mirror, row: Row[Any], digests: Sequence[Digest]) -> Mapping[Digest, RepositoryName]:
    """Repositories at the region that have blobs: others of ours were copied there with them, to the same organization
    or to another one.
    """
    found: dict[Digest, RepositoryName] = {}
    async with mirror.db.reading() as tx:
        for at in range(0, len(digests), _BATCH):
            batch = [str(digest) for digest in digests[at : at + _BATCH]]
            names = await copies.places_with(tx, batch, row.repository_id, row.region, row.remote_organization)
            for digest, name in names.items():
                found[Digest.parse(digest)] = RepositoryName(name)
    return found
