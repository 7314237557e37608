"""Signatures kept as tags (contract §5): those of an image, and the images of one."""

from typing import Final

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository, TheTag
from entrepot.doors.manage.fields import WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_window
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import accessories

_DEFAULT: Final = 10
_ACCESSORIES_MAX, _REFERENCES_MAX = 100, 10


class AccessoryRow(BaseModel):
    id: int
    domain_id: str
    namespace_name: str
    repo_name: str
    sig_tag: str
    sig_digest: str
    target_digest: str
    size: int
    type: str
    created_at: str
    updated_at: str


class Accessories(BaseModel):
    total: int
    accessories: list[AccessoryRow]


class References(BaseModel):
    tags: list[str]
    has_more: bool
    next_marker: str | None = None


async def list_repo_accessories(
    call: TheCall, repository: TheRepository, tag: TheTag, limit: WordParameter = None, offset: WordParameter = None
) -> Accessories:
    """The signatures of an image that are kept as tags beside it."""
    window = parse_window(limit, offset, _DEFAULT, _ACCESSORIES_MAX)
    found = await accessories.list_accessories(call.registry, call.actor, repository, tag)
    return Accessories(
        total=len(found),
        accessories=[
            AccessoryRow(
                id=one.tagged.id,
                domain_id=one.tagged.domain_id,
                namespace_name=repository.organization,
                repo_name=repository.name,
                sig_tag=one.tagged.name,
                sig_digest=one.tagged.digest,
                target_digest=one.target,
                size=one.tagged.size,
                type=one.kind,
                created_at=rfc3339(one.tagged.created_at),
                updated_at=rfc3339(one.tagged.updated_at),
            )
            for one in found[window.offset : window.offset + window.limit]
        ],
    )


async def list_references(
    call: TheCall, repository: TheRepository, tag: TheTag, limit: WordParameter = None, marker: WordParameter = None
) -> References:
    """The tags of the image that a signature's tag signs, those after `marker`; `next_marker` is absent at the end."""
    found, has_more = await accessories.list_signed_tags(
        call.registry, call.actor, repository, tag, marker or "", parse_limit(limit, _DEFAULT, _REFERENCES_MAX)
    )
    return References(tags=list(found), has_more=has_more, next_marker=found[-1] if has_more else None)
