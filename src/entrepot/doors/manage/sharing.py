"""Sharing with other domains, and lists of what is shared (contract §7)."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheReceiver, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Text, Word, WordParameter
from entrepot.doors.manage.paging import (
    parse_filter,
    parse_flag,
    parse_limit,
    parse_marker,
    parse_order,
    parse_repository_part,
    parse_window,
)
from entrepot.doors.manage.repositories import MarkedRow, PagedRow, paged_row, row
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import rules, shared, sharing
from entrepot.registry.sharing import Share
from entrepot.registry.wanted import SharedOrder, WantedShared
from entrepot.values.errors import ParameterInvalid, quoted
from entrepot.values.names import DomainName

_READ: Final = "read"
_GIVEN, _RECEIVED = "self", "thirdparty"
_ORDERS: Final = {
    "updated_at": SharedOrder.UPDATED,
    "updated_time": SharedOrder.UPDATED,
    "name": SharedOrder.NAME,
    "tag_count": SharedOrder.TAGS,
    "namespace": SharedOrder.ORGANIZATION,
    "domain_name": SharedOrder.DOMAIN,
}
_FILTER_KEYS: Final = ("center", "name", "namespace", "limit", "offset", "order_column", "order_type")
# A filter wins over these parameters: with one, they are not looked at.
_FILTERED: Final = ("namespace", "name")


class ChangeShare(Body):
    """`deadline` is `forever` or a day in UTC; the share holds until that day is over."""

    permit: Word
    deadline: Word
    description: Text = ""


class CreateShare(ChangeShare):
    access_domain: Word


class ShareRow(BaseModel):
    namespace: str
    repository: str
    access_domain: str
    permit: str = _READ
    deadline: str
    description: str
    creator_id: str
    creator_name: str
    created: str
    updated: str
    status: bool


class ShownShare(BaseModel):
    """A share when `exist` says that there is one; otherwise nothing more."""

    exist: bool
    namespace: str | None = None
    repository: str | None = None
    access_domain: str | None = None
    permit: str | None = None
    deadline: str | None = None
    description: str | None = None
    creator_id: str | None = None
    creator_name: str | None = None
    created: str | None = None
    updated: str | None = None
    status: bool | None = None


class SharedRow(MarkedRow):
    """`status`: shared with us, and not over."""

    status: bool


class SharedRows(BaseModel):
    repos: list[SharedRow]
    nextMarker: int | None = None  # noqa: N815  # the contract's spelling


async def create_repo_domains(call: TheCall, repository: TheRepository, body: CreateShare) -> Empty:
    """Let everybody of another domain pull from a private repository."""
    _check_permit(body.permit)
    receiver, ends_at = DomainName.parse(body.access_domain), rules.parse_deadline(body.deadline)
    await sharing.share_repository(call.registry, call.actor, repository, receiver, ends_at, body.description)
    return Empty()


async def list_repo_domains(
    call: TheCall,
    response: Response,
    repository: TheRepository,
    limit: WordParameter = None,
    offset: WordParameter = None,
) -> list[ShareRow]:
    """The domains a repository is shared with, by name; `status` tells whether a share still holds."""
    window = parse_window(limit, offset)
    found, total = await sharing.list_shares(call.registry, call.actor, repository, window.offset, window.limit)
    response.headers["Content-Range"] = window.content_range(len(found), total)
    return [_share(one) for one in found]


async def show_access_domain(call: TheCall, repository: TheRepository, access_domain: TheReceiver) -> ShownShare:
    """Whether a repository is shared with a domain, and how."""
    found = await sharing.show_share(call.registry, call.actor, repository, access_domain)
    return ShownShare(exist=True, **_share(found).model_dump()) if found else ShownShare(exist=False)


async def update_repo_domains(
    call: TheCall, repository: TheRepository, access_domain: TheReceiver, body: ChangeShare
) -> Empty:
    """Give a share another deadline and description."""
    _check_permit(body.permit)
    ends_at = rules.parse_deadline(body.deadline)
    await sharing.change_share(call.registry, call.actor, repository, access_domain, ends_at, body.description)
    return Empty()


async def delete_repo_domains(call: TheCall, repository: TheRepository, access_domain: TheReceiver) -> None:
    """Take a share back; it ends at once."""
    await sharing.end_share(call.registry, call.actor, repository, access_domain)


async def list_shared_repos_details(
    call: TheCall,
    response: Response,
    center: Annotated[Word | None, Query(description="`self`: shared by us; `thirdparty`: shared with us.")] = None,
    namespace: WordParameter = None,
    name: WordParameter = None,
    domain_name: WordParameter = None,
    status: WordParameter = None,
    limit: WordParameter = None,
    offset: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
    filter: Annotated[Word | None, Query(description="`center::self|name::{part}|…`")] = None,  # noqa: A002
) -> list[PagedRow]:
    """A page of shared repositories; `Content-Range` says where it lies."""
    plain = {
        "center": center,
        "namespace": namespace,
        "name": name,
        "limit": limit,
        "offset": offset,
        "order_column": order_column,
        "order_type": order_type,
    }
    said = parse_filter(filter, _FILTER_KEYS)
    if said:
        plain |= dict.fromkeys(_FILTERED)
    given = plain | said
    order, descending = parse_order(given["order_column"], given["order_type"], _ORDERS, SharedOrder.UPDATED)
    window = parse_window(given["limit"], given["offset"])
    wanted = WantedShared(
        is_given=_is_given("center", given["center"]),
        organization=given["namespace"] if not said else None,
        organization_part=said.get("namespace"),
        name_part=parse_repository_part(given["name"]),
        domain=domain_name,
        is_valid=parse_flag("status", status),
    )
    page = await shared.list_shared(call.registry, call.actor, wanted, order, descending, window.offset, window.limit)
    response.headers["Content-Range"] = window.content_range(len(page.items), page.total)
    return [paged_row(call, one.listed, page.total, status=one.is_valid) for one in page.items]


async def list_shared_repo_details(
    call: TheCall,
    shared_by: Annotated[Word | None, Query(description="`self`: shared by us; `thirdparty`: shared with us.")] = None,
    namespace: WordParameter = None,
    name: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
    status: WordParameter = None,
) -> SharedRows:
    """Shared repositories, those after `marker`; `nextMarker` is absent at the end."""
    wanted = WantedShared(
        is_given=_is_given("shared_by", shared_by),
        organization=namespace,
        name_part=parse_repository_part(name),
        is_valid=parse_flag("status", status),
    )
    found, has_more = await shared.list_shared_after(
        call.registry, call.actor, wanted, parse_marker(marker), parse_limit(limit)
    )
    rows = [
        row(
            SharedRow,
            one.listed,
            id=one.listed.repository.id,
            namespace_name=one.listed.repository.path.organization,
            status=one.is_valid,
        )
        for one in found
    ]
    return SharedRows(repos=rows, nextMarker=rows[-1].id if has_more else None)


def _check_permit(permit: str) -> None:
    if permit != _READ:
        raise ParameterInvalid(f"permit is {_READ}, the only one; not {quoted(permit)}.")


def _is_given(parameter: str, text: str | None) -> bool:
    if text is None:
        raise ParameterInvalid(f"{parameter} is missing: {_GIVEN} or {_RECEIVED}.", kind="missing")
    if text not in (_GIVEN, _RECEIVED):
        raise ParameterInvalid(f"{parameter} is {_GIVEN} or {_RECEIVED}, not {quoted(text)}.", kind="query")
    return text == _GIVEN


def _share(one: Share) -> ShareRow:
    return ShareRow(
        namespace=one.path.organization,
        repository=one.path.name,
        access_domain=one.receiver,
        deadline=rules.deadline_text(one.ends_at),
        description=one.description,
        creator_id=one.creator_id,
        creator_name=one.creator_name,
        created=rfc3339(one.created_at),
        updated=rfc3339(one.updated_at),
        status=one.is_valid,
    )
