"""One more tag for an image, and a tag that goes back: history, events, quotas, who may."""

from datetime import datetime

import pytest

from entrepot.access.actor import Actor
from entrepot.registry import history, retag
from entrepot.registry.accessories import list_accessories, list_signed_tags, signature_tag
from entrepot.registry.history import Interval
from entrepot.registry.push import push_manifest
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_domain_quotas
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.room import Registry
from entrepot.registry.tagged import show_tag
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, QuotaExceeded, TagExists
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_only
from tests.make.image import Image
from tests.make.looking import events_after, last_event, tag_rows
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
V1, V2, NONE = TagName("v1"), TagName("v2"), TagName("none")


@pytest.fixture
def editor(cast: Cast) -> Actor:
    return cast["editor"]


async def pointing(rooms: Rooms) -> dict[str, str]:
    """What the tags of the repository name now."""
    return {row.name: row.digest for row in await tag_rows(rooms.db, APP) if row.valid_until is None}


async def past(registry: Registry, actor: Actor, tag: TagName = V1) -> list[Interval]:
    found, has_more = await history.list_tag_history(registry, actor, APP, tag, None, 100)
    assert not has_more
    return list(found)


async def test_an_image_gets_one_more_tag(rooms: Rooms, cast: Cast, registry: Registry, editor: Actor) -> None:
    seq, digest = await last_event(rooms.db), str(cast.image.digest)

    await retag.add_tag(registry, editor, APP, V1, V2)

    assert await pointing(rooms) == {"v1": digest, "v2": digest}
    (told,) = await events_after(rooms.db, seq)
    assert (told.type, told.subject, told.actor, told.organization) == ("tag.moved", APP, editor.subject, "acme")
    assert told.domain_id == rooms.admin.domain_id
    assert told.data == {"tag": "v2", "digest": digest, "media_type": cast.image.media_type, "before": {}}


async def test_a_tag_that_is_there_moves_only_when_it_may(
    rooms: Rooms, cast: Cast, registry: Registry, editor: Actor
) -> None:
    other = await rooms.push(APP, "v2")
    seq, before = await last_event(rooms.db), await tag_rows(rooms.db, APP)

    for tag in (V2, V1):
        with pytest.raises(TagExists):
            await retag.add_tag(registry, editor, APP, V1, tag)
    assert (await events_after(rooms.db, seq), await tag_rows(rooms.db, APP)) == ([], before)

    rooms.clock.advance(seconds=5)
    await retag.add_tag(registry, editor, APP, V1, V2, may_move=True)

    now, then = await past(registry, editor, V2)
    assert (then.digest, then.valid_until, then.moved_by_name) == (str(other.digest), rooms.clock.now(), "admin")
    assert (now.digest, now.valid_from, now.moved_by_name) == (str(cast.image.digest), rooms.clock.now(), "editor")
    (told,) = await events_after(rooms.db, seq)
    assert told.data["before"] == {"digest": str(other.digest)}


async def test_moving_a_tag_to_where_it_is_changes_and_tells_nothing(
    rooms: Rooms, cast: Cast, registry: Registry, editor: Actor
) -> None:
    seq, before = await last_event(rooms.db), await tag_rows(rooms.db, APP)
    rooms.clock.advance(seconds=5)

    await retag.add_tag(registry, editor, APP, V1, V1, may_move=True)
    await retag.restore_tag(registry, editor, APP, V1, cast.image.digest)

    assert (await events_after(rooms.db, seq), await tag_rows(rooms.db, APP)) == ([], before)


async def test_a_source_that_is_not_there_is_refused(cast: Cast, registry: Registry, editor: Actor) -> None:
    with pytest.raises(ManifestUnknown, match="no tag none"):
        await retag.add_tag(registry, editor, APP, NONE, V2)


async def test_tags_are_limited_however_they_come(cast: Cast, registry: Registry, editor: Actor) -> None:
    admin = cast["admin"]
    await retag.add_tag(registry, editor, APP, V1, V2)
    await set_domain_quotas(registry, admin, "default", {Resource.TAGS: 3})  # v1, v2, and v1 of acme/open

    with pytest.raises(QuotaExceeded):
        await retag.add_tag(registry, editor, APP, V1, TagName("v3"))
    await delete_tag(registry, admin, APP, V2)
    await retag.add_tag(registry, editor, APP, V1, TagName("v3"))
    with pytest.raises(QuotaExceeded):
        await retag.restore_tag(registry, editor, APP, V2, cast.image.digest)


async def test_a_tag_goes_back_to_what_it_named(rooms: Rooms, cast: Cast, registry: Registry, editor: Actor) -> None:
    newer = await rooms.push(APP, "v1")
    seq = await last_event(rooms.db)

    await retag.restore_tag(registry, editor, APP, V1, cast.image.digest)

    assert await pointing(rooms) == {"v1": str(cast.image.digest)}
    assert [one.digest for one in await past(registry, editor)] == [
        str(cast.image.digest), str(newer.digest), str(cast.image.digest)
    ]  # fmt: skip
    (told,) = await events_after(rooms.db, seq)
    assert (told.type, told.data["before"]) == ("tag.moved", {"digest": str(newer.digest)})


async def test_a_deleted_tag_comes_back(rooms: Rooms, cast: Cast, registry: Registry, editor: Actor) -> None:
    await delete_tag(registry, cast["manager"], APP, V1)

    await retag.restore_tag(registry, editor, APP, V1, cast.image.digest)

    assert await pointing(rooms) == {"v1": str(cast.image.digest)}
    assert (await show_tag(registry, cast["reader"], APP, V1)).digest == str(cast.image.digest)


async def test_a_tag_goes_back_only_to_what_it_named_and_what_is_there(
    rooms: Rooms, cast: Cast, registry: Registry, editor: Actor
) -> None:
    other = await rooms.push(APP, "v2")  # of the same repository, but never under v1
    before = await pointing(rooms)

    for digest in (other.digest, cast.open_image.digest, Digest.of(b"none")):
        with pytest.raises(ManifestUnknown, match="never named"):
            await retag.restore_tag(registry, editor, APP, V1, digest)
    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)
    with pytest.raises(ManifestUnknown, match="push it again"):
        await retag.restore_tag(registry, editor, APP, V1, cast.image.digest)

    assert await pointing(rooms) == {tag: digest for tag, digest in before.items() if tag == "v2"}
    (gone,) = await past(registry, editor)
    assert (gone.is_kept, gone.valid_until) == (False, rooms.clock.now())


async def test_history_pages_by_key_and_stays_within_its_tag(
    rooms: Rooms, cast: Cast, registry: Registry, editor: Actor
) -> None:
    images = [Image.index(annotations={"number": str(number)}) for number in range(5)]
    for image in images:
        await push_only(registry, editor, APP, image, "v2")  # all in one moment
    await push_only(registry, editor, APP, cast.image, "v3")
    everything = await past(registry, editor, V2)
    assert [one.digest for one in everything] == [str(image.digest) for image in reversed(images)]

    seen: list[Interval] = []
    has_more = True
    while has_more:
        after = seen[-1].id if seen else None
        page, has_more = await history.list_tag_history(registry, editor, APP, V2, after, 2)
        seen += page

    assert seen == everything
    stranger_row = (await past(registry, editor, TagName("v3")))[0].id
    assert await history.list_tag_history(registry, editor, APP, V2, stranger_row, 10) == ([], False)
    with pytest.raises(ManifestUnknown):
        await history.list_tag_history(registry, editor, APP, NONE, None, 10)


async def test_the_tags_of_any_moment_are_known(rooms: Rooms, cast: Cast, registry: Registry, editor: Actor) -> None:
    start = rooms.clock.now()
    moments: list[tuple[datetime, dict[str, str]]] = [(start, await pointing(rooms))]

    async def remember() -> None:
        moments.append((rooms.clock.now(), await pointing(rooms)))
        rooms.clock.advance(seconds=1)

    rooms.clock.advance(seconds=1)
    await rooms.push(APP, "v1")
    await remember()
    await retag.add_tag(registry, editor, APP, V1, V2)
    await remember()
    await delete_tag(registry, cast["manager"], APP, V1)
    await remember()
    await retag.restore_tag(registry, editor, APP, V1, cast.image.digest)
    await rooms.push(APP, "v1")  # twice in one moment: what was between them never was
    await remember()

    for at, expected in moments:
        found, _ = await history.list_tags_at(registry, cast["reader"], APP, at, "", 10)
        assert {one.tag: one.digest for one in found} == expected
    assert await history.list_tags_at(registry, editor, APP, start.replace(year=2025), "", 10) == ([], False)
    first, has_more = await history.list_tags_at(registry, editor, APP, rooms.clock.now(), "", 1)
    rest, ended = await history.list_tags_at(registry, editor, APP, rooms.clock.now(), first[-1].tag, 1)
    assert ([one.tag for one in (*first, *rest)], has_more, ended) == (["v1", "v2"], True, False)


async def test_signatures_are_found_from_the_image_and_back(
    rooms: Rooms, cast: Cast, registry: Registry, editor: Actor
) -> None:
    assert await list_accessories(registry, editor, APP, V1) == []
    signature = await rooms.push(APP, signature_tag(str(cast.image.digest)))
    await rooms.push(APP, "unsigned")
    for tag in ("v3", "v2"):
        await push_manifest(registry, editor, APP, TagName(tag), cast.image.body, cast.image.media_type)

    (found,) = await list_accessories(registry, editor, APP, V2)

    assert (found.tagged.digest, found.target) == (str(signature.digest), str(cast.image.digest))
    assert await list_accessories(registry, editor, APP, TagName("unsigned")) == []
    name = TagName(found.tagged.name)
    assert await list_signed_tags(registry, editor, APP, name, "", 2) == (["v1", "v2"], True)
    assert await list_signed_tags(registry, editor, APP, name, "v2", 2) == (["v3"], False)
    assert await list_signed_tags(registry, editor, APP, V1, "", 2) == ([], False)
    for tag in (NONE, signature_tag(str(cast.open_image.digest))):
        with pytest.raises(ManifestUnknown):
            await list_signed_tags(registry, editor, APP, tag, "", 2)
    with pytest.raises(ManifestUnknown):
        await list_accessories(registry, editor, APP, NONE)
