"""Following: what is pushed, as the feed tells it, becomes copies that wait, where an automatic rule wants it.

Here are the contract's rules; those of our own, which also follow what is deleted, are in `wide_following.py`.

Copies are written in the transaction in which the place in the feed moves on, so each is written once. What no rule
wants writes nothing: the place is kept in memory then, and saved now and then.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.jobs.events import Recorded
from entrepot.jobs.feed import Position, move_on, position_after, read_feed, resume, save_position
from entrepot.mirror.queries import copies, sync
from entrepot.mirror.room import Mirror
from entrepot.mirror.sync import lock_of_copies
from entrepot.mirror.wide_following import followed, is_about_rules, let_follow
from entrepot.registry.events import ManifestPushed, TagMoved
from entrepot.values.errors import Broken

CONSUMER: Final = "sync"
_BATCH: Final = 500
_SAVE_SECONDS: Final = 5.0
_TAGS_MAX: Final = 1_000
"""Of one image, that are copied again because something was attached to it."""

Wanted = dict[tuple[int, str, str, str], tuple[Row[Any], str]]
"""By repository, region, organization there and tag: the rule, and its tag."""


class FeedMoved(Broken):
    """Another worker follows what is pushed, too."""


class Follower:
    """Follows the feed for all rules. One at a time in an installation."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._saved: Position | None = None
        self._position = Position()
        self._saved_at = 0.0

    def forget_position(self) -> None:
        """Go on from where the database says, at the next time."""
        self._saved = None

    async def follow(self) -> int:
        """Let wait what follows from the next events; how many events these were. Raises FeedMoved."""
        db = self._mirror.db
        if self._saved is None:
            self._saved = self._position = await resume(db, CONSUMER)
        events = await read_feed(db, self._position, _BATCH)
        if events:
            await self._advance([one for one in events if is_about_rules(one)], position_after(events[-1]))
        elif self._position != self._saved and monotonic() - self._saved_at > _SAVE_SECONDS:
            await self._save()
        return len(events)

    async def _advance(self, changes: Sequence[Recorded], after: Position) -> None:
        if not changes or not await self._is_wanted(changes):
            self._position = after
            return
        assert self._saved is not None, "set before anything is read"
        async with self._mirror.db.writing() as tx:
            pushes = [one for one in changes if _is_about_tags(one)]
            wide = await followed(tx, changes)
            held = {one for some in wide for one in some.events}
            await _let_wait(tx, self._mirror, pushes, held)
            await let_follow(tx, wide, self._mirror.clock.now())
            if not await move_on(tx, CONSUMER, self._saved, after):
                raise FeedMoved
        self._saved = self._position = after
        self._saved_at = monotonic()

    async def _is_wanted(self, changes: Sequence[Recorded]) -> bool:
        async with self._mirror.db.reading() as tx:
            pushed = {one.subject for one in changes if _is_about_tags(one)}
            return bool(await sync.automatic_rules(tx, pushed) or await followed(tx, changes))

    async def _save(self) -> None:
        assert self._saved is not None, "set before anything is read"
        if not await save_position(self._mirror.db, CONSUMER, self._saved, self._position):
            raise FeedMoved
        self._saved, self._saved_at = self._position, monotonic()


def _is_about_tags(event: Recorded) -> bool:
    return event.type in (ManifestPushed.type, TagMoved.type)


async def _let_wait(tx: Writer, mirror: Mirror, pushes: Sequence[Recorded], beside: Collection[int]) -> None:
    """What rules of the contract want. Also locks the copies of the repositories `beside`."""
    paths = {one.subject for one in pushes}
    held = sorted({rule.repository_id for rule in await sync.automatic_rules(tx, paths)})
    await tx.lock(*[lock_of_copies(one) for one in sorted({*held, *beside})])
    rules: dict[str, list[Row[Any]]] = defaultdict(list)
    for rule in await sync.automatic_rules(tx, paths):  # as they are now that nobody else changes them
        if rule.repository_id in held:
            rules[rule.path].append(rule)
    wanted: Wanted = {}
    for event in pushes:
        for rule in rules[event.subject]:
            if event.time >= rule.created_at:  # what was there before is copied by hand
                for tag in await _tags_of(tx, rule, event):
                    wanted[rule.repository_id, rule.region, rule.remote_organization, tag] = rule, tag
    tags = {tag for _, tag in wanted.values()}
    for row in await copies.waiting_among(tx, held, tags) if tags else ():
        # One that waits already copies what the tag names when it is begun.
        wanted.pop((row.repository_id, row.region, row.remote_organization, row.tag), None)
    if wanted:
        await copies.save_copies(tx, [_waiting(mirror, rule, tag) for rule, tag in wanted.values()])


async def _tags_of(tx: Writer, rule: Row[Any], event: Recorded) -> Sequence[str]:
    """What is to be copied: the tags that moved; for a signature or the like, those of what it is about."""
    if event.type == TagMoved.type:
        return [event.data["tag"]]
    tags: list[str] = event.data["tags"]
    about = await copies.tags_with(tx, rule.repository_id, event.data["digest"], rule.created_at, _TAGS_MAX)
    return [*tags, *about]


def _waiting(mirror: Mirror, rule: Row[Any], tag: str) -> dict[str, Any]:
    place = (rule.region, rule.remote_organization)
    waiting = copies.waiting(rule.repository_id, *place, tag, rule.overrides, rule.creator_id, mirror.clock.now())
    return waiting | {"rule_id": rule.id}
