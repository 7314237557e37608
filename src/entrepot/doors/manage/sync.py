"""Synchronisation with other regions (contract §10), whose fields alone are in camel case, and these regions."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Flag, Word
from entrepot.doors.manage.paging import parse_direction, parse_filter, parse_window
from entrepot.mirror import regions, sync
from entrepot.mirror.rules import Status
from entrepot.mirror.sync import Destination, Owner
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName

_FILTER_KEYS = ("limit", "offset", "order")


async def _region(region: Annotated[str, Path(description="A region's name.")]) -> RegionName:
    return RegionName.parse(region)


TheRegion = Annotated[RegionName, Depends(_region)]


class Remote(Body):
    remoteRegionId: Word  # noqa: N815  # the contract's spelling
    remoteNamespace: Word  # noqa: N815


class CreateRule(Remote):
    """`syncAuto`: copy tags pushed from now on. `override`: replace what has their name there."""

    syncAuto: Flag = False  # noqa: N815
    override: Flag = False


class CopyTags(Remote):
    imageTag: Annotated[list[Word], Field(min_length=1)]  # noqa: N815
    override: Flag = False


class NewRegion(Body):
    regionID: Word  # noqa: N815
    url: Annotated[Word, Field(description="Its address: scheme and host, and a port if needed.")]


class SyncRegion(BaseModel):
    """`url`: the address of the installation; the contract does not tell it."""

    regionID: str  # noqa: N815
    url: str


class _Row(BaseModel):
    id: int
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    domainID: str  # noqa: N815
    domainName: str  # noqa: N815
    namespace: str
    repoName: str  # noqa: N815
    remoteNamespace: str  # noqa: N815
    remoteRegionId: str  # noqa: N815
    override: bool


class SyncRuleRow(_Row):
    syncAuto: bool  # noqa: N815


class SyncJobRow(_Row):
    tag: str
    status: Status
    syncOperatorId: str  # noqa: N815
    syncOperatorName: str  # noqa: N815


async def create_image_sync_repo(call: TheCall, repository: TheRepository, body: CreateRule) -> Empty:
    """Let a repository be copied to an organization of another region."""
    await sync.create_rule(call.rooms.mirror, call.actor, repository, _to(body, body.override), body.syncAuto)
    return Empty()


async def list_image_auto_sync_repos_details(call: TheCall, repository: TheRepository) -> list[SyncRuleRow]:
    """A repository's rules of synchronisation, the newest first."""
    found, owner = await sync.list_rules(call.rooms.mirror, call.actor, repository)
    return [
        SyncRuleRow(
            id=one.id,
            createdAt=rfc3339(one.created_at),
            updatedAt=rfc3339(one.created_at),
            syncAuto=one.is_automatic,
            **_place(repository, owner, one.to),
        )
        for one in found
    ]


async def delete_image_sync_repo(call: TheCall, repository: TheRepository, body: Remote) -> Empty:
    """Delete a rule of synchronisation."""
    mirror = call.rooms.mirror
    await sync.delete_rule(mirror, call.actor, repository, body.remoteRegionId, body.remoteNamespace)
    return Empty()


async def create_manual_image_sync_repo(call: TheCall, repository: TheRepository, body: CopyTags) -> list[str]:
    """Have tags copied to another region now."""
    tags = [TagName.parse(tag) for tag in body.imageTag]
    await sync.request_copies(call.rooms.mirror, call.actor, repository, _to(body, body.override), tags)
    return []


async def show_sync_job(
    call: TheCall,
    response: Response,
    repository: TheRepository,
    filter: Annotated[Word, Query(description="`limit::{n}|offset::{n}|order::{asc or desc}`")],  # noqa: A002
) -> list[SyncJobRow]:
    """A page of a repository's copies to other regions; `Content-Range` says where it lies."""
    given = parse_filter(filter, _FILTER_KEYS)
    if "limit" not in given or "offset" not in given:
        raise ParameterInvalid("The filter needs limit::NUMBER and offset::NUMBER.", kind="filter")
    window = parse_window(given["limit"], given["offset"])
    newest_first = parse_direction("order", given.get("order")) is not False
    found, total, owner = await sync.list_copies(
        call.rooms.mirror, call.actor, repository, newest_first, window.offset, window.limit
    )
    response.headers["Content-Range"] = window.content_range(len(found), total)
    return [
        SyncJobRow(
            id=one.id,
            createdAt=rfc3339(one.created_at),
            updatedAt=rfc3339(one.updated_at),
            tag=one.tag,
            status=one.status,
            syncOperatorId=one.operator_id,
            syncOperatorName=one.operator_name,
            **_place(repository, owner, one.to),
        )
        for one in found
    ]


async def list_sync_regions(call: TheCall) -> list[SyncRegion]:
    """The regions that images can be copied to."""
    found = await regions.list_regions(call.rooms.mirror, call.actor)
    return [SyncRegion(regionID=one.name, url=one.url) for one in found]


async def create_region(call: TheCall, body: NewRegion) -> SyncRegion:
    """Make another installation known as a region. For operators."""
    name = RegionName.parse(body.regionID)
    made = await regions.create_region(call.rooms.mirror, call.actor, name, body.url)
    return SyncRegion(regionID=made.name, url=made.url)


async def delete_region(call: TheCall, region: TheRegion) -> None:
    """Forget a region, with all rules that copy to it; copies that wait are cancelled. For operators."""
    await regions.delete_region(call.rooms.mirror, call.actor, region)


def _to(body: Remote, overrides: bool) -> Destination:
    return Destination(RegionName.parse(body.remoteRegionId), OrganizationName.parse(body.remoteNamespace), overrides)


def _place(repository: RepositoryName, owner: Owner, to: Destination) -> dict[str, str | bool]:
    return {
        "domainID": owner.domain_id,
        "domainName": owner.domain_name,
        "namespace": repository.organization,
        "repoName": repository.name,
        "remoteNamespace": to.organization,
        "remoteRegionId": to.region,
        "override": to.overrides,
    }
