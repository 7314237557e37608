"""Pins: images of a mirror that are never trimmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.jobs.events import publish
from entrepot.mirror.events import MirrorPinned, MirrorUnpinned
from entrepot.mirror.pin_rules import Pin, check_pins_count
from entrepot.mirror.queries import pins as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.upstreams import changing, reached
from entrepot.values.errors import ParameterInvalid, Unauthenticated, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class ShownPin:
    """`creator_name` is empty when that one is gone."""

    pin: Pin
    creator_name: str
    created_at: datetime


async def pin_images(mirror: Mirror, actor: Actor, name: OrganizationName, pin: Pin) -> None:
    """Keep images of a mirror from being trimmed. Doing it again is harmless. Only operators may.

    Raises Unauthenticated, AccessDenied, MirrorUnknown or TooMany.
    """
    async with mirror.db.writing() as tx:
        row = await changing(tx, actor, name)
        known = await queries.pins_of(tx, row.organization_id)
        if any(Pin(one.repositories, one.tags) == pin for one in known):
            return
        check_pins_count(len(known))
        now = mirror.clock.now()
        await queries.save_pin(tx, row.organization_id, pin.repositories, pin.tags, actor.id, now)
        pinned = MirrorPinned(name, pin.repositories, pin.tags)
        await publish(tx, pinned, actor=actor.subject, at=now, domain_id=row.domain_id)


async def unpin_images(mirror: Mirror, actor: Actor, name: OrganizationName, pin: Pin) -> None:
    """Let images be trimmed again. Only operators may.

    Raises Unauthenticated, AccessDenied, MirrorUnknown, or ParameterInvalid when no pin says that.
    """
    async with mirror.db.writing() as tx:
        row = await changing(tx, actor, name)
        if not await queries.delete_pin(tx, row.organization_id, pin.repositories, pin.tags):
            raise ParameterInvalid(
                worded(
                    "{name} has no pin {pin}. Look at its pins: entrepot mirror show {name}", name=name, pin=str(pin)
                ),
                kind="pin-unknown",
            )
        unpinned = MirrorUnpinned(name, pin.repositories, pin.tags)
        await publish(tx, unpinned, actor=actor.subject, at=mirror.clock.now(), domain_id=row.domain_id)


async def list_pins(mirror: Mirror, actor: Actor, name: OrganizationName) -> Sequence[ShownPin]:
    """All of a mirror, by what they say. For who may read the organization, and for operators.

    Raises Unauthenticated, AccessDenied or MirrorUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    async with mirror.db.reading() as tx:
        row = await reached(tx, actor, name)
        found = await queries.pins_of(tx, row.organization_id)
    return [ShownPin(Pin(one.repositories, one.tags), one.creator_name or "", one.created_at) for one in found]
