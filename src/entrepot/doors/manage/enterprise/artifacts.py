"""Artifacts, which are the manifests of a repository, and its tags."""

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheRepository, TheTag
from entrepot.doors.manage.enterprise.call import InInstance, InInstanceOnly, TheArtifact, parse_page
from entrepot.doors.manage.fields import WordParameter
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import artifacts, remove, tagged
from entrepot.registry.artifacts import Artifact
from entrepot.registry.tagged import Tagged
from entrepot.registry.wanted import TagOrder
from entrepot.values.media_types import is_image
from entrepot.values.names import RepositoryName

_IMAGE: Final = "IMAGE"
_OTHER: Final = "ARTIFACT"
Kind = Literal["IMAGE", "ARTIFACT"]


class InstanceArtifactTag(BaseModel):
    id: int
    repository_id: int
    artifact_id: int
    name: str
    push_time: str


class _Facts(BaseModel):
    """`type`: IMAGE, or ARTIFACT for anything else. `media_type`: what it is; `manifest_media_type`: its document's."""

    id: int
    repository_id: int
    namespace_id: int
    digest: str
    type: str
    media_type: str
    manifest_media_type: str
    size: int
    push_time: str


class InstanceArtifact(_Facts):
    repository_name: str
    tags: list[InstanceArtifactTag]


class InstanceArtifacts(BaseModel):
    artifacts: list[InstanceArtifact]
    total: int


class InstanceTag(_Facts):
    name: str
    artifact_id: int


class InstanceTags(BaseModel):
    tags: list[InstanceTag]
    total: int


async def list_instance_artifacts(
    call: InInstance,
    repository: TheRepository,
    offset: WordParameter = None,
    limit: WordParameter = None,
    type: Annotated[Kind | None, Query()] = None,  # noqa: A002  # the parameter's name
    tags: WordParameter = None,
) -> InstanceArtifacts:
    """Manifests of a repository, the newest first; with `tags` those with a tag whose name contains it."""
    window, wanted = parse_page(limit, offset), None if type is None else type == _IMAGE
    page = await artifacts.list_artifacts(
        call.registry, call.actor, repository, tags or "", wanted, window.offset, window.limit
    )
    return InstanceArtifacts(artifacts=[_artifact(repository, one) for one in page.items], total=page.total)


async def show_instance_artifact(
    call: InInstance, repository: TheRepository, artifact: TheArtifact
) -> InstanceArtifact:
    """One manifest with its tags."""
    return _artifact(repository, await artifacts.show_artifact(call.registry, call.actor, repository, artifact))


async def delete_instance_artifact(call: InInstance, repository: TheRepository, artifact: TheArtifact) -> None:
    """Delete a manifest with all its tags."""
    await remove.delete_manifest(call.registry, call.actor, repository, artifact)


async def list_instance_tags(
    call: InInstanceOnly,
    repository: TheRepository,
    offset: WordParameter = None,
    limit: WordParameter = None,
    is_accessory: Annotated[Literal["true"] | None, Query()] = None,
) -> InstanceTags:
    """A repository's tags, those that moved last first. Signatures that are kept as tags are among them."""
    del is_accessory  # they cannot be left out
    window = parse_page(limit, offset)
    page = await tagged.list_tagged(
        call.registry,
        call.actor,
        repository,
        "",
        TagOrder.UPDATED,
        True,
        window.offset,
        window.limit,
        with_bodies=False,
    )
    return InstanceTags(tags=[_tag(one) for one in page.items], total=page.total)


async def delete_instance_tag(call: InInstanceOnly, repository: TheRepository, tag: TheTag) -> None:
    """Delete a tag; others of the same image stay."""
    await remove.delete_tag(call.registry, call.actor, repository, tag)


def _artifact(repository: RepositoryName, one: Artifact) -> InstanceArtifact:
    return InstanceArtifact(
        **_facts(one),
        push_time=rfc3339(one.pushed_at),
        repository_name=repository.name,
        tags=[
            InstanceArtifactTag(
                id=tag.id,
                repository_id=one.repository_id,
                artifact_id=one.id,
                name=tag.name,
                push_time=rfc3339(tag.named_at),
            )
            for tag in one.tags
        ],
    )


def _tag(one: Tagged) -> InstanceTag:
    return InstanceTag(**_facts(one), push_time=rfc3339(one.updated_at), name=one.name, artifact_id=one.manifest_id)


def _facts(one: Artifact | Tagged) -> dict[str, Any]:
    return {
        "id": one.id,
        "repository_id": one.repository_id,
        "namespace_id": one.organization_id,
        "digest": one.digest,
        "type": _IMAGE if is_image(one.media_type, one.artifact_type) else _OTHER,
        "media_type": one.artifact_type or one.media_type,
        "manifest_media_type": one.media_type,
        "size": one.size,
    }
