"""Garbage, as operators see it: how it stands, a collection that is asked for, a digest explained."""

import pytest

from entrepot.registry.remove import delete_manifest
from entrepot.upkeep.collect import Phase, collect
from entrepot.upkeep.garbage import (
    explain_digest,
    list_collections,
    request_collection,
    show_collection,
    show_garbage,
)
from entrepot.values.errors import AccessDenied, DigestInvalid, ParameterInvalid, RunUnknown, Unauthenticated
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast

APP = RepositoryName("acme/app")


async def test_a_collection_that_was_asked_for_is_told_step_by_step(cast: Cast) -> None:
    rooms, upkeep, admin = cast.rooms, cast.rooms.upkeep, cast.rooms.admin
    image = await rooms.push("acme/app", "old")
    await delete_manifest(rooms.registry, admin, APP, image.digest)
    rooms.clock.advance(hours=25)
    standing = await show_garbage(upkeep, admin)
    assert (standing.due, standing.waiting, standing.running) == (6, 6, None), "of three images, two blobs each"

    asked = await request_collection(upkeep, admin)
    assert (asked.by, asked.phase, asked.has_ended) == ("admin", Phase.WAITING, False)
    await collect(upkeep)

    done = await show_collection(upkeep, admin, asked.id)
    assert (done.phase, done.has_ended) == (Phase.DONE, True)
    assert (done.counts["blobs_reviewed"], done.counts["links_dropped"], done.counts["blobs_deleted"]) == (6, 2, 0)
    standing = await show_garbage(upkeep, admin)
    assert (standing.due, standing.left_over) == (0, 2)
    assert standing.left_over_bytes == sum(len(blob.content) for blob in image.blobs)
    assert standing.last == done


async def test_collections_are_listed_page_by_page_the_newest_first(cast: Cast) -> None:
    upkeep, admin = cast.rooms.upkeep, cast.rooms.admin
    asked = []
    for _ in range(3):
        asked.append((await request_collection(upkeep, admin)).id)
        cast.rooms.clock.advance(minutes=1)
    first, after = await list_collections(upkeep, admin, limit=2)
    second, end = await list_collections(upkeep, admin, after, limit=2)
    assert [one.id for one in (*first, *second)] == asked[::-1]
    assert end == ""
    with pytest.raises(ParameterInvalid):
        await list_collections(upkeep, admin, "no-marker")


async def test_a_scheduled_collection_that_finds_nothing_leaves_no_trace(cast: Cast) -> None:
    await collect(cast.rooms.upkeep)
    assert await list_collections(cast.rooms.upkeep, cast.rooms.admin) == ([], "")


async def test_a_digest_is_explained_from_its_push_to_its_end(cast: Cast) -> None:
    rooms, upkeep, admin = cast.rooms, cast.rooms.upkeep, cast.rooms.admin
    image = await rooms.push("acme/app", "old")
    digest = str(image.blobs[0].digest)
    found = await explain_digest(upkeep, admin, digest)
    assert [(one.repository, one.needed_by) for one in found.holdings] == [("acme/app", str(image.digest))]

    await delete_manifest(rooms.registry, admin, APP, image.digest)
    found = await explain_digest(upkeep, admin, digest)
    assert [(one.repository, one.needed_by) for one in found.holdings] == [("acme/app", None)]
    assert found.review_at is not None

    rooms.clock.advance(hours=25)
    await collect(upkeep)
    found = await explain_digest(upkeep, admin, digest)
    assert (found.size, found.taken_from, found.is_claimed) == (None, ["acme/app"], False)
    assert found.removed_from is not None
    with pytest.raises(DigestInvalid):
        await explain_digest(upkeep, admin, "sha256:short")


@pytest.mark.parametrize("who", ["anonymous", "stranger", "manager"])
async def test_only_operators_ask(cast: Cast, who: str) -> None:
    with pytest.raises((Unauthenticated, AccessDenied)):
        await show_garbage(cast.rooms.upkeep, cast[who])
    with pytest.raises((Unauthenticated, AccessDenied)):
        await request_collection(cast.rooms.upkeep, cast[who])


async def test_an_unknown_collection_is_said_to_be_unknown(cast: Cast) -> None:
    with pytest.raises(RunUnknown):
        await show_collection(cast.rooms.upkeep, cast.rooms.admin, "x" * 40)
