"""Importing: what a worker does with an archive that was handed in.

Everything that can be wrong with an archive is found before the first byte of it is pushed: names are placed, layers
and documents are read from end to end and held against their digests, and limits are asked. Doing it again is harmless:
what was pushed already is found there.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, BinaryIO, Final, cast

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.remembered import recall
from entrepot.archives.blob import VerifiedBlob
from entrepot.archives.image import Image
from entrepot.archives.opening import Archive, open_archive
from entrepot.intake import queries, rules
from entrepot.intake.events import ArchiveImported, ArchiveRefused
from entrepot.intake.placing import Target, place_images
from entrepot.intake.progress import ImportCancelled, Progress, told
from entrepot.intake.pushing import check_room, push_image, size_of
from entrepot.intake.room import Intake
from entrepot.intake.rules import State
from entrepot.intake.staged import StagedFile
from entrepot.jobs.events import publish
from entrepot.plumbing import metrics
from entrepot.plumbing.threads import Threads
from entrepot.registry import staging
from entrepot.registry.queries import names
from entrepot.values.errors import ArchiveInvalid, ArchiveUnnamed, Refused, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName

_THREADS: Final = 2
_BATCH: Final = 100


async def import_archive(intake: Intake, archive_id: str) -> None:
    """Push what is in an archive, and say what became of it; one that is not waiting is left alone.

    What is wrong with the archive, or with whoever handed it in, ends in its row. Raises Elsewhere and Broken.
    """
    async with intake.db.reading() as tx:
        found = await queries.archive_by_id(tx, archive_id)
    if found is None or found.state not in rules.WORKING:
        return
    progress = Progress()
    try:
        async with told(intake, archive_id, progress):
            pushed = await _import(intake, found, progress)
    except ImportCancelled:
        await staging.drop(intake.registry, archive_id)
        return
    except ArchiveUnnamed as error:
        if found.has_bytes:
            await _end(intake, found, State.UNNAMED, error)
            return
        raise
    except Refused as error:
        if not progress.is_cancelled:
            await _end(intake, found, State.FAILED, error)
        await staging.drop(intake.registry, archive_id)
        return
    await _end(intake, found, State.DONE, None, pushed)
    await staging.drop(intake.registry, archive_id)


async def give_up(intake: Intake, archive_id: str) -> None:
    """Say that an archive failed for our own reasons, again and again; its bytes go, too."""
    async with intake.db.reading() as tx:
        found = await queries.archive_by_id(tx, archive_id)
    if found is not None and found.state in rules.WORKING:
        await _end(intake, found, State.FAILED, None)
    await staging.drop(intake.registry, archive_id)


async def forget_archives(intake: Intake) -> int:
    """Remove what nobody waits for any more; how many. Safe to run twice, and beside itself."""
    forgotten = 0
    while True:
        before = intake.clock.now() - timedelta(seconds=intake.settings.wait_seconds)
        async with intake.db.reading() as tx:
            old = await queries.old_archives(tx, before, _BATCH)
        for archive_id in old:
            async with intake.db.writing() as tx:
                await queries.delete_archive(tx, archive_id)
            await staging.drop(intake.registry, archive_id)
        forgotten += len(old)
        if len(old) < _BATCH:
            return forgotten


async def _import(intake: Intake, found: Row[Any], progress: Progress) -> list[Any]:
    async with intake.db.reading() as tx:
        actor = await recall(tx, found.asked_by)
        owner = await names.organization_by_name(tx, found.organization)
        parts = await staging.parts_of(tx, found.id)
    if sum(part.size for part in parts) != found.size:
        raise ArchiveInvalid("The bytes of the archive are gone; it waited too long. Send it again.")
    progress.begin(State.READING, found.size)
    threads = Threads(_THREADS, "archives")
    file = cast("BinaryIO", StagedFile(intake.registry.blobs, parts))  # what of a file is needed: seek and read
    try:
        with await threads.run(_open, intake, file, progress) as archive:
            targets = place_images(
                [listed.names for listed in archive.images],
                OrganizationName(found.organization),
                RepositoryName(found.repository) if found.repository else None,
                TagName(found.tag) if found.tag else None,
            )
            allows_sparse = owner is not None and owner.allows_sparse
            images = await threads.run(_load, archive, allows_sparse, progress)
            return await _push(intake, actor, list(zip(images, targets, strict=True)), progress, threads)
    finally:
        threads.close()


async def _push(
    intake: Intake,
    actor: Actor,
    images: Sequence[tuple[Image, Sequence[Target]]],
    progress: Progress,
    threads: Threads,
) -> list[Any]:
    for image, targets in images:
        await check_room(intake, actor, image, targets)
    progress.begin(State.WRITING, sum(size_of(image) * len(targets) for image, targets in images))
    pushed: list[Any] = []
    for image, targets in images:
        pushed += await push_image(intake, actor, image, targets, progress, threads)
    return pushed


async def _end(
    intake: Intake, found: Row[Any], state: State, error: Refused | None, images: Sequence[Any] = ()
) -> None:
    """Write down how it ended, with the event that tells of it."""
    now = intake.clock.now()
    problem = "" if state is State.DONE else type(error).__name__ if error else "Broken"
    message = error.message if error else "" if state is State.DONE else "The service failed at it several times."
    async with intake.db.writing() as tx:
        is_there = await queries.set_archive(
            tx, found.id, now, state=state, images=list(images), problem=problem, message=message
        )
        if is_there and state is State.DONE:
            done = ArchiveImported(found.organization, found.id, found.file_name, list(images))
            await publish(tx, done, actor=found.owner, at=now, domain_id=found.domain_id)
        elif is_there:
            refused = ArchiveRefused(found.organization, found.id, found.file_name, problem, message)
            await publish(tx, refused, actor=found.owner, at=now, domain_id=found.domain_id, though_closed=True)
    metrics.archives.labels(state.value).inc()


# --- in a thread ---


def _open(intake: Intake, file: BinaryIO, progress: Progress) -> Archive:
    settings = intake.settings
    if settings.scratch is not None:
        settings.scratch.mkdir(parents=True, exist_ok=True)
    return open_archive(file, settings=settings.archive, watch=progress.watch, folder=settings.scratch)


def _load(archive: Archive, allows_sparse: bool, progress: Progress) -> list[Image]:
    """Every image, whole and checked from end to end."""
    images = [_complete(listed.load(), allows_sparse) for listed in archive.images]
    checked = set()
    for image in images:
        for digest, blob in image.blobs.items():
            if isinstance(blob, VerifiedBlob) and digest not in checked:  # others were read when they were loaded
                checked.add(digest)
                for chunk in blob.open():
                    progress.watch(len(chunk))
    return images


def _complete(image: Image, allows_sparse: bool) -> Image:
    """The image, or what of it is there: of an index whose other platforms were not saved, the one that was."""
    if not image.missing or allows_sparse:
        return image
    held = {manifest.digest for manifest in image.manifests}
    there = [
        child
        for child in image.root.children
        if child.digest in held and child.platform is not None and child.platform.os != "unknown"
    ]
    if len(there) == 1 and there[0].platform is not None:
        return image.of_platform(there[0].platform)
    absent = ", ".join(str(one.platform or one.digest) for one in image.missing)
    raise ArchiveInvalid(
        worded("The archive does not hold every image that its index names (absent: {absent}).", absent=absent)
    )
