"""Quotas: as the contract shows them (§11), and ours to see and set all of them.

A limit of -1 is none. In a body, a limit that is null goes back to what the settings say, one that is absent stays.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Path
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Number, WordParameter
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import quotas
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import Limits, Quota

# The contract's words. It has none for bytes.
_KEYS: Final = {
    Resource.ORGANIZATIONS: "namespace",
    Resource.REPOSITORIES: "repository",
    Resource.TAGS: "tag",
}

TheDomain = Annotated[str, Path(description="A domain's name.")]


class ProjectQuota(BaseModel):
    quota_key: str
    quota_limit: int
    used: int
    unit: str = ""


class ProjectQuotas(BaseModel):
    quotas: list[ProjectQuota]


class QuotaRow(BaseModel):
    """`limit` is -1 where there is none. `is_own`: set here; otherwise it is what the settings say.

    `archive_bytes` is the size that each archive handed in may have, so nothing of it is used.
    `measured_at`: so much was used then, as it is too much to count for every call; absent for now.
    """

    resource: Resource
    used: int
    limit: int
    is_own: bool
    measured_at: str | None = None


class Quotas(BaseModel):
    quotas: list[QuotaRow]


class _Limits(Body):
    repositories: Number | None = None
    tags: Number | None = None
    bytes: Number | None = None

    def said(self) -> Limits:
        """The limits the body names."""
        return {Resource(name): getattr(self, name) for name in sorted(self.model_fields_set)}


class OrganizationLimits(_Limits):
    """`archive_bytes`: of each archive of images that is handed in; null for what the settings say."""

    archive_bytes: Number | None = None


class DomainLimits(_Limits):
    organizations: Number | None = None


async def list_quotas(
    call: TheCall,
    project_id: Annotated[str, Path(description="The id of your project, which is that of your domain.")],
    namespace: WordParameter = None,
    repository: WordParameter = None,
) -> ProjectQuotas:
    """How many organizations, repositories and tags there are and may be: what has a limit, and organizations anyway.

    Tags are told with `namespace` and `repository` only, as the contract wants it; they are those of the domain.
    """
    found = await quotas.show_project_quotas(call.registry, call.actor, project_id)
    wanted = set(_KEYS) if namespace and repository else set(_KEYS) - {Resource.TAGS}
    return ProjectQuotas(
        quotas=[
            ProjectQuota(quota_key=_KEYS[one.resource], quota_limit=one.limit, used=one.used)
            for one in found
            if one.resource in wanted
        ]
    )


async def show_quotas(call: TheCall) -> Quotas:
    """What your domain holds and may hold."""
    return _rows(await quotas.show_domain_quotas(call.registry, call.actor))


async def show_domain_quotas(call: TheCall, domain: TheDomain) -> Quotas:
    """What a domain holds and may hold."""
    return _rows(await quotas.show_domain_quotas(call.registry, call.actor, domain))


async def update_domain_quotas(call: TheCall, domain: TheDomain, body: DomainLimits) -> Quotas:
    """Set limits of a domain. For operators. What is there stays, also above a new limit."""
    return _rows(await quotas.set_domain_quotas(call.registry, call.actor, domain, body.said()))


async def show_namespace_quotas(call: TheCall, namespace: TheOrganization) -> Quotas:
    """What an organization holds and may hold, beside the limits of its domain."""
    return _rows(await quotas.show_organization_quotas(call.registry, call.actor, namespace))


async def update_namespace_quotas(call: TheCall, namespace: TheOrganization, body: OrganizationLimits) -> Quotas:
    """Set limits of an organization. For administrators of its domain."""
    return _rows(await quotas.set_organization_quotas(call.registry, call.actor, namespace, body.said()))


def _rows(found: Sequence[Quota]) -> Quotas:
    return Quotas(
        quotas=[
            QuotaRow(
                resource=one.resource,
                used=one.used,
                limit=one.limit,
                is_own=one.is_own,
                measured_at=rfc3339_or_none(one.measured_at),
            )
            for one in found
        ]
    )
