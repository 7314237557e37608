"""Pins: images of a mirror that are kept when it is trimmed."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Word
from entrepot.doors.manage.mirrors import TheMirror
from entrepot.mirror import pins
from entrepot.mirror.pin_rules import Pin
from entrepot.plumbing.clock import rfc3339

_REPOSITORIES = "Name within the mirror of the repositories; `*` stands for any characters."
_TAGS = "Like which one of an image's tags is; empty: all images, also without a tag."


class PinImages(Body):
    """What is to be kept."""

    repositories: Annotated[Word, Field(description=_REPOSITORIES)]
    tags: Annotated[Word, Field(description=_TAGS)] = ""


class PinRow(BaseModel):
    repositories: str
    tags: str
    creator_name: str
    created_at: str


class Pins(BaseModel):
    pins: list[PinRow]


async def pin_images(call: TheCall, mirror: TheMirror, body: PinImages) -> Pins:
    """Keep images of a mirror when it is trimmed. Operators may."""
    await pins.pin_images(call.rooms.mirror, call.actor, mirror, Pin.parse(body.repositories, body.tags))
    return await _pins(call, mirror)


async def list_pins(call: TheCall, mirror: TheMirror) -> Pins:
    """What is kept when a mirror is trimmed."""
    return await _pins(call, mirror)


async def unpin_images(
    call: TheCall,
    mirror: TheMirror,
    repositories: Annotated[Word, Query(description=_REPOSITORIES)],
    tags: Annotated[Word, Query(description=_TAGS)] = "",
) -> None:
    """Take a pin away, which is named by what it says. Operators may."""
    await pins.unpin_images(call.rooms.mirror, call.actor, mirror, Pin(repositories, tags))


async def _pins(call: TheCall, mirror: TheMirror) -> Pins:
    found = await pins.list_pins(call.rooms.mirror, call.actor, mirror)
    return Pins(
        pins=[
            PinRow(
                repositories=one.pin.repositories,
                tags=one.pin.tags,
                creator_name=one.creator_name,
                created_at=rfc3339(one.created_at),
            )
            for one in found
        ]
    )
