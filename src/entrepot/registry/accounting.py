"""Accounting: what a process counted of pulls and pushes reaches the database in batches (docs/decisions/0012, 0025).

A pull by digest counts for a tag that points there: the one the same client, as far as one can tell, asked
about before, else the one moved last. An image that an index names is a part of the pull of that index and
counts nothing by itself. A blob's bytes count for a tag that was pulled lately, from any process, and has it: where
none is known yet they wait for the next batch, as another process may have the pull. What cannot be told then counts
for the repository alone, under no tag.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.registry.pulled import PullCounts
from entrepot.registry.pushed import PushCounts
from entrepot.registry.queries import accounting
from entrepot.registry.room import Registry
from entrepot.values.errors import Broken, Elsewhere

_BATCH: Final = 2_000  # counts in one transaction
_LOOK_SECONDS: Final = 1.0
_END_SECONDS_MAX: Final = 5.0
_KEYS_MAX: Final = 20_000  # with more the batch does not wait for its time
_LATELY: Final = timedelta(minutes=10)
"""For so long a tag counts as pulled lately."""
_LATELY_TAGS_MAX: Final = 500

_log = get_logger()

Numbers = defaultdict[Any, list[int]]


class Accountant:
    """Keeps what one process counts, from `start` to `end`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        # Bytes that no tag is known for yet, by path and digest.
        self._waiting: dict[tuple[str, str], int] = {}

    def start(self) -> None:
        self._running = asyncio.create_task(self.run())

    async def end(self) -> None:
        """The last counts are written down; a database that is away may not hold up the end."""
        self.stop()
        if self._running is None:
            return
        try:
            await asyncio.wait_for(self._running, _END_SECONDS_MAX)
        except TimeoutError:
            _log.warning("the last pulls and pushes could not be written down in time")
        except Exception:  # noqa: BLE001  # statistics may fail; the end of the process goes on
            _log.exception("counting pulls and pushes broke")

    async def run(self) -> None:
        """Keep what was counted every so often, and the rest at the end."""
        seconds = 0.0
        while not self._stop.is_set():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._stop.wait()
            except TimeoutError:
                seconds += _LOOK_SECONDS
            keys = len(self._registry.counts) + len(self._registry.pushes)
            if seconds >= self._registry.settings.accounting_seconds or keys > _KEYS_MAX:
                seconds = 0.0
                await self.keep()
        await self.keep(is_last=True)

    def stop(self) -> None:
        self._stop.set()

    async def keep(self, *, is_last: bool = False) -> None:
        """Write what was counted since the last time; what cannot be written now is counted again."""
        taken = self._registry.counts.take()
        waited, self._waiting = self._waiting, {}
        for key, size in waited.items():
            taken.blobs[key] += size
        for part in _parts(taken):
            try:
                self._waiting |= await self._keep(part, part.blobs if is_last else waited)
            except (Elsewhere, Broken) as error:
                self._registry.counts.add(part)
                _log.warning("pulls could not be written down yet", message=error.message)
        if taken.served:
            try:
                await self._keep_served(taken.served)
            except (Elsewhere, Broken) as error:
                self._registry.counts.add(PullCounts(served=taken.served))
                _log.warning("what mirrors served could not be written down yet", message=error.message)
        for pushed in _parts_of_pushes(self._registry.pushes.take()):
            try:
                await self._keep_pushes(pushed)
            except (Elsewhere, Broken) as error:
                self._registry.pushes.add(pushed)
                _log.warning("pushes could not be written down yet", message=error.message)

    async def _keep(self, counts: PullCounts, waited: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Write it; bytes that are to wait for a tag, which those in `waited` have done."""
        paths = {path for path, _ in (*counts.manifests, *counts.blobs)}
        by_tag, by_repository, by_domain = Numbers(_zero), Numbers(_zero), Numbers(_zero)
        async with self._registry.db.writing() as tx:
            held = await accounting.repositories_held(tx, paths)
            pulls, last = await self._tags_pulled(tx, held, counts)
            traffic, waiting = await self._tags_sent(tx, held, counts, pulls, waited)
            for column, numbers in enumerate((pulls, traffic)):
                for (path, tag), number in numbers.items():
                    row = held[path]
                    for table, key in ((by_tag, (row.id, tag)), (by_repository, row.id), (by_domain, row.domain_id)):
                        table[key][column] += number
            await accounting.add_pulls(tx, _fixed(by_tag), _fixed(by_repository), _fixed(by_domain), tx.now.date())
            await accounting.save_last_pulls(tx, {(held[path].id, tag): by for (path, tag), by in last.items()}, tx.now)
        return waiting

    async def _keep_served(self, served: Mapping[str, Sequence[int]]) -> None:
        """Write what was sent of mirrors, if any was."""
        by_organization = Numbers(_zero)
        for path, numbers in served.items():
            for column, number in enumerate(numbers):
                by_organization[path.partition("/")[0]][column] += number
        async with self._registry.db.reading() as tx:
            mirrors = await accounting.mirrors_among(tx, list(by_organization))
        if not mirrors:
            return
        async with self._registry.db.writing() as tx:
            sent = {mirrors[name]: found for name, found in _fixed(by_organization).items() if name in mirrors}
            await accounting.add_served(tx, sent, tx.now.date())
        metrics.mirror_served_blobs.inc(sum(blobs for blobs, _ in sent.values()))
        metrics.mirror_served_bytes.inc(sum(size for _, size in sent.values()))

    async def _keep_pushes(self, counts: PushCounts) -> None:
        by_repository, by_domain = Numbers(_zero), Numbers(_zero)
        async with self._registry.db.writing() as tx:
            held = await accounting.repositories_held(tx, {*counts.tagged, *counts.received})
            for column, numbers in enumerate((counts.tagged, counts.received)):
                for path, number in numbers.items():
                    if path in held:
                        by_repository[held[path].id][column] += number
                        by_domain[held[path].domain_id][column] += number
            await accounting.add_pushes(tx, _fixed(by_repository), _fixed(by_domain), tx.now.date())

    async def _tags_pulled(
        self, tx: Reader, held: Mapping[str, Row[Any]], counts: PullCounts
    ) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]]:
        """Pulls by path and tag, and who pulled last; what an index names is left out.

        Who pulled last is told by digest, too, of what was pulled by no tag, and of a part that was pulled alone.
        """
        digests = [(path, digest) for path, digest in counts.manifests if ":" in digest and path in held]
        ids, wanted = {held[path].id for path, _ in digests}, {digest for _, digest in digests}
        parts = await accounting.named_by_indexes(tx, ids, wanted) if digests else set()
        tags = await accounting.tags_on(tx, ids, wanted) if digests else {}
        pulls: dict[tuple[str, str], int] = defaultdict(int)
        last: dict[tuple[str, str], str] = {}
        of_parts: dict[tuple[str, str], str] = {}
        for (path, reference), number in counts.manifests.items():
            if path not in held:
                continue
            by = counts.last.get((path, reference), "")
            if (held[path].id, reference) in parts:
                of_parts[path, reference] = by
                continue
            tag = reference
            if ":" in reference:
                pointing = tags.get((held[path].id, reference), [""])
                asked = counts.asked.get((path, reference), "")
                tag = asked if asked in pointing else pointing[-1]
            pulls[path, tag] += number
            last[path, tag] = by
            if not tag:
                last[path, reference] = by  # so that it is known which image is of use
        whole = {path for path, _ in pulls}
        return pulls, last | {(path, digest): by for (path, digest), by in of_parts.items() if path not in whole}

    async def _tags_sent(
        self,
        tx: Reader,
        held: Mapping[str, Row[Any]],
        counts: PullCounts,
        pulls: Mapping[tuple[str, str], int],
        waited: Mapping[tuple[str, str], int],
    ) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
        """Bytes of blobs by path and tag; and those that wait, by path and digest."""
        sent = [(path, digest, size) for (path, digest), size in counts.blobs.items() if path in held]
        if not sent:
            return {}, {}
        ids = {held[path].id for path, _, _ in sent}
        lately = await accounting.pulled_lately(tx, ids, tx.now - _LATELY, _LATELY_TAGS_MAX)
        lately |= {(held[path].id, tag): tx.now for path, tag in pulls if tag and held[path].id in ids}
        having = await accounting.blobs_by_tag(tx, lately, {digest for _, digest, _ in sent}) if lately else {}
        traffic: dict[tuple[str, str], int] = defaultdict(int)
        waiting: dict[tuple[str, str], int] = {}
        for path, digest, size in sent:
            names = having.get((held[path].id, digest))
            if names is not None:
                last = max(names, key=lambda name: (lately[held[path].id, name], pulls.get((path, name), 0)))
                traffic[path, last] += size
            elif (path, digest) in waited:
                traffic[path, ""] += size
            else:
                waiting[path, digest] = size
        return traffic, waiting


def _parts(counts: PullCounts) -> Iterable[PullCounts]:
    """What was counted, in parts that a short transaction can keep, repository after repository."""
    keys = sorted({*counts.manifests, *counts.blobs})
    for start in range(0, len(keys), _BATCH):
        chosen = keys[start : start + _BATCH]
        yield PullCounts(
            {key: counts.manifests[key] for key in chosen if key in counts.manifests},
            {key: counts.asked[key] for key in chosen if key in counts.asked},
            {key: counts.blobs[key] for key in chosen if key in counts.blobs},
            {key: counts.last[key] for key in chosen if key in counts.last},
        )


def _parts_of_pushes(counts: PushCounts) -> Iterable[PushCounts]:
    paths = sorted({*counts.tagged, *counts.received})
    for start in range(0, len(paths), _BATCH):
        chosen = paths[start : start + _BATCH]
        yield PushCounts(
            {path: counts.tagged[path] for path in chosen if path in counts.tagged},
            {path: counts.received[path] for path in chosen if path in counts.received},
        )


def _zero() -> list[int]:
    return [0, 0]


def _fixed(numbers: Numbers) -> dict[Any, tuple[int, int]]:
    return {key: (count, size) for key, (count, size) in numbers.items()}
