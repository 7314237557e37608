"""Previews: what retention would delete now if a policy were in force as a body says it. The contract has no call."""

from dataclasses import replace

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheOrganization, TheRepository
from entrepot.doors.manage.retention_policies import ChangeRetentionPolicy, CreateRetentionPolicy, ThePolicy
from entrepot.doors.manage.retentions import RetentionBody
from entrepot.plumbing.clock import rfc3339
from entrepot.upkeep import policies, wide_policies
from entrepot.upkeep.dry_run import why
from entrepot.upkeep.preview import preview
from entrepot.upkeep.rules import check_same_templates
from entrepot.upkeep.trials import Trial
from entrepot.values.names import OrganizationName, RepositoryName


class GoingTag(BaseModel):
    repository: str
    tag: str
    digest: str
    pushed_at: str
    because: str


class LosingRepository(BaseModel):
    repository: str
    looked_at: int
    deleted: int
    untagged: int


class RetentionPreview(BaseModel):
    """Of `looked_at` tags in so many `repositories` some would be `deleted`; all rules in force are counted in.

    `untagged` images would be handed to garbage collection. `freed_bytes`: of what nothing else needs than the tags
    that would go, in each repository; null when these are too many to look at. `tags` and `losing` name the first of
    them. `is_whole`: false when there was too much to look at all of it. `stopped`: why nothing would be deleted for
    now all the same.
    """

    looked_at: int
    deleted: int
    kept: int
    untagged: int
    repositories: int
    freed_bytes: int | None
    is_whole: bool
    stopped: str | None
    tags: list[GoingTag]
    losing: list[LosingRepository]


async def preview_repo_retention(call: TheCall, repository: TheRepository, body: RetentionBody) -> RetentionPreview:
    """What would be deleted now if the policy of a repository said this; nothing is deleted, and nothing kept."""
    rules = body.parsed()
    for kept in await policies.list_policies(call.rooms.upkeep, call.actor, repository):
        check_same_templates(kept.rules, rules)
    return await _previewed(call, repository, Trial(own=rules))


async def preview_retention_policy(
    call: TheCall, namespace: TheOrganization, body: CreateRetentionPolicy
) -> RetentionPreview:
    """What would be deleted now if an organization had this policy, too, and it were enabled; nothing is deleted."""
    return await _previewed(call, namespace, Trial(policy=replace(body.parsed(), is_enabled=True)))


async def preview_retention_policy_change(
    call: TheCall, namespace: TheOrganization, policy: ThePolicy, body: ChangeRetentionPolicy
) -> RetentionPreview:
    """What would be deleted now if a policy were enabled and changed like this; nothing is deleted."""
    was = await wide_policies.show_wide_policy(call.rooms.upkeep, call.actor, namespace, policy)
    return await _previewed(call, namespace, Trial(policy, replace(body.changed(was.policy), is_enabled=True)))


async def _previewed(call: TheCall, place: RepositoryName | OrganizationName, trial: Trial) -> RetentionPreview:
    found = await preview(call.rooms.upkeep, call.actor, place, trial)
    return RetentionPreview(
        looked_at=found.looked_at,
        deleted=found.deleted,
        kept=found.looked_at - found.deleted,
        untagged=found.untagged,
        repositories=found.repositories,
        freed_bytes=found.freed_bytes,
        is_whole=found.is_whole,
        stopped=found.held_by.said if found.held_by else None,
        tags=[
            GoingTag(
                repository=path,
                tag=one.fact.name,
                digest=one.fact.digest,
                pushed_at=rfc3339(one.fact.pushed_at),
                because=why(one),
            )
            for path, one in found.going
        ],
        losing=[
            LosingRepository(
                repository=one.path, looked_at=one.tally.looked_at, deleted=one.tally.deleted, untagged=one.untagged
            )
            for one in found.losing
        ],
    )
