"""Everybody who may ask: nobody, a stranger, a reader, an editor, a manager, the administrator."""

from dataclasses import dataclass

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from tests.make.image import Image
from tests.make.rooms import Rooms

WHO = ("anonymous", "stranger", "reader", "editor", "manager", "admin")
"""From those who may do least to those who may do most."""


@dataclass(frozen=True)
class Cast:
    """Actors by name, in the organization `acme`: `acme/app` is private, `acme/open` public, both tagged `v1`."""

    rooms: Rooms
    actors: dict[str, Actor]
    image: Image
    open_image: Image

    def __getitem__(self, who: str) -> Actor:
        return self.actors[who]


async def make_cast(rooms: Rooms) -> Cast:
    await rooms.organization("acme")
    image = await rooms.push("acme/app", "v1")
    await rooms.repository("acme/open", is_public=True)
    open_image = await rooms.push("acme/open", "v1")
    actors = {"anonymous": ANONYMOUS, "admin": rooms.admin}
    for name in ("stranger", "reader", "editor", "manager"):
        actors[name] = await rooms.user(name)
    for name, level in (("reader", Level.READ), ("editor", Level.EDIT), ("manager", Level.MANAGE)):
        await rooms.grant("acme/app", name, level)
    return Cast(rooms, actors, image, open_image)
