"""Synchronisation with other regions (contract §10), whose fields alone are in camel case, and these regions."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Flag, Text, Word
from entrepot.doors.manage.paging import (
    parse_direction,
    parse_filter,
    parse_window,
)
from entrepot.mirror import copies, regions, sync
from entrepot.mirror.regions import Account, RegionChange, RegionShown
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


_Url = Annotated[
    Word,
    Field(
        description="Where the installation is that images are copied to: scheme and host, and a port if needed; "
        "empty: nothing is copied there."
    ),
]
_Username = Annotated[Word, Field(description="Who we are there; empty: nobody in particular.")]
_Password = Annotated[Text, Field(description="Kept secret.")]
_Authority = Annotated[Text, Field(description="Certificates (PEM) of who signs its own; empty: those known here.")]


_Cidrs = Annotated[
    list[Word], Field(description="Networks of its clients, IPv4 and IPv6, as `10.20.0.0/16`; the longest one counts.")
]
_Location = Annotated[
    Word, Field(description="Where it is: degrees north and degrees east, as `52.52,13.4`; empty: unknown.")
]


class NewRegion(Body):
    regionID: Word  # noqa: N815
    url: _Url = ""
    username: _Username = ""
    password: _Password = ""
    authority: _Authority = ""
    cidrs: _Cidrs = Field(default_factory=list)
    location: _Location = ""


class UpdateRegion(Body):
    """What is absent stays."""

    url: _Url | None = None
    username: _Username | None = None
    password: _Password | None = None
    authority: _Authority | None = None
    cidrs: _Cidrs | None = None
    location: _Location | None = None


class SyncRegion(BaseModel):
    """`url`: the address of the installation; empty: nothing can be copied there. The contract does not tell it."""

    regionID: str  # noqa: N815
    url: str


class SyncRegionDetail(SyncRegion):
    """For operators. `has_...`: what is not shown is there."""

    username: str
    has_password: bool
    has_authority: bool
    cidrs: list[str]
    location: str


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
    """Delete a rule of synchronisation; copies that it asked for, and that wait or run, are cancelled."""
    mirror = call.rooms.mirror
    await sync.delete_rule(mirror, call.actor, repository, body.remoteRegionId, body.remoteNamespace)
    return Empty()


async def create_manual_image_sync_repo(call: TheCall, repository: TheRepository, body: CopyTags) -> list[str]:
    """Have tags copied to another region now; what became of it is told by the list of copies."""
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
    found, total, owner = await copies.list_copies(
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
    """The regions that are known; images can be copied to those that have an address."""
    found = await regions.list_regions(call.rooms.mirror, call.actor)
    return [SyncRegion(regionID=one.name, url=one.url) for one in found]


async def create_region(call: TheCall, body: NewRegion) -> SyncRegionDetail:
    """Make a region known: another installation, or where nodes of this one are, or both. For operators."""
    name = RegionName.parse(body.regionID)
    account = Account(body.username, body.password, body.authority)
    made = await regions.create_region(
        call.rooms.mirror, call.actor, name, body.url, account, body.cidrs, body.location
    )
    return _region_row(made)


async def show_region(call: TheCall, region: TheRegion) -> SyncRegionDetail:
    """A region, and who we are there. For operators."""
    return _region_row(await regions.show_region(call.rooms.mirror, call.actor, region))


async def update_region(call: TheCall, region: TheRegion, body: UpdateRegion) -> SyncRegionDetail:
    """Change what is given; copies that begin from now on go by it. For operators."""
    change = RegionChange(body.url, body.username, body.password, body.authority, body.cidrs, body.location)
    return _region_row(await regions.change_region(call.rooms.mirror, call.actor, region, change))


async def delete_region(call: TheCall, region: TheRegion) -> None:
    """Forget a region, with its nodes and all rules that copy to it; copies under way are cancelled. For operators."""
    await regions.delete_region(call.rooms.mirror, call.actor, region)


def _to(body: Remote, overrides: bool) -> Destination:
    return Destination(RegionName.parse(body.remoteRegionId), OrganizationName.parse(body.remoteNamespace), overrides)


def _region_row(shown: RegionShown) -> SyncRegionDetail:
    return SyncRegionDetail(
        regionID=shown.name,
        url=shown.url,
        username=shown.username,
        has_password=shown.has_password,
        has_authority=shown.has_authority,
        cidrs=list(shown.place.cidrs),
        location=shown.place.at,
    )


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
