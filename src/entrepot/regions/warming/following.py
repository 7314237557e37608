"""Following: what is pushed, as the feed tells it, is warmed up where a rule wants that.

A warm-up is written in the transaction in which the place in the feed moves on, so each push begins one once. What no
rule wants writes nothing: the place is kept in memory then, and saved now and then. One worker follows.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.holding import Holder
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.closing import is_open
from entrepot.jobs.events import Recorded
from entrepot.jobs.feed import Position, move_on, position_after, read_feed, resume, save_position
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing.logging import get_logger
from entrepot.regions.room import Regions
from entrepot.regions.warming import queries
from entrepot.regions.warming.asking import Wanted, begin, candidates, lock_open
from entrepot.regions.warming.by_rule import rule_of
from entrepot.regions.warming.rules import WarmRule, choose
from entrepot.registry.events import ManifestPushed, TagMoved
from entrepot.registry.queries import names, tags
from entrepot.values.errors import Broken, EntrepotError, TooMany

CONSUMER: Final = "warming"
_BATCH: Final = 500
_SAVE_SECONDS: Final = 5.0
_BUSY_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 1.0

_log = get_logger()


class FeedMoved(Broken):
    """Another worker follows what is pushed, too."""


@dataclass(frozen=True, slots=True)
class _Push:
    """A tag that a rule wants warmed up."""

    row: Row[Any]
    rule: WarmRule
    path: str
    tag: str


class WarmFollower:
    def __init__(self, regions: Regions, holder: Holder) -> None:
        self._regions = regions
        self._holder = holder
        self._saved: Position | None = None
        self._position = Position()
        self._saved_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set. A database that is away is waited for, and so is an end of being closed."""
        pause = _BUSY_SECONDS
        while not stop.is_set():
            try:
                may = await self._holder.try_hold(CONSUMER) and await is_open(self._regions.db)
                count = await self.follow() if may else 0
            except EntrepotError as error:
                _log.warning("rules of warming up wait; trying again", error=error.message)
                self._saved, count = None, 0
            pause = _BUSY_SECONDS if count else min(pause * 2, _IDLE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def follow(self) -> int:
        """Begin what follows from the next events; how many events these were. Raises FeedMoved."""
        db = self._regions.db
        if self._saved is None:
            self._saved = self._position = await resume(db, CONSUMER)
        events = await read_feed(db, self._position, _BATCH)
        if events:
            await self._advance(events, position_after(events[-1]))
        elif self._position != self._saved and monotonic() - self._saved_at > _SAVE_SECONDS:
            await self._save()
        return len(events)

    async def _advance(self, events: Sequence[Recorded], after: Position) -> None:
        pushes = [one for one in events if one.type in (ManifestPushed.type, TagMoved.type)]
        wanted: Sequence[_Push] = ()
        if pushes:
            async with self._regions.db.reading() as tx:
                wanted = await _wanted(tx, pushes)
        if not wanted:
            self._position = after
            return
        assert self._saved is not None, "set before anything is read"
        async with self._regions.db.writing() as tx:
            for one in wanted:
                await _warm_up(tx, self._regions, one)
            if not await move_on(tx, CONSUMER, self._saved, after):
                raise FeedMoved
        self._saved = self._position = after
        self._saved_at = monotonic()

    async def _save(self) -> None:
        assert self._saved is not None, "set before anything is read"
        if not await save_position(self._regions.db, CONSUMER, self._saved, self._position):
            raise FeedMoved
        self._saved, self._saved_at = self._position, monotonic()


async def _wanted(tx: Reader, pushes: Sequence[Recorded]) -> Sequence[_Push]:
    """Each tag once for each rule. What was there before a rule was is not its."""
    rows = await queries.rules(tx)
    found: dict[tuple[str, str, str], _Push] = {}
    for row in rows:
        rule = rule_of(row)
        for event in pushes:
            if event.time >= row.created_at and rule.is_about(event.subject):
                moved = [event.data["tag"]] if event.type == TagMoved.type else event.data["tags"]
                for tag in moved:
                    if rule.takes(tag):
                        found[row.name, event.subject, tag] = _Push(row, rule, event.subject, tag)
    return list(found.values())


async def _warm_up(tx: Writer, regions: Regions, push: _Push) -> None:
    """Begin a warm-up of what the tag names now; none where no node may hold it, or it is under way already."""
    repository = await names.repository_by_path(tx, push.path)
    manifest = None if repository is None else await tags.manifest_by_tag(tx, repository.id, push.tag)
    if repository is None or manifest is None:
        return
    chosen = choose(await candidates(tx, regions, push.path), push.rule.wish, manifest.digest)
    if not chosen or await queries.same_open(tx, repository.id, manifest.digest, push.row.name):
        return
    try:
        await lock_open(tx)
    except TooMany as error:
        _log.warning("a rule of warming up begins nothing", rule=push.row.name, path=push.path, error=error.message)
        return
    wanted = Wanted(repository.id, push.path, push.tag, manifest.digest, repository.domain_id, push.row.name)
    await begin(tx, wanted, push.rule.wish, chosen, SYSTEM, push.row.creator_id, regions.clock.now())
