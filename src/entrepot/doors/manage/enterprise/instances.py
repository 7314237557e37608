"""The one instance: what it is, how it is set up, what it holds."""

from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel

from entrepot import __version__
from entrepot.accounts import domains
from entrepot.doors.manage.call import Call
from entrepot.doors.manage.enterprise.call import INSTANCE_ID, LIMIT_MAX, InInstance, InProject, parse_page
from entrepot.doors.manage.fields import WordParameter
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import quotas, usage
from entrepot.registry.quota_rules import Resource

_RUNNING: Final = "Running"
Status = Literal["Initial", "Creating", "Running", "Unavailable"]


class Instance(BaseModel):
    """`name` is the region's, `created_at` when your domain was made. What only a cloud has is absent."""

    id: str
    name: str
    description: str
    version: str
    access_address: str
    status: str
    project_id: str
    created_at: str


class Instances(BaseModel):
    instances: list[Instance]
    total: int


class InstanceConfiguration(BaseModel):
    """`anonymous_access`: public repositories can be pulled without signing in."""

    anonymous_access: bool


class InstanceStatistics(BaseModel):
    """Of your domain. `storage_used` in bytes, each blob once; a quota of -1 is none; images are repositories."""

    storage_used: int
    total_namespace_count: int
    total_image_count: int
    namespace_quota: int
    image_repo_quota: int
    long_term_quota: int


class InstanceFeatureGates(BaseModel):
    """What has no Enterprise call yet is false."""

    enableDomainName: bool = False  # noqa: N815  # the contract's spelling
    enableCombinationRetention: bool = False  # noqa: N815
    enableArtifactScanning: bool = False  # noqa: N815
    enableArtifactGc: bool = False  # noqa: N815


async def list_instance(
    call: InProject,
    offset: WordParameter = None,
    limit: WordParameter = None,
    status: Annotated[Status | None, Query()] = None,
) -> Instances:
    """The one instance there is, which is this installation."""
    window = parse_page(limit, offset, LIMIT_MAX)
    found = [await _instance(call)] if status in (None, _RUNNING) else []
    return Instances(instances=found[window.offset :], total=len(found))


async def show_instance(call: InInstance) -> Instance:
    """This installation."""
    return await _instance(call)


async def show_instance_configuration(call: InInstance) -> InstanceConfiguration:
    """Whether public repositories can be pulled without signing in, which is a setting of the server."""
    return InstanceConfiguration(anonymous_access=call.accounts.settings.anonymous_pull)


async def list_instance_statistics(call: InInstance) -> InstanceStatistics:
    """What your domain holds and may hold."""
    held = (await usage.show_overview(call.registry, call.actor)).usage
    limits = {one.resource: one.limit for one in await quotas.show_domain_quotas(call.registry, call.actor)}
    return InstanceStatistics(
        storage_used=held.stored_bytes,
        total_namespace_count=held.organizations,
        total_image_count=held.repositories,
        namespace_quota=limits[Resource.ORGANIZATIONS],
        image_repo_quota=limits[Resource.REPOSITORIES],
        long_term_quota=call.accounts.settings.keys_max,
    )


async def list_feature_gates(_: InInstance) -> InstanceFeatureGates:
    """What can be done by Enterprise calls."""
    return InstanceFeatureGates()


async def _instance(call: Call) -> Instance:
    domain = await domains.show_domain(call.accounts, call.actor)
    return Instance(
        id=INSTANCE_ID,
        name=call.accounts.settings.region,
        description="",
        version=__version__,
        access_address=call.host,
        status=_RUNNING,
        project_id=domain.id,
        created_at=rfc3339(domain.created_at),
    )
