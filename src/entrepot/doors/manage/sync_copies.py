"""Copies of a repository's tags with what became of them, more than the contract tells: tried again, called off."""

from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Empty, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker, parse_row_number
from entrepot.mirror import copies
from entrepot.mirror.copies import Copy
from entrepot.mirror.kept import readable
from entrepot.mirror.rules import Status, Work
from entrepot.mirror.wide_rules import Direction
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none


async def _number(copy: Annotated[str, Path(description="A copy's number.")]) -> int:
    return parse_row_number("copy", copy)


TheCopy = Annotated[int, Depends(_number)]


class SyncCopy(BaseModel):
    """A copy of one tag, or (`action`) the deletion of what was copied. `digest`: what the tag named when that was.
    `attempts`: how often it was begun. `direction`: to the region (`push`) or from it. `rule`: the name of the rule of
    operators that wants it; empty: none. `place`: what the repository is called at the region.

    `bytes_sent`: over the wire, in all attempts; of `bytes_total` that were missing when the last one began,
    `bytes_done` are there. `next_at`: when it is to be begun; absent while it runs and when it has ended. `error`: why
    it did not succeed, or what broke off before.
    """

    id: int
    tag: str
    region: str
    namespace: str
    status: Status
    direction: Direction
    action: Work
    rule: str
    place: str
    is_automatic: bool
    override: bool
    digest: str
    error: str
    attempts: int
    bytes_sent: int
    bytes_done: int
    bytes_total: int
    operator_id: str
    operator_name: str
    created_at: str
    updated_at: str
    started_at: str | None = None
    ended_at: str | None = None
    next_at: str | None = None


class SyncCopies(BaseModel):
    copies: list[SyncCopy]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_sync_copies(
    call: TheCall, repository: TheRepository, limit: WordParameter = None, marker: WordParameter = None
) -> SyncCopies:
    """A repository's copies to other regions with what became of them, the newest first."""
    before = parse_marker(marker) or None
    page = await copies.follow_copies(call.rooms.mirror, call.actor, repository, before, parse_limit(limit))
    following = None if page.after is None else str(page.after)
    return SyncCopies(copies=[SyncCopy(**fields_of(one)) for one in page.items], nextMarker=following)


async def retry_sync_copy(call: TheCall, repository: TheRepository, copy: TheCopy) -> Empty:
    """Try a copy again that did not succeed. What the tag names then is copied; what arrived is not sent again."""
    await copies.retry_copy(call.rooms.mirror, call.actor, repository, copy)
    return Empty()


async def cancel_sync_copy(call: TheCall, repository: TheRepository, copy: TheCopy) -> Empty:
    """Call a copy off that waits or runs."""
    await copies.cancel_copy(call.rooms.mirror, call.actor, repository, copy)
    return Empty()


def fields_of(one: Copy) -> dict[str, Any]:
    """The fields of a copy, for this list and for that of all repositories."""
    return {
        "id": one.id,
        "tag": one.tag,
        "region": one.to.region,
        "namespace": one.to.organization,
        "status": one.status,
        "direction": one.direction,
        "action": one.action,
        "rule": one.rule,
        "place": one.there,
        "is_automatic": one.is_automatic,
        "override": one.to.overrides,
        "digest": one.digest,
        "error": readable(one.error),
        "attempts": one.attempts,
        "bytes_sent": one.bytes_sent,
        "bytes_done": one.bytes_done,
        "bytes_total": one.bytes_total,
        "operator_id": one.operator_id,
        "operator_name": one.operator_name,
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "started_at": rfc3339_or_none(one.started_at),
        "ended_at": rfc3339_or_none(one.ended_at),
        "next_at": rfc3339_or_none(one.next_at),
    }
