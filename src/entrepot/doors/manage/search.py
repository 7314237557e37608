"""Search over all that the caller may read. The contract has no call for it."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339
from entrepot.registry.search import search_everything
from entrepot.values.kinds import Kind


class FoundImage(BaseModel):
    """`repository` with its organization before it."""

    repository: str
    is_public: bool
    num_images: int
    size: int
    updated_at: str


class FoundTag(BaseModel):
    repository: str
    tag: str
    digest: str
    updated_at: str


class FoundManifest(BaseModel):
    """`tags`: those that name it now."""

    repository: str
    digest: str
    kind: Kind
    tags: list[str]
    created_at: str


class FoundAll(BaseModel):
    """`more`: of which there are more than were asked for: `images`, `tags`, `manifests`."""

    images: list[FoundImage]
    tags: list[FoundTag]
    manifests: list[FoundManifest]
    more: list[str]


async def search_everything_readable(
    call: TheCall,
    q: Annotated[
        Word,
        Query(
            description="As `web` or `acme/web`; `1.2` or `web:1.2`; six or more digits of a digest; or up to five "
            "labels, alone or beside a part of a name: `label:KEY`, `label:KEY=VALUE`, `label:KEY=BEGINNING*`. What "
            'has spaces is put in quotation marks: `label:KEY="A VALUE"`.'
        ),
    ],
    limit: WordParameter = None,
) -> FoundAll:
    """Images by a part of their name, tags by their beginning, manifests by the beginning of their digest.

    By label: images of which a version has it, the last changed first, and those versions, the newest first.
    """
    found = await search_everything(call.registry, call.actor, q, parse_limit(limit))
    images = [
        FoundImage(
            repository=one.repository.path,
            is_public=one.repository.is_public,
            num_images=one.tags,
            size=one.size,
            updated_at=rfc3339(one.repository.updated_at),
        )
        for one in found.images
    ]
    tags = [
        FoundTag(repository=one.path, tag=one.name, digest=one.digest, updated_at=rfc3339(one.moved_at))
        for one in found.tags
    ]
    manifests = [
        FoundManifest(
            repository=one.path,
            digest=one.digest,
            kind=one.kind,
            tags=list(one.tags),
            created_at=rfc3339(one.pushed_at),
        )
        for one in found.manifests
    ]
    return FoundAll(images=images, tags=tags, manifests=manifests, more=sorted(found.has_more))
