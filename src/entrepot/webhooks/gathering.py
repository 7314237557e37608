"""Gathering: what happened, as the feed tells it, becomes deliveries that wait for their turn.

Deliveries are written in the transaction in which the place in the feed moves on, so each is written once. What
nobody listens to writes nothing: the place is kept in memory then, and saved now and then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.feed import Position, move_on, position_after, read_feed, resume, save_position
from entrepot.values.errors import Broken
from entrepot.webhooks import lanes, queries
from entrepot.webhooks.happenings import Happening, fits, happening_of
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import Kind, State
from entrepot.webhooks.shapes import body_of
from entrepot.webhooks.shown import definition_of

CONSUMER: Final = "webhooks"
_SAVE_SECONDS: Final = 5.0
_USER: Final = "user:"


class FeedMoved(Broken):
    """Another worker gathers deliveries, too."""


class Gatherer:
    """Follows the feed for all webhooks. One at a time in an installation."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._saved: Position | None = None
        self._position = Position()
        self._saved_at = 0.0

    def forget_position(self) -> None:
        """Go on from where the database says, at the next time."""
        self._saved = None

    async def gather(self) -> int:
        """Write down what follows from the next events; how many events these were. Raises FeedMoved."""
        webhooks = self._webhooks
        if self._saved is None:
            self._saved = self._position = await resume(webhooks.db, CONSUMER)
        events = await read_feed(webhooks.db, self._position, webhooks.settings.batch)
        if events:
            await self._advance(
                [found for event in events if (found := happening_of(event))], position_after(events[-1])
            )
        elif self._position != self._saved and monotonic() - self._saved_at > _SAVE_SECONDS:
            await self._save()
        return len(events)

    async def _advance(self, happenings: Sequence[Happening], after: Position) -> None:
        if not happenings or not await self._is_heard(happenings):
            self._position = after
            return
        assert self._saved is not None, "set before anything is read"
        async with self._webhooks.db.writing() as tx:
            await tx.lock(lanes.LANES)
            await _write(tx, self._webhooks, happenings)
            if not await move_on(tx, CONSUMER, self._saved, after):
                raise FeedMoved
        self._saved = self._position = after
        self._saved_at = monotonic()

    async def _is_heard(self, happenings: Sequence[Happening]) -> bool:
        async with self._webhooks.db.reading() as tx:
            return bool(await queries.listening(tx, {one.organization for one in happenings}))

    async def _save(self) -> None:
        assert self._saved is not None, "set before anything is read"
        if not await save_position(self._webhooks.db, CONSUMER, self._saved, self._position):
            raise FeedMoved
        self._saved, self._saved_at = self._position, monotonic()


async def _write(tx: Writer, webhooks: Webhooks, happenings: Sequence[Happening]) -> None:
    rows = await queries.listening(tx, {one.organization for one in happenings})
    listening: dict[str, list[Row[Any]]] = {}
    for row in rows:
        listening.setdefault(row.organization, []).append(row)
    told = await _completed(tx, [one for one in happenings if one.organization in listening])
    written, opened = [], {}
    for happening in told:
        for row in listening[happening.organization]:
            if found := _delivery(webhooks, row, happening):
                written.append(found)
                next_at = None if row.paused_at else webhooks.clock.now()
                opened[row.id, happening.subject] = {
                    "webhook_id": row.id, "lane": happening.subject, "next_at": next_at
                }  # fmt: skip
    await lanes.add_deliveries(tx, written)
    await lanes.open_lanes(tx, list(opened.values()))


def _delivery(webhooks: Webhooks, row: Row[Any], happening: Happening) -> Mapping[str, Any] | None:
    """None when the webhook does not listen to it, or was not there yet."""
    definition = definition_of(row)
    if definition.repository not in (None, happening.subject) or happening.time < row.created_at:
        return None
    if not fits(definition.filter, happening):
        return None
    return waiting(row.id, happening.only(definition.filter.tags), definition.kind, webhooks)


def waiting(webhook_id: str, happening: Happening, kind: Kind, webhooks: Webhooks) -> dict[str, Any]:
    """A delivery that was not tried yet."""
    return {
        "webhook_id": webhook_id,
        "event_id": happening.id,
        "event": happening.word,
        "subject": happening.subject,
        "lane": happening.subject,
        "body": body_of(kind, happening, webhooks.settings.source),
        "state": State.WAITING,
        "attempts": 0,
        "created_at": webhooks.clock.now(),
        "headers": {},
        "answer": "",
        "problem": "",
    }


async def _completed(tx: Reader, happenings: Sequence[Happening]) -> Sequence[Happening]:
    """With what the feed does not tell: names of actors, and which repositories are public."""
    users = {one.actor.removeprefix(_USER) for one in happenings if one.actor.startswith(_USER)}
    names = await names_of(tx, sorted(users))
    public = await queries.public_among(tx, {one.subject for one in happenings})
    return [
        replace(one, actor_name=names.get(one.actor.removeprefix(_USER), ""), is_public=one.subject in public)
        for one in happenings
    ]
