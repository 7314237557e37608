"""Cold images, ours: what nobody pulled for a long time, and what deleting it would free."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.last_pulls import LastPullRow, last_pull_row
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.registry import cold
from entrepot.values.names import OrganizationName

# Of each image the tags and blobs are counted.
_LIMIT, _LIMIT_MAX = 50, 100


class ColdRow(BaseModel):
    """`idle_since`: when it was pulled last; of one never pulled, when it last changed, which a push does.

    `last_pull` is absent when there was none, or it was longer ago than pulls are remembered. `pulls`: ever.
    `pushed_at`: of its tags. `exclusive_bytes` would be freed if it alone were gone; absent where that is too much to
    look at and not measured yet. `measured_at`: what is much was so then.
    """

    repository: str
    idle_since: str
    last_pull: LastPullRow | None = None
    pulls: int
    pushed_at: str | None = None
    tags: int
    stored_bytes: int
    exclusive_bytes: int | None = None
    measured_at: str | None = None


class ColdImages(BaseModel):
    images: list[ColdRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_cold_images(
    call: TheCall,
    days: Annotated[Word, Query(description="Nobody pulled it for so many days, 1 to 3650.")] = str(cold.DAYS),
    namespace: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> ColdImages:
    """Repositories you manage that nobody pulled for so many days, by name, those after `marker`.

    A page may have fewer rows than `limit`, even none, while others follow: go on as long as there is `nextMarker`.
    """
    page = await cold.list_cold_images(
        call.registry,
        call.actor,
        cold.parse_days(days),
        None if namespace is None else OrganizationName.parse(namespace),
        marker or "",
        parse_limit(limit, _LIMIT, _LIMIT_MAX),
    )
    rows = [
        ColdRow(
            repository=one.path,
            idle_since=rfc3339(one.idle_since),
            last_pull=last_pull_row(one.last_pull),
            pulls=one.pulls,
            pushed_at=rfc3339_or_none(one.pushed_at),
            tags=one.tags,
            stored_bytes=one.storage.stored_bytes,
            exclusive_bytes=one.storage.exclusive_bytes,
            measured_at=rfc3339_or_none(one.storage.measured_at),
        )
        for one in page.items
    ]
    return ColdImages(images=rows, nextMarker=page.following)
