"""Webhooks over real databases, a real target, and a clock that stands still; the courier runs in the test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.values.names import OrganizationName, RepositoryName, WebhookName
from entrepot.webhooks import definitions
from entrepot.webhooks.courier import Courier
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import Definition, Filter, Kind, Word
from tests.make.cast import Cast, make_cast
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.rooms import Rooms
from tests.make.target import Target, running_target

ACME, APP = OrganizationName("acme"), RepositoryName("acme/app")
Work = Callable[[], AbstractAsyncContextManager[Courier]]


class Held:
    """This process is the only one."""

    async def try_hold(self, _name: str) -> bool:
        return True


def wanted(name: str = "hook", repository: RepositoryName | None = None, **changes: Any) -> Definition:
    """A definition: of everything in the organization, in CloudEvents, unless said otherwise."""
    kind = Kind(changes.get("kind", "cloudevents"))
    words = changes.get("events", [str(word) for word in Word])
    chosen = Filter.parse(kind, words, changes.get("repositories", ""), changes.get("tags", ""))
    return Definition(WebhookName(name), repository, kind, chosen, changes.get("is_enabled", True))


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:  # noqa: F811
    return await make_cast(rooms)


@pytest.fixture
def webhooks(cast: Cast) -> Webhooks:
    settings = replace(cast.rooms.webhooks.settings, seconds_max=0.5, idle_poll_seconds=0.02, busy_poll_seconds=0.01)
    return replace(cast.rooms.webhooks, settings=settings)


@pytest.fixture
def manager(cast: Cast) -> Actor:
    return cast["manager"]


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async with running_target() as target:
        yield target


@asynccontextmanager
async def at_work(webhooks: Webhooks) -> AsyncIterator[Courier]:
    """The courier, at work to the end of the block."""
    stop, courier = asyncio.Event(), Courier(webhooks, Held())  # type: ignore[arg-type]  # all it asks of it
    task = asyncio.create_task(courier.run(stop))
    try:
        yield courier
    finally:
        stop.set()
        await task


@pytest.fixture
def working(webhooks: Webhooks) -> Work:
    return lambda: at_work(webhooks)


@pytest.fixture
def hook(webhooks: Webhooks, cast: Cast, target: Target) -> Callable[..., Any]:
    """Make a webhook that delivers to the target, at `/` or `path`; its secret."""

    async def make(path: str = "/", **changes: Any) -> str:
        definition = wanted(**changes)
        cast.rooms.clock.advance(seconds=1)  # what happened before is not told
        made = await definitions.create_webhook(webhooks, cast["admin"], ACME, definition, target.url + path)
        return made.secret

    return make
