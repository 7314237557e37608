"""Tags (contract §5): made from others, listed by page and by marker, shown, deleted."""

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from entrepot.doors.manage.call import Call, TheCall, TheRepository, TheTag
from entrepot.doors.manage.fields import Body, Empty, Flag, Word, WordParameter
from entrepot.doors.manage.paging import parse_filter, parse_flag, parse_limit, parse_order, parse_window
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import remove, retag, tagged
from entrepot.registry.tagged import Tagged
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.media_types import is_index
from entrepot.values.names import RepositoryName, TagName

_ORDERS: Final = {"updated_at": TagOrder.UPDATED, "tag": TagOrder.NAME}
_FILTER_KEYS: Final = ("tag", "limit", "offset", "order_column", "order_type")
_SCHEMA: Final = 2  # the other one is refused at the door


async def _wanted(
    tag: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> WantedTags:
    order, descending = parse_order(order_column, order_type, _ORDERS, TagOrder.UPDATED)
    return WantedTags(tag or "", order, descending, marker or "", parse_limit(limit))


TheWantedTags = Annotated[WantedTags, Depends(_wanted)]


class CreateTag(Body):
    source_tag: Word
    destination_tag: Word
    override: Flag = False


class _Facts(BaseModel):
    id: int
    repo_id: int
    image_id: str
    manifest: str
    digest: str
    schema_: int = _SCHEMA
    path: str
    internal_path: str
    size: int
    is_trusted: bool = False
    created: str
    updated: str
    domain_id: str
    tag_type: int

    model_config = {"alias_generator": lambda name: name.rstrip("_"), "populate_by_name": True}


class TagRow(_Facts):
    """`manifest` is the document as text; `tag_type` 1 is an index."""

    tag: str


class PagedTagRow(_Facts):
    """As `TagRow`, with the capital letter the contract has here."""

    Tag: str
    deleted: None = None
    scanned: bool = False


class MarkedTags(BaseModel):
    tags: list[TagRow]
    has_more: bool
    nextMarker: str | None = None  # noqa: N815  # the contract's spelling
    next_marker: str | None = None


async def list_repository_tags(
    call: TheCall,
    response: Response,
    repository: TheRepository,
    tag: WordParameter = None,
    limit: WordParameter = None,
    offset: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
    filter: Annotated[Word | None, Query(description="`tag::{part}|limit::{n}|…`")] = None,  # noqa: A002
) -> list[PagedTagRow]:
    """A page of a repository's tags; `Content-Range` says where it lies."""
    plain = {
        "tag": tag,
        "limit": limit,
        "offset": offset,
        "order_column": order_column,
        "order_type": order_type,
    }
    given = plain | parse_filter(filter, _FILTER_KEYS)
    order, descending = parse_order(given["order_column"], given["order_type"], _ORDERS, TagOrder.UPDATED)
    window = parse_window(given["limit"], given["offset"])
    page = await tagged.list_tagged(
        call.registry, call.actor, repository, given["tag"] or "", order, descending, window.offset, window.limit
    )
    response.headers["Content-Range"] = window.content_range(len(page.items), page.total)
    return [PagedTagRow(Tag=one.name, **_facts(call, repository, one)) for one in page.items]


async def list_repository_tag(
    call: TheCall, repository: TheRepository, wanted: TheWantedTags, with_manifest: WordParameter = None
) -> MarkedTags:
    """A repository's tags, those after `marker`; `nextMarker` is absent at the end."""
    with_bodies = parse_flag("with_manifest", with_manifest) or False
    found, following = await tagged.list_tagged_after(call.registry, call.actor, repository, wanted, with_bodies)
    rows = [TagRow(tag=one.name, **_facts(call, repository, one)) for one in found]
    return MarkedTags(tags=rows, has_more=following is not None, nextMarker=following, next_marker=following)


async def show_repo_tag(call: TheCall, repository: TheRepository, tag: TheTag) -> TagRow:
    """One tag."""
    one = await tagged.show_tag(call.registry, call.actor, repository, tag)
    return TagRow(tag=one.name, **_facts(call, repository, one))


async def create_repo_tag(call: TheCall, repository: TheRepository, body: CreateTag) -> Empty:
    """Give an image one more tag in its repository; nothing is copied. With `override` an existing tag moves."""
    source, tag = TagName.parse(body.source_tag), TagName.parse(body.destination_tag)
    await retag.add_tag(call.registry, call.actor, repository, source, tag, may_move=body.override)
    return Empty()


async def delete_repo_tag(call: TheCall, repository: TheRepository, tag: TheTag) -> None:
    """Delete a tag; others of the same image stay."""
    await remove.delete_tag(call.registry, call.actor, repository, tag)


def _facts(call: Call, repository: RepositoryName, one: Tagged) -> dict[str, Any]:
    image = f"{call.host}/{repository}:{one.name}"
    return {
        "id": one.id,
        "repo_id": one.repository_id,
        "image_id": (one.config_digest or "").partition(":")[2],
        "manifest": one.body.decode(),
        "digest": one.digest,
        "path": image,
        "internal_path": image,
        "size": one.size,
        "created": rfc3339(one.created_at),
        "updated": rfc3339(one.updated_at),
        "domain_id": one.domain_id,
        "tag_type": int(is_index(one.media_type)),
    }
