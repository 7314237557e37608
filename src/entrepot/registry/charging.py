"""Charging: what a verb adds is taken from the limits that hold there, in the verb's own transaction.

A limit is spread over slices, rows that transactions take from at the same time (docs/decisions/0011).
A transaction takes from any slice that nobody holds; when none has the room it waits for all of them,
and then knows exactly what is left. So a limit is never exceeded, and what fits is never refused. Take
last, when nothing is left that could wait for others: a slice taken is held until the commit.

Where no limit holds, nothing is asked and nothing written: a row read anyway says so (`is_metered`).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader, Writer
from entrepot.registry import quota_rules
from entrepot.registry.queries import names, quotas
from entrepot.registry.quota_rules import Resource, Standing, organization_scope
from entrepot.values.digest import Digest
from entrepot.values.errors import QuotaExceeded
from entrepot.values.names import RepositoryName

LIMITS: Final = "limits"
"""Whoever adds or removes what limits count shares this lock; who begins, moves or ends a limit is alone."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much of one blob may still come, by the limits as they stood when asked."""

    standing: Standing | None = None
    about: str = ""

    def check(self, size: int) -> None:
        """Pass when a blob of `size` bytes may fit. Raises QuotaExceeded."""
        if self.standing is not None:
            with _wanted_for(self.about):
                self.standing.check(size)


ANY_ROOM: Final = Room()


class _NoRoom(Exception):
    """The slice that was tried has not enough."""


@contextmanager
def _wanted_for(about: str) -> Iterator[None]:
    """Let who is refused in the block say for what: those who listen there are told."""
    try:
        yield
    except QuotaExceeded as error:
        error.about = about
        raise


async def take(
    tx: Writer,
    owner: Row[Any],
    *,
    organizations: int = 0,
    repositories: int = 0,
    tags: int = 0,
    digests: Collection[str] = (),
) -> None:
    """Take what was added from the limits that hold for `owner`; `digests`: blobs just linked there.

    `owner`: the row of an organization, or of a repository in it. Negative numbers are given back.
    Raises QuotaExceeded; the transaction must end then.
    """
    if not owner.is_metered:
        return
    amounts = {Resource.ORGANIZATIONS: organizations, Resource.REPOSITORIES: int(repositories), Resource.TAGS: tags}
    limits = await quotas.standings(tx, _scopes(owner))
    # Who counts a blob waits for whoever counts the same one: before any slice is held.
    sizes = {
        one.scope: await _count(tx, one.scope, digests) for one in limits if one.resource is Resource.BYTES and digests
    }
    for one in limits:
        amount = sizes.get(one.scope, 0) if one.resource is Resource.BYTES else amounts[one.resource]
        if one.resource is Resource.ORGANIZATIONS and one.scope != owner.domain_id:
            continue
        with _wanted_for(getattr(owner, "path", "") or owner.name):
            await _take(tx, one.scope, one.resource, amount)


async def give_back_blobs(tx: Writer, repository: Row[Any], digest: str | None = None) -> None:
    """Give back the bytes of blobs that no other repository of the scope holds; call it before they are unlinked.

    All blobs of the repository, or the one with the digest. The caller is alone with the repository's content.
    """
    if not repository.is_metered:
        return
    limits = [one for one in await quotas.standings(tx, _scopes(repository)) if one.resource is Resource.BYTES]
    for one in limits:
        # Who links a blob elsewhere in the scope meanwhile has committed by now, and is seen.
        await tx.lock(_blobs_of(one.scope))
    sizes = [await quotas.discount_blobs(tx, one.scope, repository.id, digest) for one in limits]
    for one, size in zip(limits, sizes, strict=True):
        await _take(tx, one.scope, one.resource, -size)


async def foresee(tx: Reader, owner: Row[Any], path: RepositoryName, digest: Digest | None = None) -> Room:
    """Refuse a push early that could not end well; how large a blob may be, by the limits that hold.

    `owner`: the organization's row. `digest` of the blob that is to come, when it is known. Raises
    QuotaExceeded when the repository would be one too many.
    """
    if not owner.is_metered:
        return ANY_ROOM
    limits = await quotas.standings(tx, _scopes(owner))
    full = [one for one in limits if one.resource is Resource.REPOSITORIES and one.left < 1]
    if full and await names.repository_by_path(tx, path) is None:
        with _wanted_for(path):
            full[0].check(1)
    return await _room(tx, limits, path, digest)


async def room_for_blob(tx: Reader, path: RepositoryName, digest: Digest | None) -> Room:
    """How large one more blob may be; as large as it likes when the blob `digest` is counted already."""
    return await _room(tx, await quotas.standings_in(tx, path.organization), path, digest)


async def _room(tx: Reader, limits: Sequence[Standing], path: RepositoryName, digest: Digest | None) -> Room:
    limits = [one for one in limits if one.resource is Resource.BYTES]
    if limits and digest is not None:
        counted = await quotas.counted_blobs(tx, [one.scope for one in limits], str(digest))
        limits = [one for one in limits if one.scope not in counted]
    return Room(min(limits, key=lambda one: one.left), path) if limits else ANY_ROOM


async def end_organization(tx: Writer, organization: Row[Any]) -> None:
    """Forget the limits of an organization that is being deleted."""
    await quotas.delete_scope(tx, organization_scope(organization.id))


async def _count(tx: Writer, scope: str, digests: Collection[str]) -> int:
    await tx.lock(_blobs_of(scope), shared=True)
    return await quotas.count_blobs(tx, scope, digests)


async def _take(tx: Writer, scope: str, resource: Resource, amount: int) -> None:
    if amount == 0:
        return
    # First a slice that is free; when all are held by others, after one of them.
    for way in (quotas.take_free, quotas.take_any):
        with suppress(_NoRoom):
            async with tx.attempt():
                if await way(tx, scope, resource, amount):
                    return
                raise _NoRoom
    # Little is left: hold nothing, wait for everybody, see all there is, and spread it anew.
    slices = await quotas.hold_slices(tx, scope, resource)
    if not slices:
        return
    whole = quota_rules.standing(scope, resource, slices)
    if amount > 0:
        whole.check(amount)
    await quotas.change_slices(tx, scope, resource, quota_rules.spread(whole.used + amount, whole.limit))


def _scopes(owner: Row[Any]) -> tuple[str, str]:
    return owner.domain_id, organization_scope(owner.organization_id)


def _blobs_of(scope: str) -> str:
    return f"blobs counted in {scope}"
