"""Pushing: an image of an archive into repositories, by the registry's own verbs, as a client would."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from entrepot.access.actor import Actor
from entrepot.archives.blob import Blob
from entrepot.archives.image import Image
from entrepot.intake.placing import Target
from entrepot.intake.progress import Progress
from entrepot.intake.room import Intake
from entrepot.plumbing.threads import Threads
from entrepot.registry.pull import find_blob
from entrepot.registry.push import check_push, push_manifest
from entrepot.registry.uploads import mount_blob, push_blob
from entrepot.values.descriptor import Descriptor
from entrepot.values.errors import BlobUnknown, RepositoryUnknown


async def check_room(intake: Intake, actor: Actor, image: Image, targets: Sequence[Target]) -> None:
    """Pass when the image may be pushed and what is new of it has room. Raises QuotaExceeded, AccessDenied …"""
    for target in targets:
        new = 0
        for blob in _blobs_of(image):
            room = await check_push(intake.registry, actor, target.repository, blob.digest)
            if room.standing is not None:
                new += blob.size
                room.check(new)


async def push_image(
    intake: Intake, actor: Actor, image: Image, targets: Sequence[Target], progress: Progress, threads: Threads
) -> list[Mapping[str, Any]]:
    """Blobs first, then manifests, those that others name before them, the tags last; what is where then."""
    pushed: list[Mapping[str, Any]] = []
    for target in targets:
        for blob in _blobs_of(image):
            await _push_blob(intake, actor, target, blob, image.blobs[blob.digest], progress, threads)
        for manifest in image.manifests:
            tags = target.tags if manifest is image.root else ()
            await push_manifest(
                intake.registry, actor, target.repository, manifest.digest, manifest.body, manifest.media_type, tags
            )
        pushed.append(
            {
                "repository": str(target.repository),
                "tags": [str(tag) for tag in target.tags],
                "digest": str(image.root.digest),
                "size": sum(blob.size for blob in _blobs_of(image)),
            }
        )
    return pushed


def size_of(image: Image) -> int:
    return sum(blob.size for blob in _blobs_of(image))


async def _push_blob(
    intake: Intake,
    actor: Actor,
    target: Target,
    described: Descriptor,
    blob: Blob,
    progress: Progress,
    threads: Threads,
) -> None:
    if await _is_there(intake, actor, target, described) or await mount_blob(
        intake.registry, actor, target.repository, described.digest, None
    ):
        progress.watch(described.size)
        return

    async def source() -> AsyncGenerator[bytes, None]:
        chunks = blob.open()
        while chunk := await threads.run(next, chunks, b""):
            progress.watch(len(chunk))
            yield chunk

    await push_blob(intake.registry, actor, target.repository, described.digest, source(), described.size)


async def _is_there(intake: Intake, actor: Actor, target: Target, blob: Descriptor) -> bool:
    try:
        return await find_blob(intake.registry, actor, target.repository, blob.digest) == blob.size
    except (BlobUnknown, RepositoryUnknown):
        return False


def _blobs_of(image: Image) -> Sequence[Descriptor]:
    """Every blob once."""
    return list({blob.digest: blob for manifest in image.manifests for blob in manifest.blobs}.values())
