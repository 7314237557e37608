"""Repositories of the instance or of a namespace: listed, shown, described, deleted."""

from typing import Final

from pydantic import BaseModel

from entrepot.doors.manage.call import Call, TheOrganization, TheRepository
from entrepot.doors.manage.enterprise.call import InInstance, parse_page
from entrepot.doors.manage.fields import Body, Empty, Text, WordParameter
from entrepot.doors.manage.paging import parse_order, parse_row_number
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import browse, repositories
from entrepot.registry.browse import Listed
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories

_ORDERS: Final = {"created_at": RepositoryOrder.CREATED, "updated_at": RepositoryOrder.UPDATED}


class InstanceRepository(BaseModel):
    """`artifact_count`: manifests in it. `pull_count`: pulls of its images."""

    id: int
    name: str
    namespace_id: int
    namespace_name: str
    tag_count: int
    artifact_count: int
    pull_count: int
    description: str
    created_at: str
    updated_at: str


class InstanceRepositories(BaseModel):
    repositories: list[InstanceRepository]
    total: int


class ChangeInstanceRepository(Body):
    description: Text


async def list_instance_repositories(
    call: InInstance,
    offset: WordParameter = None,
    limit: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
    namespace_id: WordParameter = None,
) -> InstanceRepositories:
    """Repositories the caller may see, the newest first."""
    number = None if namespace_id is None else parse_row_number("namespace_id", namespace_id)
    wanted = WantedRepositories(organization_id=number)
    return await _page(call, wanted, offset, limit, order_column, order_type)


async def list_namespace_repositories(
    call: InInstance,
    namespace: TheOrganization,
    offset: WordParameter = None,
    limit: WordParameter = None,
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> InstanceRepositories:
    """Those of an organization, the newest first."""
    return await _page(call, WantedRepositories(organization=namespace), offset, limit, order_column, order_type)


async def show_instance_repository(call: InInstance, repository: TheRepository) -> InstanceRepository:
    """One repository."""
    return _repository(await browse.show_repository(call.registry, call.actor, repository, with_manifests=True))


async def update_instance_repository(
    call: InInstance, repository: TheRepository, body: ChangeInstanceRepository
) -> Empty:
    """Describe a repository."""
    await repositories.change_repository(call.registry, call.actor, repository, description=body.description)
    return Empty()


async def delete_instance_repository(call: InInstance, repository: TheRepository) -> None:
    """Delete a repository with all its tags."""
    await repositories.delete_repository(call.registry, call.actor, repository)


async def _page(
    call: Call,
    wanted: WantedRepositories,
    offset: str | None,
    limit: str | None,
    order_column: str | None,
    order_type: str | None,
) -> InstanceRepositories:
    window = parse_page(limit, offset)
    order, descending = parse_order(order_column, order_type, _ORDERS, RepositoryOrder.CREATED)
    page = await browse.list_repositories(
        call.registry, call.actor, wanted, order, descending, window.offset, window.limit, with_manifests=True
    )
    return InstanceRepositories(repositories=[_repository(one) for one in page.items], total=page.total)


def _repository(one: Listed) -> InstanceRepository:
    found = one.repository
    return InstanceRepository(
        id=found.id,
        name=found.path.name,
        namespace_id=found.organization_id,
        namespace_name=found.path.organization,
        tag_count=one.tags,
        artifact_count=one.manifests or 0,
        pull_count=one.pulls,
        description=found.description,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
    )
