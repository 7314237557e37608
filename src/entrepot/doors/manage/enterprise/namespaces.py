"""Namespaces, which are organizations. `public` is the visibility that repositories made by a push begin with."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheOrganization
from entrepot.doors.manage.enterprise.call import InInstance, parse_page
from entrepot.doors.manage.fields import Body, Word, WordParameter
from entrepot.doors.manage.paging import parse_direction, parse_flag
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import organizations
from entrepot.registry.organizations import Organization
from entrepot.values.errors import ParameterInvalid, quoted
from entrepot.values.names import OrganizationName

Flag = Literal["true", "false"]
_COLUMNS = ("updated_at", "created_at", "name")


class NamespaceMetadata(Body):
    """Nothing scans yet: `auto_scan` and `prevent_vul` are `false`, `severity` is `none`; anything else is refused."""

    public: Flag
    auto_scan: Literal["false"] = "false"
    prevent_vul: Literal["false"] = "false"
    severity: Literal["none"] = "none"


class AllowedVulnerabilities(Body):
    """Nothing is prevented, so nothing can be excepted."""

    items: list[Any] = Field(default=[], max_length=0)


class CreateInstanceNamespace(Body):
    namespace_name: Word
    metadata: NamespaceMetadata


class ChangeInstanceNamespace(Body):
    metadata: NamespaceMetadata
    cve_allowlist: AllowedVulnerabilities | None = None


class NewInstanceNamespace(BaseModel):
    id: int


class ChangedInstanceNamespace(BaseModel):
    namespace_name: str
    metadata: NamespaceMetadata


class InstanceNamespace(BaseModel):
    """`repo_count`: of repositories you may see."""

    namespace_id: int
    name: str
    metadata: NamespaceMetadata
    repo_count: int
    created_at: str


class InstanceNamespaces(BaseModel):
    namespaces: list[InstanceNamespace]
    total: int


async def create_instance_namespace(call: InInstance, body: CreateInstanceNamespace) -> NewInstanceNamespace:
    """Create an organization. The caller becomes its manager."""
    name = OrganizationName.parse(body.namespace_name)
    made = await organizations.create_organization(call.registry, call.actor, name, _is_public(body.metadata))
    return NewInstanceNamespace(id=made.id)


async def list_instance_namespaces(
    call: InInstance,
    offset: WordParameter = None,
    limit: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
    name: WordParameter = None,
    public: WordParameter = None,
) -> InstanceNamespaces:
    """Organizations the caller holds a permission on, whose name contains `name`, by name.

    When an organization was changed is not kept: `updated_at` sorts by when it was made.
    """
    window, is_public = parse_page(limit, offset), parse_flag("public", public)
    if order_column not in (None, *_COLUMNS):
        raise ParameterInvalid(
            f"order_column is one of {', '.join(_COLUMNS)}; not {quoted(order_column)}.", kind="order"
        )
    descending = parse_direction("order_type", order_type)
    found = [
        one
        for one in await organizations.list_organizations(call.registry, call.actor, name or "")
        if is_public in (None, one.public_by_default)
    ]
    if order_column in ("updated_at", "created_at"):
        found.sort(key=lambda one: one.id)
        descending = descending is not False
    if descending:
        found.reverse()
    rows = found[window.offset : window.offset + window.limit]
    return InstanceNamespaces(namespaces=[_namespace(one) for one in rows], total=len(found))


async def show_instance_namespace(call: InInstance, namespace: TheOrganization) -> InstanceNamespace:
    """One organization."""
    return _namespace(await organizations.show_organization(call.registry, call.actor, namespace, True))


async def update_instance_namespace(
    call: InInstance, namespace: TheOrganization, body: ChangeInstanceNamespace
) -> ChangedInstanceNamespace:
    """Whether repositories that a push makes are public from now on. Those that are there stay as they are."""
    public = _is_public(body.metadata)
    await organizations.change_organization(call.registry, call.actor, namespace, public_by_default=public)
    return ChangedInstanceNamespace(namespace_name=namespace, metadata=body.metadata)


async def delete_instance_namespace(call: InInstance, namespace: TheOrganization) -> None:
    """Delete an empty organization."""
    await organizations.delete_organization(call.registry, call.actor, namespace)


def _is_public(metadata: NamespaceMetadata) -> bool:
    return metadata.public == "true"


def _namespace(one: Organization) -> InstanceNamespace:
    return InstanceNamespace(
        namespace_id=one.id,
        name=one.name,
        metadata=NamespaceMetadata(public="true" if one.public_by_default else "false"),
        repo_count=one.repositories,
        created_at=rfc3339(one.created_at),
    )
