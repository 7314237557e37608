"""Mounts: a blob appears in another repository, never from what the caller may not read."""

from dataclasses import replace

import pytest

from entrepot.access.check import BLOBS
from entrepot.access.levels import Level
from entrepot.registry import pull
from entrepot.registry.lists import list_catalog
from entrepot.registry.remove import delete_blob
from entrepot.registry.room import Registry
from entrepot.registry.uploads import mount_blob
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, Unauthenticated
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_blobs
from tests.make.image import Blob
from tests.make.rooms import Rooms

APP, OPEN, MINE = RepositoryName("acme/app"), RepositoryName("acme/open"), RepositoryName("theirs/mine")
SHARED = Blob(b"shared")


@pytest.fixture
async def stranger_org(rooms: Rooms, cast: Cast) -> None:
    await rooms.organization("theirs", by=cast["stranger"])


@pytest.mark.usefixtures("stranger_org")
async def test_a_mount_brings_what_the_caller_may_read_and_nothing_else(cast: Cast, registry: Registry) -> None:
    secret, public = cast.image.blobs[1].digest, cast.open_image.blobs[1].digest
    nobody = Digest.of(b"nobody has this")
    for who, source, digest, expected in (
        ("stranger", APP, secret, False),
        ("stranger", None, secret, False),
        ("stranger", OPEN, public, True),
        ("stranger", None, public, True),
        ("stranger", OPEN, secret, False),  # it is here, but not there
        ("stranger", RepositoryName("acme/none"), public, False),
        ("stranger", None, nobody, False),
        ("stranger", MINE, nobody, False),
    ):
        assert (source, await mount_blob(registry, cast[who], MINE, digest, source)) == (source, expected)

    assert await pull.find_blob(registry, cast["stranger"], MINE, public)
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["stranger"], MINE, secret)


@pytest.mark.usefixtures("stranger_org")
async def test_a_mount_that_fails_makes_no_repository(cast: Cast, registry: Registry) -> None:
    path = RepositoryName("theirs/new")

    assert not await mount_blob(registry, cast["stranger"], path, cast.image.blobs[1].digest, APP)

    assert path not in (await list_catalog(registry, cast["stranger"], "", 10)).items


@pytest.mark.usefixtures("stranger_org")
async def test_a_mounted_blob_outlives_its_source(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await push_blobs(registry, cast["editor"], APP, [SHARED])
    await rooms.grant("acme/app", "stranger", Level.READ)
    assert await mount_blob(registry, cast["stranger"], MINE, SHARED.digest, APP)

    await delete_blob(registry, cast["manager"], APP, SHARED.digest)

    assert await pull.find_blob(registry, cast["stranger"], MINE, SHARED.digest) == 6
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["manager"], APP, SHARED.digest)
    assert not await mount_blob(registry, cast["admin"], OPEN, SHARED.digest, APP)


async def test_mounting_twice_is_harmless(cast: Cast, registry: Registry) -> None:
    for _ in range(2):
        assert await mount_blob(registry, cast["admin"], OPEN, cast.image.blobs[0].digest, APP)
        assert await mount_blob(registry, cast["admin"], APP, cast.image.blobs[0].digest, APP)


async def test_a_token_mounts_from_what_it_carries(cast: Cast, registry: Registry) -> None:
    digest = cast.image.blobs[1].digest
    push: dict[str, frozenset[str]] = {OPEN: frozenset({"pull", "push"})}
    carried: tuple[tuple[dict[str, frozenset[str]], RepositoryName | None, bool], ...] = (
        (push, APP, False),
        (push, None, False),
        (push | {APP: frozenset({"push"})}, APP, False),
        (push | {APP: frozenset({"pull"})}, APP, True),
        (push | {BLOBS: frozenset({"*"})}, None, True),
    )
    for limits, source, is_enough in carried:
        actor = replace(cast["admin"], limits=limits)
        if is_enough:
            assert await mount_blob(registry, actor, OPEN, digest, source)
        else:
            with pytest.raises(Unauthenticated) as refused:
                await mount_blob(registry, actor, OPEN, digest, source)
            assert refused.value.detail["insufficient_scope"]
