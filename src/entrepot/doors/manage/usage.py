"""Usage, ours beside the reports of the contract: what a domain or repository holds, and what came and went by day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheOrganization, TheRepository, TheTag
from entrepot.doors.manage.last_pulls import LastPullRow, last_pull_row
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import storage, usage
from entrepot.registry.counting import Storage
from entrepot.registry.last_pulls import show_last_pull
from entrepot.registry.usage import Day


class DayRow(BaseModel):
    """Pulls of manifests, pushes of manifests by a tag, bytes of blobs that were sent and received.

    Blobs that were mounted are in none of them. `stored_bytes`: of a domain, at the end of the day.
    """

    date: date
    pulls: int
    pulled_bytes: int
    pushes: int
    pushed_bytes: int
    stored_bytes: int | None = None


class StorageUsage(BaseModel):
    """Bytes of blobs, each once. `exclusive_bytes` would be freed if it alone were gone, `shared_bytes` others hold.

    These two are for who manages it, and absent where they are too much to look at and not measured yet.
    `measured_at`: what is much was so then; absent when all is counted now.
    """

    stored_bytes: int
    exclusive_bytes: int | None = None
    shared_bytes: int | None = None
    measured_at: str | None = None


class DomainUsage(StorageUsage):
    organizations: int
    repositories: int
    tags: int
    pulled_bytes: int
    days: list[DayRow]


class RepositoryUsage(StorageUsage):
    """`last_pull`: of anything in it, for who may edit it; absent when there was none."""

    last_pull: LastPullRow | None = None
    days: list[DayRow]


async def show_domain_usage(call: TheCall) -> DomainUsage:
    """What your domain holds, and what came and went on each of the last 30 days; today is the last.

    The newest pulls and pushes may be some seconds late.
    """
    found = await usage.show_overview(call.registry, call.actor)
    return DomainUsage(
        organizations=found.usage.organizations,
        repositories=found.usage.repositories,
        tags=found.usage.tags,
        pulled_bytes=found.usage.pulled_bytes,
        **_storage(found.storage),
        days=_days(found.days),
    )


async def show_repo_usage(call: TheCall, repository: TheRepository) -> RepositoryUsage:
    """What a repository holds, and what came and went on each of the last 30 days; today is the last."""
    held = await storage.show_repository_storage(call.registry, call.actor, repository)
    days = await usage.show_traffic(call.registry, call.actor, repository)
    last = last_pull_row(await show_last_pull(call.registry, call.actor, repository))
    return RepositoryUsage(**_storage(held), last_pull=last, days=_days(days))


async def show_namespace_usage(call: TheCall, namespace: TheOrganization) -> StorageUsage:
    """How much an organization holds."""
    return StorageUsage(**_storage(await storage.show_organization_storage(call.registry, call.actor, namespace)))


async def show_tag_usage(call: TheCall, repository: TheRepository, tag: TheTag) -> StorageUsage:
    """How much the image of a tag holds, with its platforms and what refers to it. For who manages the repository.

    What other tags name, too, would not be freed with this one.
    """
    return StorageUsage(**_storage(await storage.show_version_storage(call.registry, call.actor, repository, tag)))


def _storage(found: Storage) -> dict[str, Any]:
    return {
        "stored_bytes": found.stored_bytes,
        "exclusive_bytes": found.exclusive_bytes,
        "shared_bytes": found.shared_bytes,
        "measured_at": rfc3339_or_none(found.measured_at),
    }


def _days(found: Sequence[Day]) -> list[DayRow]:
    return [
        DayRow(
            date=one.day,
            pulls=one.pulls,
            pulled_bytes=one.pulled_bytes,
            pushes=one.pushes,
            pushed_bytes=one.pushed_bytes,
            stored_bytes=one.stored_bytes,
        )
        for one in found
    ]
