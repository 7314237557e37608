"""Short ways to bring content into a repository, as any actor."""

from collections.abc import AsyncIterator, Sequence

from entrepot.access.actor import Actor
from entrepot.registry.push import Pushed, push_manifest
from entrepot.registry.room import Registry
from entrepot.registry.uploads import push_blob
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference
from tests.make.image import Blob, Image


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def push_blobs(registry: Registry, actor: Actor, path: str, blobs: Sequence[Blob]) -> None:
    for blob in blobs:
        await push_blob(registry, actor, RepositoryName.parse(path), blob.digest, chunks(blob.content))


async def push_only(
    registry: Registry, actor: Actor, path: str, image: Image, reference: str | None = None, tags: Sequence[str] = ()
) -> Pushed:
    """The manifest alone, by tag or, without one, by its digest."""
    wanted: Reference = TagName.parse(reference) if reference else image.digest
    names = [TagName.parse(tag) for tag in tags]
    return await push_manifest(registry, actor, RepositoryName.parse(path), wanted, image.body, image.media_type, names)


async def push_image(registry: Registry, actor: Actor, path: str, image: Image, reference: str | None = None) -> Pushed:
    """Blobs and manifest."""
    await push_blobs(registry, actor, path, image.blobs)
    return await push_only(registry, actor, path, image, reference)
