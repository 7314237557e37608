"""Repositories (contract §4): created, listed by page and by marker, shown, changed, deleted."""

from typing import Annotated, Any, Final, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel

from entrepot.doors.manage.call import Call, TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Flag, Text, Word, WordParameter
from entrepot.doors.manage.paging import (
    parse_filter,
    parse_flag,
    parse_limit,
    parse_marker,
    parse_order,
    parse_repository_part,
    parse_window,
)
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import browse, repositories
from entrepot.registry.browse import Listed
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.names import RepositoryName

_ORDERS: Final = {
    "updated_time": RepositoryOrder.UPDATED,
    "updated_at": RepositoryOrder.UPDATED,
    "name": RepositoryOrder.NAME,
    "tag_count": RepositoryOrder.TAGS,
    "namespace": RepositoryOrder.ORGANIZATION,
    "is_public": RepositoryOrder.VISIBILITY,
}
_FILTER_KEYS: Final = (
    "namespace",
    "name",
    "category",
    "is_public",
    "limit",
    "offset",
    "order_column",
    "order_type",
)
# A filter wins over these parameters: with one, they are not looked at.
_FILTERED: Final = ("namespace", "name", "category")


class CreateRepository(Body):
    repository: Word
    is_public: Flag
    category: Word = "other"
    description: Text = ""


class ChangeRepository(Body):
    is_public: Flag
    category: Word | None = None
    description: Text | None = None


class Row(BaseModel):
    """What both lists tell of a repository. `num_download`: pulls of its images."""

    name: str
    category: str
    description: str
    size: int
    is_public: bool
    num_images: int
    num_download: int
    created_at: str
    updated_at: str
    domain_name: str


class PagedRow(Row):
    logo: str = ""
    url: str = ""
    path: str
    internal_path: str
    namespace: str
    tags: list[str]
    status: bool = False
    total_range: int


class MarkedRow(Row):
    id: int
    namespace_name: str


_Kind = TypeVar("_Kind", bound=Row)


class MarkedRows(BaseModel):
    repos: list[MarkedRow]
    nextMarker: int | None = None  # noqa: N815  # the contract's spelling


class Summary(BaseModel):
    """One repository. The contract spells its times otherwise than in the lists."""

    id: int
    ns_id: int
    name: str
    category: str
    description: str
    creator_id: str
    creator_name: str
    size: int
    is_public: bool
    num_images: int
    num_download: int
    url: str = ""
    path: str
    internal_path: str
    created: str
    updated: str
    domain_id: str
    priority: int = 0


async def create_repo(call: TheCall, namespace: TheOrganization, body: CreateRepository) -> Empty:
    """Create an empty repository."""
    path = RepositoryName.parse(f"{namespace}/{body.repository}")
    await repositories.create_repository(
        call.registry, call.actor, path, body.is_public, body.category, body.description
    )
    return Empty()


async def list_repos_details(
    call: TheCall,
    response: Response,
    namespace: WordParameter = None,
    name: WordParameter = None,
    category: WordParameter = None,
    is_public: WordParameter = None,
    limit: WordParameter = None,
    offset: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
    filter: Annotated[Word | None, Query(description="`namespace::{part}|name::{part}|…`")] = None,  # noqa: A002
) -> list[PagedRow]:
    """A page of the repositories the caller may see; `Content-Range` says where it lies."""
    plain = {
        "namespace": namespace,
        "name": name,
        "category": category,
        "is_public": is_public,
        "limit": limit,
        "offset": offset,
        "order_column": order_column,
        "order_type": order_type,
    }
    said = parse_filter(filter, _FILTER_KEYS)
    if said:
        plain |= dict.fromkeys(_FILTERED)
    given = plain | said
    order, descending = parse_order(given["order_column"], given["order_type"], _ORDERS, RepositoryOrder.UPDATED)
    window = parse_window(given["limit"], given["offset"])
    wanted = WantedRepositories(
        organization=given["namespace"] if not said else None,
        organization_part=said.get("namespace"),
        name_part=parse_repository_part(given["name"]),
        category=given["category"],
        is_public=parse_flag("is_public", given["is_public"]),
    )
    page = await browse.list_repositories(
        call.registry, call.actor, wanted, order, descending, window.offset, window.limit
    )
    response.headers["Content-Range"] = window.content_range(len(page.items), page.total)
    return [paged_row(call, one, page.total) for one in page.items]


async def list_repo_details(
    call: TheCall,
    namespace: WordParameter = None,
    name: WordParameter = None,
    category: WordParameter = None,
    is_public: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> MarkedRows:
    """Repositories the caller may see, those after `marker`; `nextMarker` is absent at the end."""
    wanted = WantedRepositories(
        organization=namespace,
        name_part=parse_repository_part(name),
        category=category,
        is_public=parse_flag("is_public", is_public),
    )
    found, has_more = await browse.list_repositories_after(
        call.registry, call.actor, wanted, parse_marker(marker), parse_limit(limit)
    )
    rows = [row(MarkedRow, one, id=one.repository.id, namespace_name=one.repository.path.organization) for one in found]
    return MarkedRows(repos=rows, nextMarker=rows[-1].id if has_more else None)


async def show_repository(call: TheCall, repository: TheRepository) -> Summary:
    """One repository."""
    one = await browse.show_repository(call.registry, call.actor, repository)
    found, named = one.repository, image(call, one)
    return Summary(
        id=found.id,
        ns_id=found.organization_id,
        name=repository.name,
        category=found.category,
        description=found.description,
        creator_id=found.creator_id,
        creator_name=one.creator_name,
        size=one.size,
        is_public=found.is_public,
        num_images=one.tags,
        num_download=one.pulls,
        path=named,
        internal_path=named,
        created=rfc3339(found.created_at),
        updated=rfc3339(found.updated_at),
        domain_id=one.domain_id,
    )


async def update_repo(call: TheCall, repository: TheRepository, body: ChangeRepository) -> Empty:
    """Change kind, visibility and text; what is left out stays."""
    await repositories.change_repository(
        call.registry, call.actor, repository, body.is_public, body.category, body.description
    )
    return Empty()


async def delete_repo(call: TheCall, repository: TheRepository) -> None:
    """Delete a repository with all its tags."""
    await repositories.delete_repository(call.registry, call.actor, repository)


def paged_row(call: Call, one: Listed, total: int, status: bool = False) -> PagedRow:
    """A row of a list by page, of `total` on all pages."""
    return row(
        PagedRow,
        one,
        path=image(call, one),
        internal_path=image(call, one),
        namespace=one.repository.path.organization,
        tags=list(one.tag_names),
        status=status,
        total_range=total,
    )


def row(kind: type[_Kind], one: Listed, **more: Any) -> _Kind:
    """A row of a list; `more` is what only its `kind` tells."""
    found = one.repository
    return kind(
        name=found.path.name,
        category=found.category,
        description=found.description,
        size=one.size,
        is_public=found.is_public,
        num_images=one.tags,
        num_download=one.pulls,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
        domain_name=one.domain_name,
        **more,
    )


def image(call: Call, one: Listed) -> str:
    """How a person writes the repository to a client."""
    return f"{call.host}/{one.repository.path}"
