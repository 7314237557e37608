"""Many at once, over several server processes' connections: no limit is exceeded, and all that fits succeeds."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.db.opening import open_database
from entrepot.registry import charging
from entrepot.registry.organizations import create_organization, delete_organization
from entrepot.registry.queries import names
from entrepot.registry.queries import quotas as queries
from entrepot.registry.quota_rules import SLICES, UNLIMITED, Resource
from entrepot.registry.quotas import set_domain_quotas, set_organization_quotas, show_domain_quotas
from entrepot.registry.remove import delete_blob, delete_tag
from entrepot.registry.repositories import create_repository, delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.uploads import mount_blob
from entrepot.values.errors import QuotaExceeded, Refused
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.furnish import push_blobs, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
PUSHES = 100
Verbs = list[Coroutine[Any, Any, object]]


@pytest.fixture
async def admin(rooms: Rooms) -> Actor:
    await rooms.organization("acme")
    return rooms.admin


@pytest.fixture
async def processes(rooms: Rooms, database: str) -> AsyncIterator[Sequence[Registry]]:
    """The same registry four times, each with connections of its own."""
    async with AsyncExitStack() as stack:
        registries = []
        for _ in range(4):
            db = open_database(database, clock=rooms.clock)
            stack.push_async_callback(db.close)
            registries.append(replace(rooms.registry, db=db))
        yield registries


async def together(verbs: Verbs) -> list[bool]:
    """Which of them succeeded; the others were refused by a quota. Anything else fails the test."""
    results = await asyncio.gather(*verbs, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, QuotaExceeded):
            raise result
    return [not isinstance(result, QuotaExceeded) for result in results]


async def limit(registry: Registry, admin: Actor, **limits: int) -> None:
    await set_domain_quotas(registry, admin, "default", {Resource(key): value for key, value in limits.items()})


async def assert_all_counted(registry: Registry, admin: Actor) -> dict[str, int]:
    """What the limits say is used is what is there, and within them."""
    found = {}
    async with registry.db.reading() as tx:
        for one in await show_domain_quotas(registry, admin):
            assert one.used == await queries.USED[one.resource](tx, admin.domain_id), one.resource
            assert one.limit == UNLIMITED or one.used <= one.limit
            found[str(one.resource)] = one.used
    return found


@pytest.mark.parametrize("fitting", [1, 60, PUSHES])
async def test_of_many_pushes_exactly_those_succeed_whose_bytes_fit(
    processes: Sequence[Registry], admin: Actor, fitting: int
) -> None:
    await limit(processes[0], admin, bytes=fitting * 10 + 5)

    done = await together(
        [
            push_blobs(one, admin, f"acme/r{number % 7}", [Blob(b"bytes %04d" % number)])
            for number, one in zip(range(PUSHES), cycle(processes), strict=False)
        ]
    )

    assert sum(done) == fitting
    assert (await assert_all_counted(processes[0], admin))["bytes"] == fitting * 10


@pytest.mark.parametrize("fitting", [0, 37, PUSHES])
async def test_of_many_pushes_exactly_as_many_tags_come_as_fit(
    processes: Sequence[Registry], admin: Actor, fitting: int
) -> None:
    image = Image.make()
    await push_blobs(processes[0], admin, APP, image.blobs)
    await limit(processes[0], admin, tags=fitting, bytes=1_000, repositories=1, organizations=1)

    done = await together(
        [
            push_only(one, admin, APP, image, f"v{number}")
            for number, one in zip(range(PUSHES), cycle(processes), strict=False)
        ]
    )

    assert sum(done) == fitting
    assert (await assert_all_counted(processes[0], admin))["tags"] == fitting


async def test_of_many_new_repositories_and_organizations_exactly_those_come_that_fit(
    processes: Sequence[Registry], admin: Actor
) -> None:
    blob = Blob(b"shared by all")
    await limit(processes[0], admin, repositories=13, organizations=5, bytes=len(blob.content))

    numbered = list(zip(range(PUSHES), cycle(processes), strict=False))
    pushed = await together([push_blobs(one, admin, f"acme/r{number}", [blob]) for number, one in numbered])
    created = await together(
        [create_organization(one, admin, OrganizationName(f"org{number}")) for number, one in numbered[:20]]
    )

    assert (sum(pushed), sum(created)) == (13, 4)
    assert await assert_all_counted(processes[0], admin) == {
        "organizations": 5, "repositories": 13, "tags": 0, "bytes": len(blob.content)
    }  # fmt: skip


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
async def test_who_takes_does_not_wait_for_others_who_took_and_are_not_done(
    processes: Sequence[Registry], admin: Actor
) -> None:
    """As many as there are slices take at once: each holds what it took, and none waits for another."""
    await limit(processes[0], admin, tags=1_000)
    everybody = asyncio.Barrier(SLICES)

    async def hold(registry: Registry) -> None:
        async with registry.db.writing() as tx:
            owner = await names.organization_by_name(tx, "acme")
            assert owner is not None
            await charging.take(tx, owner, tags=1)
            await everybody.wait()

    async with asyncio.timeout(10):
        await asyncio.gather(*(hold(processes[number % 4]) for number in range(SLICES)))
    async with processes[0].db.reading() as tx:
        assert [one.used for one in await queries.standings(tx, [admin.domain_id])] == [SLICES]


async def test_what_was_refused_would_not_have_fitted(processes: Sequence[Registry], admin: Actor) -> None:
    """Sizes differ widely, so that room is spread over slices that are each too small for some."""
    chance = random.Random(7)  # sizes, not secrets
    blobs = [Blob(chance.randbytes(chance.choice((1, 10, 100, 1_000)))) for _ in range(PUSHES)]
    await limit(processes[0], admin, bytes=12_345)

    done = await together(
        [push_blobs(one, admin, APP, [blob]) for blob, one in zip(blobs, cycle(processes), strict=False)]
    )

    left = 12_345 - (await assert_all_counted(processes[0], admin))["bytes"]
    assert all(len(blob.content) > left for blob, ok in zip(blobs, done, strict=True) if not ok)
    assert any(done)
    assert not all(done)


async def test_limits_of_domain_and_organization_hold_together(processes: Sequence[Registry], admin: Actor) -> None:
    for name, tags in (("one", 20), ("two", 30)):
        await create_organization(processes[0], admin, OrganizationName(name))
        await set_organization_quotas(processes[0], admin, OrganizationName(name), {Resource.TAGS: tags})
        await push_only(processes[0], admin, f"{name}/app", Image.index())
    await limit(processes[0], admin, tags=45)

    done: Counter[str] = Counter()
    names = [("one", "two")[number % 2] for number in range(PUSHES)]
    results = await together(
        [
            push_only(one, admin, f"{name}/app", Image.index(annotations={"n": str(number)}), f"v{number}")
            for number, (name, one) in enumerate(zip(names, cycle(processes), strict=False))
        ]
    )
    done.update(name for name, ok in zip(names, results, strict=True) if ok)

    assert done["one"] <= 20
    assert done["two"] <= 30
    assert done.total() == 45
    await assert_all_counted(processes[0], admin)


async def test_whoever_adds_removes_and_limits_at_once_the_count_is_right(
    processes: Sequence[Registry], admin: Actor
) -> None:
    """Deleted while linked elsewhere, limited while pushed: what is used is what is there afterwards."""
    chance = random.Random(11)
    image, shared = Image.make(layers=2), Blob(b"in and out")
    paths = [RepositoryName(f"acme/r{number}") for number in range(4)]
    await limit(processes[0], admin, tags=30)

    def verb(number: int, registry: Registry) -> Coroutine[Any, Any, object]:
        path = chance.choice(paths)
        return chance.choice(
            (
                lambda: push_image(registry, admin, path, image, f"v{number % 5}"),
                lambda: push_blobs(registry, admin, path, [shared]),
                lambda: mount_blob(registry, admin, path, shared.digest, chance.choice(paths)),
                lambda: delete_blob(registry, admin, path, shared.digest),
                lambda: delete_tag(registry, admin, path, TagName(f"v{number % 5}")),
                lambda: delete_repository(registry, admin, path),
                lambda: limit(registry, admin, bytes=chance.choice((UNLIMITED, 50, 500, 5_000))),
                lambda: limit(registry, admin, repositories=chance.choice((UNLIMITED, 3, 4))),
            )
        )()

    for _ in range(4):
        verbs = [verb(number, one) for number, one in zip(range(40), cycle(processes), strict=False)]
        for result in await asyncio.gather(*verbs, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, Refused):
                raise result
        async with processes[0].db.reading() as tx:
            for one in await queries.standings(tx, [admin.domain_id]):
                assert one.used == await queries.USED[one.resource](tx, admin.domain_id), one.resource


async def test_organizations_that_come_and_go_leave_nothing_used(processes: Sequence[Registry], admin: Actor) -> None:
    await limit(processes[0], admin, organizations=10)

    async def come_and_go(registry: Registry, number: int) -> None:
        name = OrganizationName(f"org{number}")
        await create_organization(registry, admin, name)
        await create_repository(registry, admin, RepositoryName(f"{name}/app"), False)
        await delete_repository(registry, admin, RepositoryName(f"{name}/app"))
        await delete_organization(registry, admin, name)

    await together([come_and_go(one, number) for number, one in zip(range(40), cycle(processes), strict=False)])

    assert (await assert_all_counted(processes[0], admin))["organizations"] == 1
