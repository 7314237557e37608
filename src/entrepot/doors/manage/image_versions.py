"""Versions of an image: its tags with what people want to know of each. The contract has no call for it."""

from typing import Final

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_order
from entrepot.plumbing.clock import rfc3339
from entrepot.registry.versions import list_versions
from entrepot.registry.wanted import TagOrder
from entrepot.values.kinds import Kind

_ORDERS: Final = {"updated_at": TagOrder.UPDATED, "tag": TagOrder.NAME}


class VersionRow(BaseModel):
    """`size`: bytes of the image, of an index with those of its images. `platforms`: as far as they are known.

    `last_pulled` is a day, and absent when there was no pull for as long as days are kept. `pushed_by` is empty for
    people of other domains. `belonging`: kinds of what refers to it; whether a signature is good is not looked at.
    """

    tag: str
    digest: str
    kind: Kind
    size: int
    platforms: list[str]
    updated: str
    pushed_by: str
    last_pulled: str | None = None
    belonging: list[Kind]


class Versions(BaseModel):
    versions: list[VersionRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_image_versions(
    call: TheCall,
    repository: TheRepository,
    tag: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> Versions:
    """Tags with platforms, who pushed them, the last pull, and what belongs to them; those after `marker`."""
    order, descending = parse_order(order_column, order_type, _ORDERS, TagOrder.UPDATED)
    found, following = await list_versions(
        call.registry, call.actor, repository, tag or "", order, descending, marker or "", parse_limit(limit)
    )
    rows = [
        VersionRow(
            tag=one.tagged.name,
            digest=one.tagged.digest,
            kind=one.kind,
            size=one.size,
            platforms=list(one.platforms),
            updated=rfc3339(one.tagged.updated_at),
            pushed_by=one.pushed_by,
            last_pulled=one.last_pulled.isoformat() if one.last_pulled else None,
            belonging=sorted(one.belonging),
        )
        for one in found
    ]
    return Versions(versions=rows, nextMarker=following)
