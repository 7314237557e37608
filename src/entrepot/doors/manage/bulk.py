"""Work on many tags, or across repositories, which the contract has no call for: copies, renames, deletion by plan."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Flag, Word
from entrepot.doors.manage.last_pulls import LastPullRow, last_pull_row
from entrepot.registry import copying, deletion, renaming
from entrepot.registry.immutability_rules import Standing
from entrepot.values.digest import Digest
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from entrepot.values.reference import Reference

Tags = Annotated[list[Word], Field(min_length=1, max_length=deletion.TAGS_MAX)]


class CreateCopy(Body):
    """`reference`: a tag or a digest. Without `destination_tag` the copy has the tag it was named by, or none.

    With `override` a tag that is there moves; without `referrers` signatures, SBOMs and the like stay behind.
    """

    reference: Word
    destination_namespace: Word
    destination_repository: Word
    destination_tag: Word | None = None
    override: Flag = False
    referrers: Flag = True


class CopyMade(BaseModel):
    """`manifests`: how many came along, with platforms and referrers."""

    digest: str
    manifests: int


class RenameRepository(Body):
    """`repository`: the new name in the same organization."""

    repository: Word


class PlanDeletion(Body):
    tags: Tags


class DeleteTags(Body):
    """With `content` images go, too, that nothing names afterwards."""

    tags: Tags
    content: Flag = False


class KeptTag(BaseModel):
    """A tag that is immutable and stays, and the number of the rule by which."""

    tag: str
    rule: int


class TagsDeleted(BaseModel):
    """`kept`: tags that are immutable and there still."""

    tags: int
    manifests: int
    kept: list[KeptTag]


class DoomedTag(BaseModel):
    """`other_tags` name the same image and stay. `index`: one that names it. `pulls`: of the last 30 days."""

    tag: str
    digest: str
    size: int
    other_tags: list[str]
    index: str | None
    referrers: int
    pulls: int
    last_pulled: date | None
    last_pull: LastPullRow | None


class DeletionPlan(BaseModel):
    """What deleting the tags with their content would do. `exclusive_bytes`: of blobs that nothing else needs.

    `kept`: tags that are immutable and stay.
    """

    tags: list[DoomedTag]
    manifests: int
    exclusive_bytes: int
    kept: list[KeptTag]


async def create_copy(call: TheCall, repository: TheRepository, body: CreateCopy) -> CopyMade:
    """Let an image be in another repository, too. No bytes move."""
    reference: Reference = Digest.parse(body.reference) if ":" in body.reference else TagName.parse(body.reference)
    named = reference if isinstance(reference, TagName) else None
    tag = TagName.parse(body.destination_tag) if body.destination_tag else named
    target = RepositoryName.parse(f"{OrganizationName.parse(body.destination_namespace)}/{body.destination_repository}")
    made = await copying.copy_image(
        call.registry, call.actor, repository, reference, target, tag, body.override, body.referrers
    )
    return CopyMade(digest=str(made.digest), manifests=made.manifests)


async def rename_repo(call: TheCall, repository: TheRepository, body: RenameRepository) -> Empty:
    """Give a repository another name in its organization. Nothing answers to the old one then."""
    new = RepositoryName.parse(f"{repository.organization}/{body.repository}")
    await renaming.rename_repository(call.registry, call.actor, repository, new)
    return Empty()


async def plan_deletion(call: TheCall, repository: TheRepository, body: PlanDeletion) -> DeletionPlan:
    """What deleting tags with their content would free and break; nothing is deleted.

    Tags that are not there are left out.
    """
    wanted = {TagName.parse(one) for one in body.tags}
    plan = await deletion.plan_deletion(call.registry, call.actor, repository, wanted)
    return DeletionPlan(
        tags=[
            DoomedTag(
                tag=one.tag,
                digest=one.digest,
                size=one.size,
                other_tags=list(one.other_tags),
                index=one.index,
                referrers=one.referrers,
                pulls=one.pulls,
                last_pulled=one.last_pulled,
                last_pull=last_pull_row(one.last_pull),
            )
            for one in plan.doomed
        ],
        manifests=plan.manifests,
        exclusive_bytes=plan.exclusive_bytes,
        kept=kept_tags(plan.kept),
    )


async def delete_repo_tags(call: TheCall, repository: TheRepository, body: DeleteTags) -> TagsDeleted:
    """Delete many tags at once, all or none. Tags that are not there are left out, immutable ones are kept."""
    done = await deletion.delete_tags(
        call.registry, call.actor, repository, {TagName.parse(one) for one in body.tags}, body.content
    )
    return TagsDeleted(tags=done.tags, manifests=done.manifests, kept=kept_tags(done.kept))


def kept_tags(found: Mapping[str, Standing]) -> list[KeptTag]:
    """Immutable tags, by name."""
    return [KeptTag(tag=tag, rule=rule.id) for tag, rule in found.items()]
