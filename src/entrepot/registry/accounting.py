"""Accounting: what a process counted of pulls reaches the database in batches (docs/decisions/0012).

A pull by digest counts for a tag that points there: the one the same client, as far as one can tell, asked
about before, else the one moved last. An image that an index names is a part of the pull of that index and
counts nothing by itself. A blob's bytes count for a tag that was pulled lately and has it. What cannot be
told counts for the repository alone, under no tag.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader
from entrepot.plumbing.logging import get_logger
from entrepot.registry.pulled import PullCounts
from entrepot.registry.queries import accounting
from entrepot.registry.room import Registry
from entrepot.values.errors import Broken, Elsewhere

_BATCH: Final = 2_000  # counts in one transaction
_LOOK_SECONDS: Final = 1.0
_KEYS_MAX: Final = 20_000  # with more the batch does not wait for its time
_RECENT_MAX: Final = 60
"""Batches for which a tag counts as pulled lately."""
_RECENT_TAGS_MAX: Final = 500

_log = get_logger()

Numbers = defaultdict[Any, list[int]]


class Accountant:
    """Keeps what one process counts. `run` until `stop`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stop = asyncio.Event()
        self._batch = 0
        # The batch in which a tag was pulled last, by repository and name.
        self._recent: dict[tuple[int, str], int] = {}

    async def run(self) -> None:
        """Keep what was counted every so often, and the rest at the end."""
        seconds = 0.0
        while not self._stop.is_set():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._stop.wait()
            except TimeoutError:
                seconds += _LOOK_SECONDS
            if seconds >= self._registry.settings.accounting_seconds or len(self._registry.counts) > _KEYS_MAX:
                seconds = 0.0
                await self.keep()
        await self.keep()

    def stop(self) -> None:
        self._stop.set()

    async def keep(self) -> None:
        """Write what was counted since the last time; what cannot be written now is counted again."""
        taken = self._registry.counts.take()
        self._batch += 1
        for part in _parts(taken):
            try:
                await self._keep(part)
            except (Elsewhere, Broken) as error:
                self._registry.counts.add(part)
                _log.warning("pulls could not be written down yet", message=error.message)
        self._recent = {key: at for key, at in self._recent.items() if self._batch - at < _RECENT_MAX}

    async def _keep(self, counts: PullCounts) -> None:
        paths = {path for path, _ in (*counts.manifests, *counts.blobs)}
        by_tag, by_repository, by_domain = Numbers(_zero), Numbers(_zero), Numbers(_zero)
        async with self._registry.db.writing() as tx:
            held = await accounting.repositories_held(tx, paths)
            pulls = await self._tags_pulled(tx, held, counts)
            traffic = await self._tags_sent(tx, held, counts, pulls)
            for column, numbers in enumerate((pulls, traffic)):
                for (path, tag), number in numbers.items():
                    row = held[path]
                    for table, key in ((by_tag, (row.id, tag)), (by_repository, row.id), (by_domain, row.domain_id)):
                        table[key][column] += number
            await accounting.add_pulls(tx, _fixed(by_tag), _fixed(by_repository), _fixed(by_domain), tx.now.date())

    async def _tags_pulled(
        self, tx: Reader, held: Mapping[str, Row[Any]], counts: PullCounts
    ) -> dict[tuple[str, str], int]:
        """Pulls by path and tag; what an index names is left out."""
        digests = [(path, digest) for path, digest in counts.manifests if ":" in digest and path in held]
        ids, wanted = {held[path].id for path, _ in digests}, {digest for _, digest in digests}
        parts = await accounting.named_by_indexes(tx, ids, wanted) if digests else set()
        tags = await accounting.tags_on(tx, ids, wanted) if digests else {}
        pulls: dict[tuple[str, str], int] = defaultdict(int)
        for (path, reference), number in counts.manifests.items():
            if path not in held or (held[path].id, reference) in parts:
                continue
            tag = reference
            if ":" in reference:
                pointing = tags.get((held[path].id, reference), [""])
                asked = counts.asked.get((path, reference), "")
                tag = asked if asked in pointing else pointing[-1]
            pulls[path, tag] += number
        return pulls

    async def _tags_sent(
        self, tx: Reader, held: Mapping[str, Row[Any]], counts: PullCounts, pulls: Mapping[tuple[str, str], int]
    ) -> dict[tuple[str, str], int]:
        """Bytes of blobs by path and tag."""
        self._recent |= {(held[path].id, tag): self._batch for path, tag in pulls if tag}
        sent = [(path, digest, size) for (path, digest), size in counts.blobs.items() if path in held]
        ids = {held[path].id for path, _, _ in sent}
        newest = sorted((at, key) for key, at in self._recent.items() if key[0] in ids)[-_RECENT_TAGS_MAX:]
        lately = [key for _, key in newest]
        having = await accounting.blobs_by_tag(tx, lately, {digest for _, digest, _ in sent}) if lately else {}
        traffic: dict[tuple[str, str], int] = defaultdict(int)
        for path, digest, size in sent:
            names = having.get((held[path].id, digest), [""])
            last = max(names, key=lambda name: (self._recent.get((held[path].id, name), 0), pulls.get((path, name), 0)))
            traffic[path, last] += size
        return traffic


def _parts(counts: PullCounts) -> Iterable[PullCounts]:
    """What was counted, in parts that a short transaction can keep, repository after repository."""
    keys = sorted({*counts.manifests, *counts.blobs})
    for start in range(0, len(keys), _BATCH):
        chosen = keys[start : start + _BATCH]
        yield PullCounts(
            {key: counts.manifests[key] for key in chosen if key in counts.manifests},
            {key: counts.asked[key] for key in chosen if key in counts.asked},
            {key: counts.blobs[key] for key in chosen if key in counts.blobs},
        )


def _zero() -> list[int]:
    return [0, 0]


def _fixed(numbers: Numbers) -> dict[Any, tuple[int, int]]:
    return {key: (pulls, size) for key, (pulls, size) in numbers.items()}
