"""A collector that dies between any two of its steps: nothing wanted is lost, and the next one leaves nothing behind.

A step is a transaction or a blob that leaves the store: what a transaction under way wrote is not there after a crash.
Before each of them, one after the other, the collector dies; a client pushes again what was being collected; then
another process collects, as time goes by.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from entrepot.access.actor import Actor
from entrepot.blobs.memory import MemoryStore
from entrepot.db import sqlite
from entrepot.db.database import Database
from entrepot.registry import keeping
from entrepot.registry.pull import find_manifest, open_blob
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.tables import gc_blob, gc_candidate, gc_link, gc_manifest
from entrepot.upkeep import pacing
from entrepot.upkeep.collect import collect
from entrepot.upkeep.garbage import request_collection
from entrepot.upkeep.room import Upkeep
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobLeaving
from entrepot.values.names import RepositoryName, TagName
from tests.make.furnish import chunks, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms, open_rooms

pytestmark = pytest.mark.slow

APP = RepositoryName("acme/app")
STEPS_MAX = 500


class Died(BaseException):
    """The process is no more: nothing catches it."""


class Life:
    """Counts the steps of a collector, and ends at one of them."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Died


class MortalDatabase:
    """A database as a collector sees it that dies when a transaction was committed, before anything follows."""

    def __init__(self, db: Database, life: Life) -> None:
        self._db = db
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with self._db.writing() as tx:
            yield tx
        self._life.step()


class MortalStore:
    """A store that it dies in the middle of, when it has removed some of several blobs."""

    def __init__(self, blobs: MemoryStore, life: Life) -> None:
        self._blobs = blobs
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    async def delete(self, digests: Sequence[Digest]) -> None:
        for digest in digests:
            self._life.step()
            await self._blobs.delete([digest])


def prepared_in_haste(raw: sqlite3.Connection, prepare: Callable[[sqlite3.Connection], None] = sqlite._prepare) -> None:
    """No power fails here: nothing is waited for that a disk would have to write."""
    prepare(raw)
    raw.execute("PRAGMA synchronous=OFF")


@dataclass(frozen=True)
class Estate:
    """An installation with garbage of every kind. `kept` stays, `wanted` is pushed again, `gone` is not."""

    folder: Path
    blobs: dict[Any, bytes]
    kept: Sequence[Image]
    wanted: Image
    gone: Sequence[Image]


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    folder = tmp_path / "furnished"
    folder.mkdir()

    async def furnish() -> Estate:
        async with open_rooms(folder) as rooms:
            await rooms.organization("acme")
            shared = Blob(b"a layer of two images")
            kept, wanted = Image.make(holding=[shared]), Image.make(holding=[shared])
            await rooms.push(APP, "kept", kept)
            await rooms.push(APP, "wanted", wanted)
            moved, moving = await rooms.push(APP, "moving"), await rooms.push(APP, "moving")
            signed = await rooms.push(APP, "signed")
            signature = await rooms.push(APP, f"{signed.digest}.sig".replace(":", "-"))
            arm, amd = Image.make(architecture="arm64"), Image.make()
            for one in (arm, amd):
                await push_image(rooms.registry, rooms.admin, APP, one)
            index = Image.index(arm, amd)
            await push_only(rooms.registry, rooms.admin, APP, index, "multi")
            await rooms.push_blob(APP, Blob(b"of a client that died"))
            stray = Blob(b"of a server that died")
            await rooms.blobs.put(chunks(stray.content), stray.digest)
            for one in (wanted, index):
                await delete_manifest(rooms.registry, rooms.admin, APP, one.digest)
            await delete_tag(rooms.registry, rooms.admin, APP, TagName("signed"))
            gone = (moved, signed, signature, arm, amd)
            return Estate(folder, dict(rooms.blobs._blobs), (kept, moving), wanted, gone)

    return asyncio.run(furnish())


@asynccontextmanager
async def copied(estate: Estate, folder: Path) -> AsyncIterator[Rooms]:
    """A copy of the estate, after all has waited for long."""
    folder.mkdir()
    shutil.copy(estate.folder / "entrepot.db", folder)
    async with open_rooms(folder) as rooms:
        rooms.blobs._blobs.update(estate.blobs)
        rooms.clock.advance(days=16)
        yield rooms


async def collect_all(upkeep: Upkeep, rooms: Rooms) -> None:
    """What old history kept is reviewed a day after that was forgotten, and its bytes go an hour later."""
    for hours in (25, 25, 2):
        await request_collection(rooms.upkeep, rooms.admin)
        await collect(upkeep)
        rooms.clock.advance(hours=hours)


async def push_again(rooms: Rooms, admin: Actor, image: Image) -> None:
    """As a client does that is told to come again while a blob is being removed: the next collector ends that."""
    with suppress(BlobLeaving):
        await push_image(rooms.registry, admin, APP, image, "again")
        return
    await collect(rooms.upkeep)
    await push_image(rooms.registry, admin, APP, image, "again")


async def test_wherever_a_collector_dies_nothing_wanted_is_lost_and_nothing_else_stays(
    estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "_REST_ALONE", 0.0)  # nobody else is there who would need it
    monkeypatch.setattr(pacing, "_REST_BESIDE", {"sqlite": 0.0})
    monkeypatch.setattr(keeping, "_LEAVING_SECONDS_MAX", 0.0)  # the one that is waited for has died
    monkeypatch.setattr(sqlite, "_prepare", prepared_in_haste)
    for steps in range(STEPS_MAX):
        async with copied(estate, tmp_path / str(steps)) as rooms:
            life, has_died = Life(steps), False
            mortal: Any = replace(rooms.upkeep, db=MortalDatabase(rooms.db, life), blobs=MortalStore(rooms.blobs, life))
            try:
                await collect_all(mortal, rooms)
            except Died:
                has_died = True
            await push_again(rooms, rooms.admin, estate.wanted)
            rooms.clock.advance(hours=25)
            await collect_all(rooms.upkeep, rooms)
            await check(rooms, estate, f"died after {steps} steps")
        shutil.rmtree(tmp_path / str(steps))
        if not has_died:
            assert steps > 30, "a collection has more steps than that"
            return
    raise AssertionError(f"a collection of so little takes more than {STEPS_MAX} steps")


async def check(rooms: Rooms, estate: Estate, when: str) -> None:
    there = (*estate.kept, estate.wanted)
    for image in there:
        await find_manifest(rooms.registry, rooms.admin, APP, image.digest, Accept.parse([]))
        for blob in image.blobs:
            read = [chunk async for chunk in open_blob(rooms.registry, blob.digest, 0, len(blob.content))]
            assert b"".join(read) == blob.content, when
    stored = {str(digest) async for digest, _ in rooms.blobs.list()}
    assert stored == {str(blob.digest) for image in there for blob in image.blobs}, when
    async with rooms.db.reading() as tx:
        for table in (gc_candidate, gc_link, gc_manifest):
            assert await tx.rows(select(table)) == [], f"{when}: {table.name}"
        assert await tx.rows(select(gc_blob).where(gc_blob.c.removed_at.is_(None))) == [], when
