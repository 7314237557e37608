"""Attempts: one try to carry out one copy, from opening the way to its region to how it ended."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.mirror.copying import Errand, Line, copy_image
from entrepot.mirror.own_shelf import OwnShelf
from entrepot.mirror.queries import copies
from entrepot.mirror.reasons import Ending, Place, ending_of
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status
from entrepot.mirror.secrets import Secrets, unseal_region
from entrepot.plumbing import metrics
from entrepot.plumbing.outbound import tls_context
from entrepot.plumbing.units import show_seconds
from entrepot.remote.session import Credentials, Remote
from entrepot.remote.settings import RemoteSettings
from entrepot.values.digest import Digest
from entrepot.values.errors import EntrepotError
from entrepot.values.names import RepositoryName, TagName

_REMOTE: Final = RemoteSettings(attempts_max=4)
"""What broke off for longer than such an attempt waits, and is tried again later."""
_BATCH: Final = 500


@dataclass(slots=True)
class Attempt:
    """`row`: the copy, with its repository's path and its region's address. `sent`: bytes that went out.

    `is_ending`: what became of it is being written down, and it is not called off any more.
    """

    row: Row[Any]
    number: int
    sent: int = 0
    digest: str = ""
    is_ending: bool = False

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
    def reader(self) -> Actor:
        """Who copies: the installation, whoever asked for it may be away."""
        return house_of("sync", self.row.organization_id, self.path.organization, Level.READ)

    def count(self, more: int) -> None:
        self.sent += more
        metrics.sync_bytes.inc(more)


async def carry_out(mirror: Mirror, attempt: Attempt, line: Line) -> Ending:
    """Copy, within the time that a copy may take; what became of it."""
    row = attempt.row
    place = Place(row.region, "", RepositoryName(f"{row.remote_organization}/{attempt.path.name}"))
    seconds = mirror.settings.sync_seconds_max
    try:
        RepositoryName.parse(place.name)  # an organization with a longer name
        secrets = unseal_region(mirror.sealer, row.region, row.sealed)
        place = replace(place, username=secrets.username)
        async with asyncio.timeout(seconds), await _open(mirror, row.url, secrets) as remote:
            attempt.digest = str(await copy_image(_errand(mirror, attempt, remote, place, line)))
    except TimeoutError:
        said = (
            f"It took longer than {show_seconds(seconds)}. What arrived stays there; try it again: entrepot sync retry"
        )
        return Ending(Status.TIMEOUT, f"{said} {row.path} {row.id}")
    except EntrepotError as error:
        return ending_of(error, place)
    return Ending(Status.SUCCESS)


async def _open(mirror: Mirror, url: str, secrets: Secrets) -> Remote:
    trust = await asyncio.to_thread(tls_context, secrets.authority) if url.startswith("https:") else None
    credentials = Credentials(secrets.username, secrets.password) if secrets.username else None
    return Remote(url, credentials, _REMOTE, trust=trust, near=mirror.settings.near)


def _errand(mirror: Mirror, attempt: Attempt, remote: Remote, place: Place, line: Line) -> Errand:
    shelf = OwnShelf(mirror.registry, attempt.reader, attempt.path)
    mounts = partial(_mounts, mirror, attempt.row)
    return Errand(shelf, TagName(attempt.row.tag), remote, place, attempt.row.overrides, mounts, attempt.count, line)


async def _mounts(mirror: Mirror, row: Row[Any], digests: Sequence[Digest]) -> Mapping[Digest, RepositoryName]:
    """Repositories at the region that have blobs: others of ours were copied there with them."""
    found: dict[Digest, RepositoryName] = {}
    async with mirror.db.reading() as tx:
        for at in range(0, len(digests), _BATCH):
            batch = [str(digest) for digest in digests[at : at + _BATCH]]
            names = await copies.places_with(tx, batch, row.repository_id, row.region, row.remote_organization)
            for digest, name in names.items():
                found[Digest.parse(digest)] = RepositoryName(f"{row.remote_organization}/{name}")
    return found
