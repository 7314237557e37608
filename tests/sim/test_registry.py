"""Two users and two repositories, everything they can do in any order: what is reachable is readable, the rest is not.

After every step the whole registry is compared with a model of it, as each user sees it.
"""

from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from entrepot.registry import members
from entrepot.registry.lists import list_catalog, list_tags
from entrepot.registry.members import Wanted
from entrepot.registry.pull import Pulls, find_blob, find_manifest, open_blob
from entrepot.registry.push import push_manifest
from entrepot.registry.remove import delete_blob, delete_manifest, delete_tag
from entrepot.registry.repositories import change_repository, delete_repository
from entrepot.registry.uploads import append, finish_upload, mount_blob, push_blob, start_upload
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    AccessDenied,
    BlobUnknown,
    EntrepotError,
    ManifestBlobUnknown,
    ManifestUnknown,
    RepositoryUnknown,
    Unauthenticated,
    Unsupported,
)
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.fresh import KINDS, fresh_url
from tests.make.furnish import chunks
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms, open_rooms
from tests.sim.model import Model, ModelRepository
from tests.sim.running import Machine, explore

T = TypeVar("T")

PATHS = (RepositoryName("acme/app"), RepositoryName("acme/lib"))
SHARED = Blob(b"a layer of two images")
IMAGES = (Image.make(1, holding=[SHARED]), Image.make(1, holding=[SHARED], architecture="arm64"), Image.make(2))
INDEX = Image.index(*IMAGES[:2])
NESTED = Image.index(INDEX, IMAGES[2])
MANIFESTS = {str(one.digest): one for one in (*IMAGES, INDEX, NESTED)}
BLOBS = {str(blob.digest): blob for image in IMAGES for blob in image.blobs}
ANY = Accept.parse([])

paths = st.sampled_from(PATHS)
users = st.sampled_from(["admin", "admin", "ann", "bob"])  # the first is who may do everything
tags = st.sampled_from([TagName("latest"), TagName("v1")])
manifests = st.sampled_from([*MANIFESTS.values()])
blobs = st.sampled_from([*BLOBS.values()])


class RegistryMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.model = Model()
        self.actors: dict[str, Actor] = {}

    @initialize()
    def begin(self) -> None:
        async def begin() -> Rooms:
            rooms = await self.stack.enter_async_context(open_rooms(self.folder, fresh_url(self.request, self.kind)))
            await rooms.organization("acme")
            self.actors = {"nobody": ANONYMOUS, "admin": rooms.admin}
            for name in ("ann", "bob"):
                self.actors[name] = await rooms.user(name)
            # Ann pushes in the organization; what Bob may do, the rules decide.
            await rooms.grant("acme", "ann", Level.EDIT)
            self.model.organization = {"admin": 7, "ann": 3}
            return rooms

        self.rooms = self.run(begin())
        self.registry = self.rooms.registry
        self.pulls = Pulls(self.registry)
        # Something to delete from the start; an empty registry stays dull for many steps.
        for path, image in zip(PATHS, (NESTED, IMAGES[0]), strict=True):
            self.push_needed("admin", path, image)
            pushed = push_manifest(self.registry, self.actors["admin"], path, TagName("v1"), image.body, None)
            self.run(pushed)
            self.model.repositories[path].manifests[str(image.digest)] = image
            self.model.repositories[path].tags["v1"] = str(image.digest)

    def teardown(self) -> None:
        self.run(self.stack.aclose())

    def attempt(self, work: Coroutine[Any, Any, object], expected: type[EntrepotError] | None) -> None:
        """Do it; it is refused exactly when the model says so, and in exactly that way."""
        refused: type[BaseException] | None = None
        try:
            self.run(work)
        except EntrepotError as error:
            refused = type(error)
        assert refused is expected, f"refused with {refused}, the model says {expected}"

    def may_not(self, user: str, path: str, needed: int) -> type[EntrepotError] | None:
        level = self.model.level(user, path)
        if level >= needed:
            return None
        return AccessDenied if level >= 1 or needed == 3 else RepositoryUnknown

    def writable(self, path: str) -> ModelRepository:
        return self.model.repositories.setdefault(path, ModelRepository())

    # --- bytes come in ---

    @rule(user=users, path=paths, blob=blobs, in_pieces=st.booleans())
    def push_blob(self, user: str, path: RepositoryName, blob: Blob, in_pieces: bool) -> None:
        actor, content = self.actors[user], blob.content

        async def pieces() -> None:
            begun = await start_upload(self.registry, actor, path)
            await append(self.registry, actor, path, begun.id, chunks(content[:3]), 0)
            await finish_upload(self.registry, actor, path, begun.id, blob.digest, chunks(content[3:]), 3)

        whole = push_blob(self.registry, actor, path, blob.digest, chunks(content))
        refused = self.may_not(user, path, 3)
        if in_pieces:
            whole.close()
        self.attempt(pieces() if in_pieces else whole, refused)
        if refused is None:
            self.writable(path).blobs.add(str(blob.digest))

    @rule(user=users, path=paths, blob=blobs, source=st.none() | paths)
    def mount(self, user: str, path: RepositoryName, blob: Blob, source: RepositoryName | None) -> None:
        refused, digest = self.may_not(user, path, 3), str(blob.digest)
        work = mount_blob(self.registry, self.actors[user], path, blob.digest, source)
        if refused is not None:
            self.attempt(work, refused)
            return
        if source is None:
            expected = digest in self.model.readable_blobs(user)
        else:
            there = self.model.repositories.get(source)
            expected = there is not None and digest in there.blobs and self.model.level(user, source) >= 1
        assert self.run(work) is expected
        if expected:
            self.writable(path).blobs.add(digest)

    # --- manifests and tags ---

    def push_needed(self, user: str, path: RepositoryName, image: Image) -> None:
        """All that the manifest names, as a client does before it pushes the manifest."""
        actor, here = self.actors[user], self.writable(path)
        for blob in image.blobs:
            self.run(push_blob(self.registry, actor, path, blob.digest, chunks(blob.content)))
            here.blobs.add(str(blob.digest))
        for digest in image.children:
            child = MANIFESTS[digest]
            self.push_needed(user, path, child)
            self.run(push_manifest(self.registry, actor, path, child.digest, child.body, child.media_type))
            here.manifests[digest] = child

    def aimed(self, drawn: T, present: Iterable[T], aim: int) -> T:
        """One of the things that are there, most of the time; else what was drawn, which may be nowhere."""
        there = list(present)
        return there[aim % len(there)] if there and aim else drawn

    @rule(
        user=users,
        path=paths,
        image=manifests,
        tag=tags,
        whole=st.sampled_from([True, True, False]),
        by_digest=st.booleans(),
    )
    def push_manifest(
        self, user: str, path: RepositoryName, image: Image, tag: TagName, whole: bool, by_digest: bool
    ) -> None:
        refused = self.may_not(user, path, 3)
        if whole and refused is None:
            self.push_needed(user, path, image)
        here = self.model.repositories.get(path, ModelRepository())
        needed = {str(blob.digest) for blob in image.blobs}
        found = needed & (here.blobs | self.model.readable_blobs(user))
        if refused is None and (needed - found or set(image.children) - here.manifests.keys()):
            refused = ManifestBlobUnknown
        actor, registry = self.actors[user], self.registry
        reference, more = (image.digest, [tag]) if by_digest else (tag, [])
        self.attempt(
            push_manifest(registry, actor, path, reference, image.body, image.media_type, more),
            refused,
        )
        if refused is None:
            there = self.writable(path)
            there.blobs |= needed
            there.manifests[str(image.digest)] = image
            there.tags[tag] = str(image.digest)

    @rule(user=users, path=paths, tag=tags, aim=st.integers(0, 3))
    def delete_tag(self, user: str, path: RepositoryName, tag: TagName, aim: int) -> None:
        refused, here = self.may_not(user, path, 7), self.model.repositories.get(path)
        tag = TagName(self.aimed(tag, here.tags if here else (), aim))
        if refused is None and here is None:
            refused = RepositoryUnknown
        elif refused is None and here is not None and tag not in here.tags:
            refused = ManifestUnknown
        self.attempt(delete_tag(self.registry, self.actors[user], path, tag), refused)
        if refused is None and here is not None:
            del here.tags[tag]

    @rule(user=users, path=paths, image=manifests, aim=st.integers(0, 9))
    def delete_manifest(self, user: str, path: RepositoryName, image: Image, aim: int) -> None:
        refused, here = self.may_not(user, path, 7), self.model.repositories.get(path)
        image = self.aimed(image, here.manifests.values() if here else (), aim)
        digest = str(image.digest)
        if refused is None:
            if here is None:
                refused = RepositoryUnknown
            elif digest not in here.manifests:
                refused = ManifestUnknown
            elif here.indexes_of(digest):
                refused = Unsupported
        self.attempt(delete_manifest(self.registry, self.actors[user], path, image.digest), refused)
        if refused is None and here is not None:
            del here.manifests[digest]
            here.tags = {tag: at for tag, at in here.tags.items() if at != digest}

    @rule(user=users, path=paths, blob=blobs, aim=st.integers(0, 9))
    def delete_blob(self, user: str, path: RepositoryName, blob: Blob, aim: int) -> None:
        refused, here = self.may_not(user, path, 7), self.model.repositories.get(path)
        digest = self.aimed(str(blob.digest), sorted(here.blobs) if here else (), aim)
        blob = BLOBS[digest]
        if refused is None:
            if here is None:
                refused = RepositoryUnknown
            elif here.users_of_blob(digest):
                refused = Unsupported
            elif digest not in here.blobs:
                refused = BlobUnknown
        self.attempt(delete_blob(self.registry, self.actors[user], path, blob.digest), refused)
        if refused is None and here is not None:
            here.blobs.discard(digest)

    # --- repositories and permissions ---

    @rule(user=users, path=paths, is_meant=st.sampled_from([False, False, False, True]))
    def delete_repository(self, user: str, path: RepositoryName, is_meant: bool) -> None:
        refused = self.may_not(user, path, 7)
        if refused is None and not is_meant:  # seldom, or nothing would ever last
            return
        if refused is None and path not in self.model.repositories:
            refused = RepositoryUnknown
        self.attempt(delete_repository(self.registry, self.actors[user], path), refused)
        if refused is None:
            self.model.forget(path)

    @rule(path=paths, is_public=st.booleans())
    def publish(self, path: RepositoryName, is_public: bool) -> None:
        if path in self.model.repositories:
            self.run(change_repository(self.registry, self.actors["admin"], path, is_public=is_public))
            self.model.repositories[path].is_public = is_public

    @rule(path=paths, level=st.sampled_from([None, *list(Level)[1:]]))
    def grant_bob(self, path: RepositoryName, level: Level | None) -> None:
        if path not in self.model.repositories:
            return
        admin, bob = self.actors["admin"], self.actors["bob"]
        self.run(members.remove_members(self.registry, admin, path, [bob.id]))
        self.model.levels.pop(("bob", path), None)
        if level is not None:
            self.run(members.add_members(self.registry, admin, path, [Wanted("bob", level)]))
            self.model.levels["bob", path] = level

    @rule(seconds=st.integers(0, 3))
    def wait(self, seconds: int) -> None:
        self.rooms.clock.advance(seconds=seconds)

    # --- what must always hold ---

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        if not self.actors:
            return
        for user, actor in self.actors.items():
            visible = sorted(path for path in self.model.repositories if self.model.level(user, path) >= 1)
            assert self.run(list_catalog(self.registry, actor, "", 10)).items == visible
            for path in PATHS:
                if path in visible:
                    self.run(self.compare(actor, path, self.model.repositories[path]))
                else:
                    self.run(self.compare_hidden(user, actor, path))

    async def compare(self, actor: Actor, path: RepositoryName, expected: ModelRepository) -> None:
        registry = self.registry
        assert (await list_tags(registry, actor, path, "", 10)).items == sorted(expected.tags)
        for tag, digest in expected.tags.items():
            found = await find_manifest(registry, actor, path, TagName(tag), ANY)
            fast = await self.pulls.manifest(actor, path, tag, with_body=True)
            assert fast == (found.digest, found.media_type, found.size, found.body)
            assert (found.digest, found.body) == (digest, expected.manifests[digest].body)
        for digest, image in MANIFESTS.items():
            quick = await self.pulls.manifest(actor, path, digest, with_body=True)
            assert (quick is not None) == (digest in expected.manifests)
            assert quick is None or quick[3] == image.body
        for digest, blob in BLOBS.items():
            size = await self.pulls.blob_size(actor, path, digest)
            assert size == (len(blob.content) if digest in expected.blobs else None)
            if size is not None:
                assert await find_blob(registry, actor, path, blob.digest) == size
                read = b"".join([chunk async for chunk in open_blob(registry, blob.digest, 0, size)])
                assert read == blob.content
        for needed in needed_by(expected.manifests.values()):
            assert needed in expected.blobs or needed in expected.manifests

    async def compare_hidden(self, user: str, actor: Actor, path: RepositoryName) -> None:
        refused = Unauthenticated if user == "nobody" else RepositoryUnknown
        with pytest.raises(refused):
            await list_tags(self.registry, actor, path, "", 10)
        for digest in (*MANIFESTS, *BLOBS):
            assert await self.pulls.manifest(actor, path, digest, with_body=False) is None
            assert await self.pulls.blob_size(actor, path, digest) is None
        with pytest.raises(refused):
            await find_blob(self.registry, actor, path, Digest.parse(next(iter(BLOBS))))


def needed_by(images: Iterable[Image]) -> set[str]:
    return {digest for image in images for digest in (*image.children, *(str(blob.digest) for blob in image.blobs))}


def test_the_organization_of_the_simulation_is_one() -> None:
    assert {path.organization for path in PATHS} == {OrganizationName("acme")}


@pytest.mark.timeout(420)  # what fails is made small first
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_they_do_everybody_sees_what_they_may(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    examples, steps = (20, 30) if kind == "sqlite" else (4, 25)
    explore(RegistryMachine, request, tmp_path, kind, examples, steps)
