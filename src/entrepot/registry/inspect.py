"""Inspect: everything there is to say about one version, for people. Looking is no pull and is not counted as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.registry import reach, rules
from entrepot.registry.configs import read_config
from entrepot.registry.queries import content, inspect, tags
from entrepot.registry.room import Registry
from entrepot.values.descriptor import Descriptor
from entrepot.values.errors import ManifestInvalid, ManifestUnknown, worded
from entrepot.values.image_config import CONFIGS, ImageConfig
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_USER: Final = "user:"
_INDEXES_MAX: Final = 10
_CHILDREN_MAX: Final = 500
TAGS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Child:
    """What an index names. `size`: bytes of the image; None when it is not in the repository.

    `of`: the digest of the image that it is an attestation of, when its builder says so.
    """

    descriptor: Descriptor
    size: int | None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """One version.

    `reference` is how it was asked for. `size`: bytes of the image, of an index with those of its images. `tags`: the
    first ones that name it now. `pushed_at` and `pushed_by`: of the tag it was asked for by; by digest, when it came
    first. `indexes`: digests of indexes that name it. `pushed_by` is empty when that account is
    gone, and for people of other domains. `children_count` may be more than there are `children`. `config` is None for
    what has none that is an image's, and when it cannot be read: then `config_problem` says why.
    """

    reference: Reference
    manifest: Manifest
    kind: Kind
    size: int
    pushed_at: datetime
    pushed_by: str
    tags: Sequence[str]
    has_more_tags: bool
    indexes: Sequence[str]
    children: Sequence[Child]
    children_count: int
    config: ImageConfig | None
    config_problem: str

    @property
    def digest(self) -> str:
        return str(self.manifest.digest)


async def find_version(tx: Reader, repository: Row[Any], reference: Reference) -> Row[Any]:
    """The manifest's row that a reference names. Raises ManifestUnknown."""
    if isinstance(reference, TagName):
        row = await tags.manifest_by_tag(tx, repository.id, reference)
    else:
        row = await content.manifest_by_digest(tx, repository.id, str(reference))
    if row is None:
        raise ManifestUnknown(
            worded("{path} has no manifest {reference}.", path=repository.path, reference=reference),
            reference=str(reference),
        )
    return row


async def show_version(registry: Registry, actor: Actor, path: RepositoryName, reference: Reference) -> Manifest:
    """The manifest alone. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        row = await find_version(tx, repository, reference)
    return Manifest.parse(row.body, row.media_type, registry.settings.manifest)


async def inspect_version(registry: Registry, actor: Actor, path: RepositoryName, reference: Reference) -> Inspected:
    """Everything about a version. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        row = await find_version(tx, repository, reference)
        manifest = Manifest.parse(row.body, row.media_type, registry.settings.manifest)
        tagged = await tags.tag_names(tx, repository.id, "", TAGS_MAX + 1, row.digest)
        names, has_more = rules.page(tagged, TAGS_MAX)
        indexes = await inspect.indexes_naming(tx, repository.id, row.digest, _INDEXES_MAX)
        children = await _children(tx, repository.id, manifest)
        by_tag = await tags.open_tag(tx, repository.id, reference) if isinstance(reference, TagName) else None
        pushed, pushed_by = by_tag or row, ""
        if repository.domain_id == actor.domain_id:  # what is public or shared is read by people who are strangers
            user_id = pushed.pushed_by.removeprefix(_USER)
            pushed_by = (await names_of(tx, [user_id])).get(user_id, "")
        config_size = await _config_size(tx, repository.id, manifest)
    config, problem = await _read_config(registry, manifest, config_size)
    return Inspected(
        reference,
        manifest,
        kind_of(manifest.media_type, manifest.artifact_type),
        manifest.total_size + sum(child.size or 0 for child in children),
        pushed.pushed_at,
        pushed_by,
        names,
        has_more,
        indexes,
        children,
        len(manifest.children),
        config,
        problem,
    )


async def _children(tx: Reader, repository_id: int, manifest: Manifest) -> Sequence[Child]:
    shown = manifest.children[:_CHILDREN_MAX]
    rows = await inspect.manifests_among(tx, repository_id, [str(child.digest) for child in shown])
    return [
        Child(
            child,
            rows[str(child.digest)].content_size if str(child.digest) in rows else None,
            _attested(child),
        )
        for child in shown
    ]


def _attested(child: Descriptor) -> str:
    """As BuildKit marks the attestations it puts into an index (its documentation, "attestation storage")."""
    if child.annotations.get("vnd.docker.reference.type") != "attestation-manifest":
        return ""
    return child.annotations.get("vnd.docker.reference.digest", "")


async def _config_size(tx: Reader, repository_id: int, manifest: Manifest) -> int | None:
    """Bytes of an image's configuration that the repository holds; None without one."""
    if manifest.config is None or manifest.config.media_type not in CONFIGS:
        return None
    return await content.blob_size(tx, repository_id, str(manifest.config.digest))


async def _read_config(registry: Registry, manifest: Manifest, size: int | None) -> tuple[ImageConfig | None, str]:
    """An image's configuration, or what is wrong with it; nothing of both for what is no image."""
    described = manifest.config
    if described is None or described.media_type not in CONFIGS:
        return None, ""
    if size is None:
        return None, worded("The configuration is not in this repository.")
    most = registry.settings.config_bytes_max
    if size > most:
        said = worded(
            "The configuration has {size} bytes; at most {most} are read (config_bytes_max).", size=size, most=most
        )
        return None, said
    try:
        return await read_config(registry, described.digest, size), ""
    except ManifestInvalid as error:
        return None, worded("The configuration cannot be read: {message}.", message=error.message)
