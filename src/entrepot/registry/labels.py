"""Labels: what versions say about themselves is written down, so that it can be searched for.

They stand in configurations and annotations. A push writes only that a manifest waits to be looked at, because reading
its configuration takes a storage; workers do that soon after, many manifests in one transaction. An image of an index
was pushed before it and so was looked at before it: the index has the labels of its images, too.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.holding import Holder
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.registry.configs import read_config
from entrepot.registry.inspect import Inspected
from entrepot.registry.queries import labels
from entrepot.registry.room import Registry
from entrepot.registry.search import TEXT_CHARS_MAX
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, Elsewhere, ManifestInvalid
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.label import label_term, searchable
from entrepot.values.media_types import is_index

_BATCH: Final = 100
_BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of documents: their annotations are held in memory."""
_AT_ONCE: Final = 8
_IDLE_SECONDS: Final = 1.0
_NAME: Final = "labels"

_log = get_logger()

Found = Sequence[tuple[str, str]]


async def label_some(registry: Registry) -> int:
    """Write down the labels of the next manifests that wait for it; how many. 0: none waits.

    Harmless when it is done twice, or by two at once. A configuration that cannot be read says nothing.
    Raises DatabaseUnreachable, and StorageUnreachable.
    """
    async with registry.db.reading() as tx:
        ids = _bounded(await labels.waiting_sizes(tx, _BATCH))
        rows = await labels.described(tx, ids)
    if not rows:
        return 0
    places = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        reading = {row.id: group.create_task(_said(registry, row, places)) for row in rows}
    said = {manifest_id: task.result() for manifest_id, task in reading.items()}

    async with registry.db.writing() as tx:
        there = set(await labels.still_there(tx, ids))
        staying = [row for row in rows if row.id in there]
        singles = [row for row in staying if not is_index(row.media_type)]
        await labels.save_labels(tx, {(row.id, row.repository_id): _known(registry, said[row.id]) for row in singles})
        for row in staying:
            if is_index(row.media_type):
                inherited = await labels.labels_of_children(tx, row.id)
                both = _known(registry, [*said[row.id], *inherited])
                await labels.save_labels(tx, {(row.id, row.repository_id): both})
    metrics.labelled.inc(len(staying))
    return len(staying)


def search_terms(registry: Registry, version: Inspected) -> Mapping[tuple[str, str], str]:
    """How a search asks for each label that a version says itself, of those that the search knows."""
    said = [*(version.config.labels.items() if version.config else ()), *version.manifest.annotations.items()]
    terms = {label: label_term(*label) for label in _known(registry, said)}
    return {label: term for label, term in terms.items() if len(term) <= TEXT_CHARS_MAX}


async def keep_labels(registry: Registry, holder: Holder, stop: asyncio.Event) -> None:
    """Write labels down, as manifests come, until `stop` is set. One worker does; what is away is waited for.

    Not a run for each push: an index has no use for a history of its own, and is quicker filled in batches.
    """
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        try:
            count = await label_some(registry) if await holder.try_hold(_NAME) else 0
        except* Elsewhere as errors:
            _log.warning("labels cannot be read; trying again", error=str(errors.exceptions[0]))
            count = 0
        # After each batch as long a rest: whoever pushes meanwhile has half of the time at least.
        await _wait(stop, loop.time() - began if count else _IDLE_SECONDS)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _said(registry: Registry, row: Row[Any], places: asyncio.Semaphore) -> Found:
    """What a manifest's configuration and annotations say."""
    annotations = list(row.annotations.items())
    is_image = kind_of(row.media_type, row.artifact_type) is Kind.IMAGE
    if not is_image or row.config_size is None or row.config_size > registry.settings.config_bytes_max:
        return annotations
    async with places:
        try:
            config = await read_config(registry, Digest.parse(row.config_digest), row.config_size)
        except (BlobCorrupt, ManifestInvalid):
            return annotations  # the page of the version tells of it
    return [*config.labels.items(), *annotations]


def _known(registry: Registry, found: Found) -> Found:
    return searchable(found, registry.settings.labels)


def _bounded(rows: Sequence[Row[Any]]) -> list[int]:
    """The first ones that are not too large together; one at least."""
    taken, size = list[int](), 0
    for row in rows:
        size += row.size
        if taken and size > _BATCH_BYTES_MAX:
            break
        taken.append(row.id)
    return taken
