"""Quotas: what is there is counted, what would be too much is refused, whoever adds it and however many do at once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.registry import charging
from entrepot.registry.limits import enforce_defaults
from entrepot.registry.organizations import create_organization, delete_organization
from entrepot.registry.pull import find_blob
from entrepot.registry.quota_rules import UNLIMITED, Resource
from entrepot.registry.quotas import (
    Limits,
    Quota,
    set_domain_quotas,
    set_organization_quotas,
    show_domain_quotas,
    show_organization_quotas,
    show_project_quotas,
)
from entrepot.registry.remove import delete_blob, delete_manifest, delete_tag
from entrepot.registry.repositories import create_repository, delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.uploads import append, finish_upload, mount_blob, push_blob, start_upload
from entrepot.values.errors import AccessDenied, DomainUnknown, ParameterInvalid, QuotaExceeded, Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.furnish import chunks, push_blobs, push_image, push_only
from tests.make.image import Blob, Image
from tests.make.looking import dropped
from tests.make.rooms import Rooms

APP, WEB = RepositoryName("acme/app"), RepositoryName("acme/web")
TEN = Blob(b"ten bytes.")


@pytest.fixture
async def admin(rooms: Rooms) -> Actor:
    await rooms.organization("acme")
    return rooms.admin


async def limit(registry: Registry, admin: Actor, **limits: int | None) -> None:
    await set_domain_quotas(registry, admin, "default", {Resource(key): value for key, value in limits.items()})


async def standing(registry: Registry, admin: Actor, resource: str) -> tuple[int | None, int]:
    """Used and allowed."""
    return next((one.used, one.limit) for one in await show_domain_quotas(registry, admin) if one.resource == resource)


async def used(registry: Registry, admin: Actor) -> dict[str, int | None]:
    return {str(one.resource): one.used for one in await show_domain_quotas(registry, admin)}


async def together(*verbs: Coroutine[Any, Any, object]) -> tuple[int, int]:
    """How many succeeded, and how many were refused by a quota. Anything else fails the test."""
    results = await asyncio.gather(*verbs, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, QuotaExceeded):
            raise result
    refused = sum(isinstance(result, QuotaExceeded) for result in results)
    return len(results) - refused, refused


async def test_without_a_limit_everything_is_counted_and_nothing_refused(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, image := Image.make(layers=2), "v1")
    await push_image(registry, admin, WEB, image, "v1")

    size = sum(len(blob.content) for blob in image.blobs)
    assert await used(registry, admin) == {"organizations": 1, "repositories": 2, "tags": 2, "bytes": size}
    assert all(one.limit == UNLIMITED and not one.is_own for one in await show_domain_quotas(registry, admin))


async def test_where_no_limit_holds_nothing_is_asked_of_quotas(
    registry: Registry, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What tells so, `is_metered`, comes with rows that are read anyway."""
    monkeypatch.setattr(charging, "quotas", None)

    await push_image(registry, admin, APP, image := Image.make(), "v1")
    upload = await start_upload(registry, admin, WEB)
    await append(registry, admin, WEB, upload.id, chunks(TEN.content), length=10)
    await finish_upload(registry, admin, WEB, upload.id, TEN.digest, chunks())
    await delete_manifest(registry, admin, APP, image.digest)
    await delete_repository(registry, admin, WEB)


async def test_a_limit_counts_what_was_there_before_it(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    before = await used(registry, admin)

    await limit(registry, admin, organizations=9, repositories=9, tags=9, bytes=9_000)

    assert await used(registry, admin) == before
    assert {one.limit for one in await show_domain_quotas(registry, admin)} == {9, 9_000}


async def test_the_organization_too_many_is_refused_and_says_how_many_there_are(
    registry: Registry, admin: Actor
) -> None:
    await limit(registry, admin, organizations=2)
    await create_organization(registry, admin, OrganizationName("two"))

    with pytest.raises(QuotaExceeded, match="2 used, 2 allowed") as refused:
        await create_organization(registry, admin, OrganizationName("three"))
    assert refused.value.detail == {
        "kind": "quota-organizations", "quota": "organizations", "of": "domain", "used": 2, "limit": 2, "wanted": 1
    }  # fmt: skip

    await delete_organization(registry, admin, OrganizationName("two"))
    await create_organization(registry, admin, OrganizationName("three"))


async def test_the_repository_too_many_is_refused_by_every_way_it_can_come(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    await limit(registry, admin, repositories=1)

    ways: list[Coroutine[Any, Any, object]] = [
        create_repository(registry, admin, WEB, False),
        start_upload(registry, admin, WEB),
        push_blob(registry, admin, WEB, TEN.digest, chunks(TEN.content)),
        mount_blob(registry, admin, WEB, image.blobs[0].digest, APP),
        push_only(registry, admin, WEB, image, "v1"),
    ]
    assert await together(*ways) == (0, len(ways))

    await push_image(registry, admin, APP, Image.make(), "v2")
    await delete_repository(registry, admin, APP)
    await create_repository(registry, admin, WEB, False)
    assert await standing(registry, admin, "repositories") == (1, 1)


async def test_the_tag_too_many_is_refused_and_a_tag_that_moves_is_none(registry: Registry, admin: Actor) -> None:
    image = Image.make()
    await push_blobs(registry, admin, APP, image.blobs)
    await limit(registry, admin, tags=2)
    await push_only(registry, admin, APP, image, tags=["v1", "v2"])

    with pytest.raises(QuotaExceeded, match="2 used, 2 allowed"):
        await push_only(registry, admin, APP, image, "v3")
    await push_image(registry, admin, APP, Image.make(), "v1")
    await push_only(registry, admin, APP, image)

    await delete_tag(registry, admin, APP, TagName("v1"))
    await push_only(registry, admin, APP, image, "v3")
    assert await standing(registry, admin, "tags") == (2, 2)
    await delete_manifest(registry, admin, APP, image.digest)
    assert await standing(registry, admin, "tags") == (0, 2)


async def test_a_blob_counts_once_in_a_domain_however_many_repositories_hold_it(
    registry: Registry, admin: Actor
) -> None:
    await limit(registry, admin, bytes=15)

    await push_blobs(registry, admin, APP, [TEN])
    await push_blobs(registry, admin, APP, [TEN])
    await push_blobs(registry, admin, WEB, [TEN])
    await mount_blob(registry, admin, RepositoryName("acme/more"), TEN.digest, APP)
    with pytest.raises(QuotaExceeded, match="10 used, 15 allowed, 6 more"):
        await push_blobs(registry, admin, WEB, [Blob(b"sixth!")])
    await push_blobs(registry, admin, WEB, [Blob(b"five!")])
    assert await standing(registry, admin, "bytes") == (15, 15)

    await delete_blob(registry, admin, APP, TEN.digest)
    await delete_repository(registry, admin, WEB)
    assert await standing(registry, admin, "bytes") == (10, 15)
    await delete_repository(registry, admin, RepositoryName("acme/more"))
    assert await standing(registry, admin, "bytes") == (0, 15)


async def test_a_refused_push_takes_nothing_and_its_bytes_wait_for_review(
    rooms: Rooms, registry: Registry, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the limit is met only when all bytes came: somebody else took the room meanwhile."""
    await limit(registry, admin, bytes=5, repositories=5)
    monkeypatch.setattr(charging.Room, "check", lambda _room, _size: None)

    with pytest.raises(QuotaExceeded):
        await push_blobs(registry, admin, APP, [TEN])

    assert await dropped(rooms.db, rooms.clock.now()) == {str(TEN.digest)}
    assert await used(registry, admin) == {"organizations": 1, "repositories": 0, "tags": 0, "bytes": 0}


async def test_an_upload_that_cannot_fit_is_refused_before_its_bytes(registry: Registry, admin: Actor) -> None:
    await limit(registry, admin, bytes=9)
    upload = await start_upload(registry, admin, APP)

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("bytes were asked for")
        yield b""

    for way in (
        append(registry, admin, APP, upload.id, never(), length=10),
        finish_upload(registry, admin, APP, upload.id, TEN.digest, never(), length=10),
        push_blob(registry, admin, APP, TEN.digest, never(), 10),
    ):
        with pytest.raises(QuotaExceeded):
            await way


async def test_a_stream_without_a_length_is_refused_as_soon_as_it_is_too_much(registry: Registry, admin: Actor) -> None:
    await limit(registry, admin, bytes=5)
    upload = await start_upload(registry, admin, APP)

    async def endless() -> AsyncIterator[bytes]:
        yield b"abcd"
        yield b"efgh"
        raise AssertionError("more was asked for")

    with pytest.raises(QuotaExceeded):
        await append(registry, admin, APP, upload.id, endless())


async def test_bytes_that_the_domain_holds_already_need_no_room(registry: Registry, admin: Actor) -> None:
    await push_blobs(registry, admin, APP, [TEN])
    await limit(registry, admin, bytes=10)

    await push_blob(registry, admin, WEB, TEN.digest, chunks(TEN.content), 10)
    upload = await start_upload(registry, admin, WEB)
    await finish_upload(registry, admin, WEB, upload.id, TEN.digest, chunks(TEN.content), length=10)


async def test_a_limit_below_what_is_used_keeps_everything_and_refuses_more(registry: Registry, admin: Actor) -> None:
    await push_blobs(registry, admin, APP, [TEN])
    await limit(registry, admin, bytes=20)
    await limit(registry, admin, bytes=4)

    assert await standing(registry, admin, "bytes") == (10, 4)
    with pytest.raises(QuotaExceeded):
        await push_blobs(registry, admin, APP, [Blob(b"1")])
    assert await find_blob(registry, admin, APP, TEN.digest) == 10
    await delete_blob(registry, admin, APP, TEN.digest)
    await push_blobs(registry, admin, APP, [Blob(b"4444")])


async def test_a_limit_can_end_and_begin_again(registry: Registry, admin: Actor) -> None:
    await limit(registry, admin, bytes=5)
    await limit(registry, admin, bytes=UNLIMITED)
    await push_blobs(registry, admin, APP, [TEN])
    await limit(registry, admin, bytes=12)
    assert await standing(registry, admin, "bytes") == (10, 12)

    await limit(registry, admin, bytes=None)
    await push_blobs(registry, admin, APP, [Blob(b"three")])
    assert await standing(registry, admin, "bytes") == (15, UNLIMITED)


async def test_an_organization_has_limits_beside_those_of_its_domain(registry: Registry, admin: Actor) -> None:
    await create_organization(registry, admin, OrganizationName("lab"))
    await set_organization_quotas(registry, admin, OrganizationName("lab"), {Resource.BYTES: 10, Resource.TAGS: 0})
    await limit(registry, admin, bytes=15)

    await push_blobs(registry, admin, RepositoryName("lab/a"), [TEN])
    await push_blobs(registry, admin, RepositoryName("lab/b"), [TEN])
    with pytest.raises(QuotaExceeded, match="of the organization for bytes"):
        await push_blobs(registry, admin, RepositoryName("lab/a"), [Blob(b"1")])
    with pytest.raises(QuotaExceeded, match="of the domain for bytes"):
        await push_blobs(registry, admin, APP, [Blob(b"six666")])
    await push_blobs(registry, admin, APP, [TEN, Blob(b"five5")])
    with pytest.raises(QuotaExceeded, match="of the organization for tags"):
        await push_only(registry, admin, RepositoryName("lab/a"), Image.index(), "v1")

    lab = {one.resource: one for one in await show_organization_quotas(registry, admin, OrganizationName("lab"))}
    assert lab[Resource.BYTES] == Quota(Resource.BYTES, 10, 10, True)
    assert lab[Resource.REPOSITORIES] == Quota(Resource.REPOSITORIES, 2, UNLIMITED, False)


async def test_a_new_organization_does_not_inherit_the_limits_of_a_deleted_one(
    registry: Registry, admin: Actor
) -> None:
    lab = OrganizationName("lab")
    await create_organization(registry, admin, lab)
    await set_organization_quotas(registry, admin, lab, {Resource.REPOSITORIES: 0})
    await delete_organization(registry, admin, lab)
    await create_organization(registry, admin, lab)

    await create_repository(registry, admin, RepositoryName("lab/a"), False)


async def test_limits_of_the_settings_hold_from_the_start_of_a_server(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    restarted = replace(registry, settings=replace(registry.settings, quota_repositories=1, quota_tags=3))

    assert await enforce_defaults(restarted) == 2
    assert await enforce_defaults(restarted) == 0

    with pytest.raises(QuotaExceeded, match="1 used, 1 allowed"):
        await create_repository(restarted, admin, WEB, False)
    await limit(restarted, admin, repositories=2)
    await create_repository(restarted, admin, WEB, False)
    await enforce_defaults(registry)
    assert await standing(registry, admin, "tags") == (1, UNLIMITED)
    assert await standing(registry, admin, "repositories") == (2, 2)


async def test_limits_of_the_settings_hold_in_a_domain_that_is_new(rooms: Rooms) -> None:
    settings = replace(rooms.registry.settings, quota_organizations=1)
    registry = replace(rooms.registry, settings=settings)

    await create_organization(registry, rooms.admin, OrganizationName("one"))
    with pytest.raises(QuotaExceeded):
        await create_organization(registry, rooms.admin, OrganizationName("two"))


async def test_who_may_see_and_set_quotas(rooms: Rooms, registry: Registry, admin: Actor) -> None:
    user = await rooms.user("ann")
    limits: Limits = {Resource.TAGS: 5}

    assert len(await show_domain_quotas(registry, user)) == 4
    assert len(await show_domain_quotas(registry, user, "default")) == 4
    with pytest.raises(AccessDenied):
        await show_domain_quotas(registry, user, "other")
    with pytest.raises(AccessDenied):
        await set_domain_quotas(registry, user, "default", limits)
    with pytest.raises(AccessDenied):
        await show_project_quotas(registry, user, "f" * 32)
    with pytest.raises(Unauthenticated):
        await show_domain_quotas(registry, Actor())
    with pytest.raises(DomainUnknown):
        await set_domain_quotas(registry, admin, "other", limits)
    with pytest.raises(ParameterInvalid):
        await set_domain_quotas(registry, admin, "default", {Resource.TAGS: -2})
    with pytest.raises(ParameterInvalid):
        await set_organization_quotas(registry, admin, OrganizationName("acme"), {Resource.ORGANIZATIONS: 1})
