"""Events: each fact is told exactly once, in the commit that makes it true, and not at all otherwise."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from entrepot.access.levels import Level
from entrepot.jobs.tables import event
from entrepot.registry.members import Wanted, add_members, change_members, remove_members
from entrepot.registry.organizations import change_organization, create_organization, delete_organization
from entrepot.registry.queries import content
from entrepot.registry.remove import delete_blob, delete_manifest, delete_tag
from entrepot.registry.repositories import change_repository, create_repository, delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.tables import repository
from entrepot.registry.uploads import finish_upload, mount_blob, push_blob, start_upload
from entrepot.values.errors import EntrepotError
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import chunks, push_only
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import Rooms

APP, NEW, LAB = RepositoryName("acme/app"), RepositoryName("acme/new"), OrganizationName("lab")
BLOB = Blob(b"blob")
PRIVATE = {"is_public": False}


Step = Callable[[Registry, Cast], Awaitable[object]]


async def finish(registry: Registry, cast: Cast) -> None:
    begun = await start_upload(registry, cast["admin"], APP)
    await finish_upload(registry, cast["admin"], APP, begun.id, BLOB.digest, chunks(BLOB.content))


# What is done, in this order, and what is then told: type, subject, data.
STORY: tuple[tuple[Step, list[tuple[str, str, dict[str, Any]]]], ...] = (
    (
        lambda r, c: create_organization(r, c["admin"], LAB),
        [("organization.created", "lab", {"public_by_default": False})],
    ),
    (
        lambda r, c: change_organization(r, c["admin"], LAB, True),
        [
            (
                "organization.changed",
                "lab",
                {
                    "allows_sparse": True,
                    "public_by_default": False,
                    "history_days": None,
                    "before": {"allows_sparse": False},
                },
            )
        ],
    ),
    (lambda r, c: delete_organization(r, c["admin"], LAB), [("organization.deleted", "lab", {})]),
    (
        lambda r, c: push_blob(r, c["admin"], NEW, BLOB.digest, chunks(BLOB.content)),
        [("repository.created", NEW, PRIVATE), ("blob.pushed", NEW, {"digest": str(BLOB.digest), "size": 4})],
    ),
    (finish, [("blob.pushed", APP, {"digest": str(BLOB.digest), "size": 4})]),
    (lambda r, c: delete_blob(r, c["admin"], NEW, BLOB.digest), [("blob.deleted", NEW, {"digest": str(BLOB.digest)})]),
    (
        lambda r, c: change_repository(r, c["admin"], NEW, is_public=True, description="x" * 300),
        [
            (
                "repository.changed",
                NEW,
                {
                    "is_public": True,
                    "category": "other",
                    "description": "x" * 256,
                    "before": {"is_public": False, "description": ""},
                },
            )
        ],
    ),
    (lambda r, c: delete_repository(r, c["admin"], NEW), [("repository.deleted", NEW, {})]),
    (lambda r, c: create_repository(r, c["admin"], NEW, True), [("repository.created", NEW, {"is_public": True})]),
)


async def told(rooms: Rooms, seq: int) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.type, row.subject, row.data) for row in await events_after(rooms.db, seq)]


async def test_each_fact_is_told_once(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    for step, expected in STORY:
        seq = await last_event(rooms.db)
        await step(registry, cast)
        assert await told(rooms, seq) == expected


async def test_manifests_and_tags(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    digest, media_type = str(cast.image.digest), cast.image.media_type
    admin, seq = cast["admin"], await last_event(rooms.db)

    await push_only(registry, admin, APP, cast.image, tags=["v2", "v3"])
    await delete_tag(registry, admin, APP, TagName("v2"))
    await delete_manifest(registry, admin, APP, cast.image.digest)

    assert await told(rooms, seq) == [
        ("manifest.pushed", APP, {"digest": digest, "media_type": media_type, "tags": ["v2", "v3"], "before": {}}),
        ("tag.deleted", APP, {"tag": "v2", "digest": digest}),
        ("manifest.deleted", APP, {"digest": digest, "tags": ["v1", "v3"]}),
    ]


async def test_a_tag_that_moves_says_what_it_pointed_at(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    newer = await rooms.push(APP, "v2")
    seq = await last_event(rooms.db)

    await push_only(registry, cast["admin"], APP, newer, tags=["v1", "v2", "v3"])

    ((_, _, data),) = await told(rooms, seq)
    assert data["before"] == {"v1": str(cast.image.digest)}


async def test_events_are_for_the_domain_and_the_organization_that_own_the_thing(rooms: Rooms, cast: Cast) -> None:
    rows = [row for row in await events_after(rooms.db) if row.subject.startswith("acme")]

    assert {row.type for row in rows} >= {"organization.created", "repository.created", "blob.pushed", "grant.set"}
    assert {(row.domain_id, row.organization) for row in rows} == {(cast["admin"].domain_id, "acme")}


async def test_a_mounted_blob_is_told_like_one_that_was_sent(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    config, layer = cast.image.blobs[:2]
    admin, seq = cast["admin"], await last_event(rooms.db)

    assert await mount_blob(registry, admin, NEW, config.digest, APP)
    assert await mount_blob(registry, admin, NEW, layer.digest, None)

    assert await told(rooms, seq) == [
        ("repository.created", NEW, PRIVATE),
        ("blob.pushed", NEW, {"digest": str(config.digest), "size": len(config.content)}),
        ("blob.pushed", NEW, {"digest": str(layer.digest), "size": len(layer.content)}),
    ]


async def test_what_a_manifest_brings_along_from_elsewhere_is_told_before_it(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    image, admin, seq = cast.image, cast["admin"], await last_event(rooms.db)

    await push_only(registry, admin, NEW, image, "v1")
    await push_only(registry, admin, NEW, image, "v1")  # now nothing has to be brought

    pushed = (
        "manifest.pushed",
        NEW,
        {"digest": str(image.digest), "media_type": image.media_type, "tags": ["v1"], "before": {}},
    )
    blobs = sorted((str(blob.digest), len(blob.content)) for blob in image.blobs)
    assert await told(rooms, seq) == [
        ("repository.created", NEW, PRIVATE),
        *(("blob.pushed", NEW, {"digest": digest, "size": size}) for digest, size in blobs),
        pushed,
        pushed,
    ]


async def test_permissions(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    admin, seq, subject = cast["admin"], await last_event(rooms.db), cast["stranger"].subject

    await add_members(registry, admin, APP, [Wanted("stranger", Level.READ)])
    await change_members(registry, admin, APP, [Wanted("stranger", Level.EDIT)])
    await remove_members(registry, admin, APP, [cast["stranger"].id, "nobody"])

    assert await told(rooms, seq) == [
        ("grant.set", APP, {"grantee": subject, "level": 1, "expires_at": None, "before": {}}),
        ("grant.set", APP, {"grantee": subject, "level": 3, "expires_at": None, "before": {"level": 1}}),
        ("grant.removed", APP, {"grantee": subject, "before": {"level": 3}}),
    ]


async def test_an_event_says_who_and_when(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    seq = await last_event(rooms.db)
    rooms.clock.advance(seconds=3.5)

    await push_only(registry, cast["editor"], APP, cast.image, "v1")

    (row,) = await events_after(rooms.db, seq)
    assert (row.actor, row.time) == (cast["editor"].subject, rooms.clock.now())
    assert row.seq > seq


async def test_what_is_refused_tells_nothing(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    seq, image = await last_event(rooms.db), Image.make()
    refused: tuple[Awaitable[object], ...] = (
        push_only(registry, cast["admin"], "acme/absent", image, "v1"),  # would make the repository
        push_only(registry, cast["reader"], APP, cast.image, "v1"),
        push_blob(registry, cast["admin"], NEW, BLOB.digest, chunks(b"other")),
        create_repository(registry, cast["admin"], APP, False),
        create_organization(registry, cast["admin"], OrganizationName("acme")),
        delete_organization(registry, cast["admin"], OrganizationName("acme")),
        delete_blob(registry, cast["admin"], APP, cast.image.blobs[0].digest),
        add_members(registry, cast["admin"], APP, [Wanted("stranger", Level.READ), Wanted("nobody", Level.READ)]),
        change_members(registry, cast["admin"], APP, [Wanted("reader", Level.EDIT), Wanted("stranger", Level.READ)]),
    )
    for attempt in refused:
        with pytest.raises(EntrepotError):
            await attempt
    assert not await mount_blob(registry, cast["admin"], NEW, image.blobs[0].digest, None)

    assert await told(rooms, seq) == []


async def test_what_fails_in_the_middle_leaves_neither_fact_nor_event(
    rooms: Rooms, cast: Cast, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:

    before = await rows_in(rooms.db, event), await rows_in(rooms.db, repository)

    async def fails(*_: object) -> None:
        raise OSError("the power is out")

    monkeypatch.setattr(content, "link_blobs", fails)
    with pytest.raises(OSError, match="power"):
        await push_blob(registry, cast["admin"], NEW, BLOB.digest, chunks(BLOB.content))

    assert (await rows_in(rooms.db, event), await rows_in(rooms.db, repository)) == before
