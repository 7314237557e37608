"""What deleting a repository or an organization would take away, and what another name would break, told before.

The contract has no calls for it.
"""

from datetime import date

from pydantic import BaseModel

from entrepot.doors.manage.bulk import KeptTag, kept_tags
from entrepot.doors.manage.call import TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.last_pulls import LastPullRow, last_pull_row
from entrepot.registry import removal, renaming


class RepositoryRemoval(BaseModel):
    """`freed_bytes`: of blobs that no other repository holds; absent when there are too many to look at at once.

    `shares`: domains that lose it. `pulls` and the last of them are absent or 0 when none is known.
    `kept`: immutable tags, a thousand at most; while there are any, the repository is not deleted.
    """

    tags: int
    shares: int
    freed_bytes: int | None = None
    pulls: int
    last_pulled: date | None = None
    last_pull: LastPullRow | None = None
    kept: list[KeptTag]


class RepositoryRenaming(BaseModel):
    """What the name is used for now. `pulls` and the last of them are absent or 0 when none is known.

    `patterns`: by which somebody has a permission on it, twenty at most; another name may not fit them.
    `kept`: immutable tags, a thousand at most; while there are any, the repository keeps its name.
    """

    tags: int
    pulls: int
    last_pulled: date | None = None
    last_pull: LastPullRow | None = None
    patterns: list[str]
    kept: list[KeptTag]


class NamespaceRemoval(BaseModel):
    """`repositories` keep an organization from being deleted; `permissions` end with it, on it and on what is in it."""

    repositories: int
    permissions: int


async def show_repo_removal(call: TheCall, repository: TheRepository) -> RepositoryRemoval:
    """What deleting a repository would free and break; nothing is deleted."""
    plan = await removal.plan_removal(call.registry, call.actor, repository)
    return RepositoryRemoval(
        tags=plan.tags,
        shares=plan.shares,
        freed_bytes=plan.freed_bytes,
        pulls=plan.pulls,
        last_pulled=plan.last_pulled,
        last_pull=last_pull_row(plan.last_pull),
        kept=kept_tags(plan.kept),
    )


async def show_repo_renaming(call: TheCall, repository: TheRepository) -> RepositoryRenaming:
    """What another name for a repository would break; nothing is renamed."""
    plan = await renaming.plan_renaming(call.registry, call.actor, repository)
    return RepositoryRenaming(
        tags=plan.tags,
        pulls=plan.pulls,
        last_pulled=plan.last_pulled,
        last_pull=last_pull_row(plan.last_pull),
        patterns=list(plan.patterns),
        kept=kept_tags(plan.kept),
    )


async def show_namespace_removal(call: TheCall, namespace: TheOrganization) -> NamespaceRemoval:
    """What keeps an organization from being deleted, and what would end with it; nothing is deleted."""
    plan = await removal.plan_organization_removal(call.registry, call.actor, namespace)
    return NamespaceRemoval(repositories=plan.repositories, permissions=plan.permissions)
