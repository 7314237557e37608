"""History of tags, which the contract has no call for: what they named, and back to it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository, TheTag
from entrepot.doors.manage.fields import Body, Empty, Moment, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.registry import history, retag
from entrepot.registry.history import Interval
from entrepot.values.digest import Digest


class RestoreTag(Body):
    digest: Word


class IntervalRow(BaseModel):
    """A tag named `digest` from `valid_from` until `valid_until`, which is absent for what it names now.

    `moved_by` is who made it do so, empty when that account is gone. `is_kept`: the manifest is still there.
    """

    tag: str
    digest: str
    valid_from: str
    valid_until: str | None = None
    moved_by: str
    moved_by_id: str
    is_kept: bool


class Intervals(BaseModel):
    history: list[IntervalRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class TagsAt(BaseModel):
    tags: list[IntervalRow]
    nextMarker: str | None = None  # noqa: N815


async def list_tag_history(
    call: TheCall, repository: TheRepository, tag: TheTag, limit: WordParameter = None, marker: WordParameter = None
) -> Intervals:
    """What a tag named, the newest first, those after `marker`; also of a deleted tag."""
    before_id = None if marker is None else parse_marker(marker)
    found, has_more = await history.list_tag_history(
        call.registry, call.actor, repository, tag, before_id, parse_limit(limit)
    )
    return Intervals(history=_rows(found), nextMarker=str(found[-1].id) if has_more else None)


async def list_tags_at(
    call: TheCall,
    repository: TheRepository,
    at: Annotated[Moment, Query(description="A time, as 2027-01-31T12:00:00Z.")],
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> TagsAt:
    """The tags of a repository as they were at a moment, by name, those after `marker`."""
    found, has_more = await history.list_tags_at(
        call.registry, call.actor, repository, at, marker or "", parse_limit(limit)
    )
    return TagsAt(tags=_rows(found), nextMarker=found[-1].tag if has_more else None)


async def restore_tag(call: TheCall, repository: TheRepository, tag: TheTag, body: RestoreTag) -> Empty:
    """Let a tag name again a digest that it named before, while the manifest is there; also a deleted tag."""
    await retag.restore_tag(call.registry, call.actor, repository, tag, Digest.parse(body.digest))
    return Empty()


def _rows(found: Sequence[Interval]) -> list[IntervalRow]:
    return [
        IntervalRow(
            tag=one.tag,
            digest=one.digest,
            valid_from=rfc3339(one.valid_from),
            valid_until=rfc3339_or_none(one.valid_until),
            moved_by=one.moved_by_name,
            moved_by_id=one.moved_by_id,
            is_kept=one.is_kept,
        )
        for one in found
    ]
