"""Slow pushes, deletions, restored tags and collections in any order: nothing reachable is ever missing.

And in the end, when all times are over, nothing is left that nothing reaches.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import select

from entrepot.registry.pull import find_blob, find_manifest, open_blob
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.repositories import delete_repository
from entrepot.registry.retag import restore_tag
from entrepot.registry.tables import manifest, manifest_blob, repository
from entrepot.registry.uploads import mount_blob
from entrepot.upkeep import aging, strays
from entrepot.upkeep.collect import collect
from entrepot.upkeep.reading import Pace
from entrepot.upkeep.round import Round
from entrepot.upkeep.verification import count_findings, request_verification
from entrepot.upkeep.verify import verify
from entrepot.values.accept import Accept
from entrepot.values.errors import BlobUnknown, ManifestUnknown, RepositoryUnknown
from entrepot.values.names import RepositoryName, TagName
from tests.make.fresh import KINDS, fresh_url
from tests.make.furnish import chunks, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms, open_rooms
from tests.sim.running import Machine, explore

T = TypeVar("T")

PATHS = (RepositoryName("acme/app"), RepositoryName("acme/lib"))
SHARED = Blob(b"a layer of all images")
IMAGES = tuple(Image.make(1, holding=[SHARED]) for _ in range(4))
SOON = timedelta(minutes=59)  # what a push saw, it finds again for so long
HISTORY = timedelta(days=14)
ANY = Accept.parse([])

paths, images = st.sampled_from(PATHS), st.sampled_from(IMAGES)
tags = st.sampled_from([TagName("a"), TagName("b")])


@dataclass
class Begun:
    """A push whose client has seen all layers, and has not brought the manifest yet."""

    path: RepositoryName
    image: Image
    tag: TagName
    seen_at: datetime


class CollectingMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.tags: dict[tuple[RepositoryName, str], Image] = {}
        self.begun: list[Begun] = []

    @initialize()
    def begin(self) -> None:
        url = fresh_url(self.request, self.kind)
        self.rooms: Rooms = self.run(self.stack.enter_async_context(open_rooms(self.folder, url)))
        self.run(self.rooms.organization("acme"))
        self.registry, self.admin = self.rooms.registry, self.rooms.admin

    def teardown(self) -> None:
        try:
            if hasattr(self, "rooms"):
                self.run(self.nothing_is_left())
        finally:
            self.run(self.stack.aclose())

    # --- who pushes ---

    @rule(path=paths, image=images, tag=tags, mounts=st.booleans())
    def see_layers(self, path: RepositoryName, image: Image, tag: TagName, mounts: bool) -> None:
        """Bring the layers that are not there, as clients do."""

        async def bring() -> None:
            for blob in image.blobs:
                try:
                    await find_blob(self.registry, self.admin, path, blob.digest)
                except (BlobUnknown, RepositoryUnknown):
                    if not (mounts and await mount_blob(self.registry, self.admin, path, blob.digest, None)):
                        await self.rooms.push_blob(path, blob)

        self.run(bring())
        self.begun.append(Begun(path, image, tag, self.rooms.clock.now()))

    @rule(number=st.integers(0, 9))
    def bring_manifest(self, number: int) -> None:
        """What was seen a moment ago is there, whatever was collected since."""
        self.begun = [one for one in self.begun if self.rooms.clock.now() - one.seen_at <= SOON]
        if self.begun:
            push = self.begun.pop(number % len(self.begun))
            self.run(push_only(self.registry, self.admin, push.path, push.image, push.tag))
            self.tags[push.path, push.tag] = push.image

    @rule(path=paths, image=images, tag=tags, minutes=st.sampled_from([0, 58]), was_left=st.booleans())
    def push_while_it_is_collected(
        self, path: RepositoryName, image: Image, tag: TagName, minutes: int, was_left: bool
    ) -> None:
        """Most of it may be there from a push that nobody ended, and is garbage by now."""
        if was_left:
            self.see_layers(path, image, tag, mounts=False)
            self.rooms.clock.advance(hours=25)
        self.see_layers(path, image, tag, mounts=False)
        self.collect()
        self.rooms.clock.advance(minutes=minutes)
        self.collect()
        self.bring_manifest(-1)

    # --- who deletes ---

    @rule(path=paths, image=images)
    def delete_manifest(self, path: RepositoryName, image: Image) -> None:
        try:
            self.run(delete_manifest(self.registry, self.admin, path, image.digest))
        except (ManifestUnknown, RepositoryUnknown):
            return
        self.tags = {key: one for key, one in self.tags.items() if key[0] != path or one is not image}

    @rule(path=paths, tag=tags)
    def delete_tag(self, path: RepositoryName, tag: TagName) -> None:
        if (path, tag) in self.tags:
            self.run(delete_tag(self.registry, self.admin, path, tag))
            del self.tags[path, tag]

    @rule(path=paths, is_meant=st.sampled_from([False, False, True]))
    def delete_repository(self, path: RepositoryName, is_meant: bool) -> None:
        if is_meant:
            try:
                self.run(delete_repository(self.registry, self.admin, path))
            except RepositoryUnknown:
                return
            self.tags = {key: one for key, one in self.tags.items() if key[0] != path}
            self.begun = [one for one in self.begun if one.path != path]

    @rule(path=paths, tag=tags, image=images)
    def restore(self, path: RepositoryName, tag: TagName, image: Image) -> None:
        try:
            self.run(restore_tag(self.registry, self.admin, path, tag, image.digest))
        except (ManifestUnknown, RepositoryUnknown):
            return
        self.tags[path, tag] = image

    # --- time, and who collects ---

    @rule(minutes=st.sampled_from([1, 30, 61, 12 * 60, 25 * 60, 15 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.rooms.clock.advance(minutes=minutes)

    @rule()
    def collect(self) -> None:
        self.run(collect(self.rooms.upkeep))

    @rule()
    def forget_history(self) -> None:
        self.run(aging.forget_history(Round(self.rooms.upkeep)))

    @rule()
    def find_strays(self) -> None:
        self.run(strays.find_strays(Round(self.rooms.upkeep)))

    @rule()
    def verify(self) -> None:
        """Nothing is wrong, whatever is under way."""

        async def verified() -> int:
            asked = await request_verification(self.rooms.upkeep, self.admin, is_deep=True)
            await verify(self.rooms.upkeep, asked.id, Pace())
            return sum((await count_findings(self.rooms.db)).values())

        assert self.run(verified()) == 0

    @rule(image=images)
    def crash_after_storing(self, image: Image) -> None:
        """Bytes are in the store, and nobody has written down whose."""
        blob = image.blobs[0]
        self.run(self.rooms.blobs.put(chunks(blob.content), blob.digest))

    # --- what must always hold ---

    @invariant()
    def what_a_tag_names_is_whole(self) -> None:
        for (path, tag), image in self.tags.items():
            self.run(self.check(path, tag, image))

    async def check(self, path: RepositoryName, tag: str, image: Image) -> None:
        found = await find_manifest(self.registry, self.admin, path, TagName(tag), ANY)
        assert found.body == image.body
        for blob in image.blobs:
            assert await find_blob(self.registry, self.admin, path, blob.digest) == len(blob.content)
            read = b"".join([chunk async for chunk in open_blob(self.registry, blob.digest, 0, len(blob.content))])
            assert read == blob.content

    async def nothing_is_left(self) -> None:
        clock, upkeep = self.rooms.clock, self.rooms.upkeep
        clock.advance(seconds=(HISTORY + timedelta(seconds=1)).total_seconds())
        await aging.forget_history(Round(upkeep))
        await strays.find_strays(Round(upkeep))
        for hours in (25, 25, 2):  # manifests, then their blobs, then the bytes
            clock.advance(hours=hours)
            await collect(upkeep)
        async with self.rooms.db.reading() as tx:
            held = select(manifest.c.digest, repository.c.path).join(repository)
            manifests = {(row.path, row.digest) for row in await tx.rows(held)}
            needed = {row.digest for row in await tx.rows(select(manifest_blob.c.digest).distinct())}
        assert manifests == {(str(path), str(image.digest)) for (path, _), image in self.tags.items()}
        assert {str(digest) async for digest, _ in self.rooms.blobs.list()} == needed


@pytest.mark.timeout(420)  # what fails is made small first
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_reachable_is_ever_missing_and_nothing_else_stays(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    examples, steps = (40, 40) if kind == "sqlite" else (6, 40)
    explore(CollectingMachine, request, tmp_path, kind, examples, steps)
