"""Labels: what versions say about themselves is written down soon after a push, and found by those who may read it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, insert, select

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.blobs.memory import MemoryStore
from entrepot.db.holding import open_holder
from entrepot.registry.browse import list_repositories_from
from entrepot.registry.labels import keep_labels, label_some
from entrepot.registry.queries import labels as queries
from entrepot.registry.queries.readable import FEW
from entrepot.registry.remove import delete_manifest
from entrepot.registry.room import Registry
from entrepot.registry.search import LABELS_MAX, search_everything
from entrepot.registry.shared import list_shared_after
from entrepot.registry.tables import label_wait, manifest, version_label
from entrepot.registry.wanted import WalkOrder, WantedRepositories, WantedShared
from entrepot.values.errors import ParameterInvalid, StorageUnreachable
from entrepot.values.label import VALUE_BYTES_LIMIT, LabelLimits, WantedLabel, label_term
from entrepot.values.media_types import OCI_CONFIG, OCI_MANIFEST
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms
from tests.make.waiting import until

APP, OPEN = "acme/app", "acme/open"


async def labels_of(registry: Registry, image: Image) -> list[tuple[str, str]]:
    async with registry.db.reading() as tx:
        found = (
            select(version_label.c.key, version_label.c.value)
            .join(manifest, manifest.c.id == version_label.c.manifest_id)
            .where(manifest.c.digest == str(image.digest))
            .order_by(manifest.c.id, version_label.c.number)
        )
        return [(row.key, row.value) for row in await tx.rows(found)]


async def waiting(registry: Registry) -> int:
    async with registry.db.reading() as tx:
        return int(await tx.value(select(func.count()).select_from(label_wait)))


async def label_all(registry: Registry) -> None:
    while await label_some(registry):
        pass


async def push(registry: Registry, actor: Actor, path: str, tag: str, labels: Mapping[str, object], **annotations: str):
    image = Image.make(labels=labels, annotations=annotations)
    await push_image(registry, actor, path, image, tag)
    return image


async def found_by(registry: Registry, actor: Actor, text: str) -> tuple[Sequence[str], Sequence[str]]:
    found = await search_everything(registry, actor, text, 20)
    assert not found.tags
    return (
        sorted(one.repository.path for one in found.images),
        sorted(f"{one.path}:{','.join(one.tags)}" for one in found.manifests),
    )


async def test_a_version_has_the_labels_of_its_configuration_and_its_annotations(registry: Registry, cast: Cast):
    image = await push(registry, cast["admin"], APP, "1", {"team": "red", "size": "s"}, team="blue", size="s")
    assert await labels_of(registry, image) == []

    await label_all(registry)

    assert await labels_of(registry, image) == [("team", "red"), ("size", "s"), ("team", "blue")]
    assert await waiting(registry) == 0
    assert await label_some(registry) == 0


async def test_an_index_has_the_labels_of_its_images_too(registry: Registry, cast: Cast):
    amd, arm = [await push(registry, cast["admin"], APP, one, {"team": "red", one: "yes"}) for one in ("amd", "arm")]
    index = Image.index(amd, arm, annotations={"org.opencontainers.image.source": "https://example.test/a"})
    await push_image(registry, cast["admin"], APP, index, "both")
    outer = Image.index(index)
    await push_image(registry, cast["admin"], APP, outer, "outer")

    await label_all(registry)

    told = [("team", "red"), ("amd", "yes"), ("arm", "yes")]
    assert await labels_of(registry, index) == [("org.opencontainers.image.source", "https://example.test/a"), *told]
    assert set(await labels_of(registry, outer)) >= set(told)


async def test_search_finds_images_and_their_versions_by_label(registry: Registry, cast: Cast):
    await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await push(registry, cast["admin"], APP, "2", {"team": "red", "tier": "gold"})
    await push(registry, cast["admin"], OPEN, "3", {"team": "reddish", "tier": '深 "gold" *'})
    await label_all(registry)
    admin = cast["admin"]

    assert await found_by(registry, admin, "label:team=red") == ([APP], [f"{APP}:1", f"{APP}:2"])
    assert await found_by(registry, admin, "label:team=red*") == ([APP, OPEN], [f"{APP}:1", f"{APP}:2", f"{OPEN}:3"])
    assert await found_by(registry, admin, "label:tier") == ([APP, OPEN], [f"{APP}:2", f"{OPEN}:3"])
    assert await found_by(registry, admin, "label:team=red label:tier=gold") == ([APP], [f"{APP}:2"])
    assert await found_by(registry, admin, "label:team open") == ([OPEN], [f"{OPEN}:3"])
    assert await found_by(registry, admin, label_term("tier", '深 "gold" *')) == ([OPEN], [f"{OPEN}:3"])
    for nothing in ("label:team=re", "label:Team=red", "label:te", "label:team=%*", "label:team=red zoo"):
        assert await found_by(registry, admin, nothing) == ([], []), nothing
    found = await search_everything(registry, admin, "label:team", 1)
    assert [one.tags for one in found.manifests] == [["3"]] or [one.tags for one in found.manifests] == [["2"]]
    assert found.has_more == {"images", "manifests"}


async def test_nobody_finds_by_label_what_they_may_not_read(registry: Registry, cast: Cast):
    for path in (APP, OPEN):
        await push(registry, cast["admin"], path, "1", {"secret": "yes"})
    await label_all(registry)

    for who, expected in ((ANONYMOUS, [OPEN]), (cast["stranger"], [OPEN]), (cast["reader"], [APP, OPEN])):
        images, versions = await found_by(registry, who, "label:secret=yes")
        assert (images, versions) == (expected, [f"{one}:1" for one in expected])


async def test_common_labels_are_asked_of_each_image(registry: Registry, cast: Cast, monkeypatch: pytest.MonkeyPatch):
    await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await push(registry, cast["admin"], APP, "2", {"team": "red"})
    await push(registry, cast["admin"], OPEN, "1", {"team": "blue"})
    await label_all(registry)
    monkeypatch.setattr(queries, "_GATHERED_MAX", 1)

    for who in ("admin", "reader"):
        assert (await found_by(registry, cast[who], "label:team=red"))[0] == [APP]
        assert (await found_by(registry, cast[who], "label:team"))[0] == [APP, OPEN]
    assert FEW > 1


async def test_what_is_shared_is_found_by_label(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    guests = await rooms.domain("guests")
    boss = await rooms.sign_in("guests/boss")
    await rooms.share(RepositoryName(APP), guests)
    await push(registry, cast["admin"], APP, "v2", {"team": "red"})
    await label_all(registry)
    for value, wanted in (("red", [APP]), ("blue", [])):
        asked = WantedShared(is_given=False, labels=[WantedLabel("team", value)])
        found, _ = await list_shared_after(registry, boss, asked, 0, 10)
        assert [one.listed.repository.path for one in found] == wanted


async def test_a_list_of_images_can_be_narrowed_to_a_label(registry: Registry, cast: Cast):
    await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await label_all(registry)
    wanted = WantedRepositories(labels=[WantedLabel("team", "red")])
    found, _ = await list_repositories_from(registry, cast["reader"], wanted, WalkOrder.NAME, False, "", 10)
    assert [one.repository.path for one in found] == [APP]


async def test_labels_go_with_their_version(registry: Registry, cast: Cast):
    image = await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await label_all(registry)
    await delete_manifest(registry, cast["admin"], RepositoryName(APP), image.digest)
    assert await found_by(registry, cast["admin"], "label:team=red") == ([], [])
    assert await labels_of(registry, image) == []
    other = await push(registry, cast["admin"], APP, "2", {"team": "red"})
    await delete_manifest(registry, cast["admin"], RepositoryName(APP), other.digest)
    assert await waiting(registry) == 0


async def test_hostile_labels_neither_stop_the_others_nor_grow(registry: Registry, cast: Cast):
    small = replace(registry, settings=replace(registry.settings, labels=LabelLimits(5, 30)))
    hostile = {
        "": "no key",
        "k" * 129: "long key",
        "nul": "a\0b",
        "long": "v" * 31,
        "number": 7,
        "list": ["x"],
        "none": None,
        "<script>alert(1)</script>": '"><img onerror>',
        "control": "a\x1b[31m\nb",
        "half": "\ud800",
        "'; DROP TABLE tag; --": "%_*",
        "深": "圳",
        "beyond": "the fifth",
    }
    image = await push(small, cast["admin"], APP, "bad", hostile)

    await label_all(small)

    assert await labels_of(registry, image) == [
        ("<script>alert(1)</script>", '"><img onerror>'),
        ("control", "a\x1b[31m\nb"),
        ("half", "?"),
        ("'; DROP TABLE tag; --", "%_*"),
        ("深", "圳"),
    ]
    for key, value in await labels_of(registry, image):
        assert (await found_by(registry, cast["admin"], label_term(key, value)))[0] == [APP]


async def test_the_longest_label_there_may_be_has_a_place_in_every_index(registry: Registry, cast: Cast):
    letters = [chr(0x10000 + number * 7_919 % 0xFFFF) for number in range(128 + 500)]  # four bytes each, not repeated
    most = replace(registry, settings=replace(registry.settings, labels=LabelLimits(1, VALUE_BYTES_LIMIT)))
    image = await push(most, cast["admin"], APP, "long", {"".join(letters[:128]): "".join(letters[128:])})
    await label_all(most)
    assert len(await labels_of(registry, image)) == 1


@pytest.mark.parametrize(
    "config", [b"{", b"[]", b'{"config":{"Labels":[1]}}', b'{"config":{"Labels":{"a":"1","a":"2"}}}']
)
async def test_of_a_configuration_that_cannot_be_read_the_annotations_count(
    registry: Registry, cast: Cast, config: bytes
):
    held = Blob(config)
    described = {"mediaType": OCI_CONFIG, "digest": str(held.digest), "size": len(config)}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": []}
    image = Image(json.dumps({**document, "annotations": {"a": "b"}}).encode(), blobs=(held,))
    await push_image(registry, cast["admin"], APP, image, "odd")
    await label_all(registry)
    assert await labels_of(registry, image) == [("a", "b")]


async def test_a_configuration_that_is_too_large_or_lost_is_passed_by(rooms: Rooms, registry: Registry, cast: Cast):
    small = replace(registry, settings=replace(registry.settings, config_bytes_max=20))
    large = await push(small, cast["admin"], APP, "large", {"team": "red"}, a="b")
    await label_all(small)
    assert await labels_of(registry, large) == [("a", "b")]
    lost = await push(registry, cast["admin"], APP, "lost", {"team": "red"}, a="b")
    await rooms.blobs.delete([lost.blobs[0].digest])
    await label_all(registry)
    assert await labels_of(registry, lost) == [("a", "b")]


async def test_what_was_there_before_is_looked_at_batch_by_batch(
    registry: Registry, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    images = [await push(registry, cast["admin"], APP, f"v{number}", {"team": "red"}) for number in range(7)]
    await label_all(registry)
    async with registry.db.writing() as tx:  # as after the migration
        await tx.run(delete(version_label))
        await tx.run(insert(label_wait).from_select(["manifest_id"], select(manifest.c.id)))
    monkeypatch.setattr("entrepot.registry.labels._BATCH", 3)
    assert await label_some(registry) == 3
    monkeypatch.setattr("entrepot.registry.labels._BATCH_BYTES_MAX", 10)
    assert await label_some(registry) == 1
    await label_all(registry)
    assert all([await labels_of(registry, one) == [("team", "red")] for one in images])


async def test_labels_are_looked_at_as_they_come_and_a_storage_that_is_away_is_waited_for(
    database_url: str, rooms: Rooms, registry: Registry, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    holder, stop, away = open_holder(database_url), asyncio.Event(), asyncio.Event()
    opened = MemoryStore.open

    def unreachable(*_args: object) -> object:
        away.set()
        raise StorageUnreachable

    monkeypatch.setattr("entrepot.registry.labels._IDLE_SECONDS", 0.02)
    monkeypatch.setattr(MemoryStore, "open", unreachable)
    image = await push(registry, cast["admin"], APP, "1", {"team": "red"})
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_labels(registry, holder, stop))
        await away.wait()
        assert await labels_of(registry, image) == []
        monkeypatch.setattr(MemoryStore, "open", opened)

        async def is_labelled() -> bool:
            return await labels_of(registry, image) == [("team", "red")]

        await until(is_labelled)
        stop.set()
    await holder.close()


async def test_two_that_look_at_the_same_write_it_once(registry: Registry, cast: Cast):
    image = await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await asyncio.gather(*[label_some(registry) for _ in range(4)])
    await label_all(registry)
    assert await labels_of(registry, image) == [("team", "red")]


async def test_a_search_asks_for_so_many_labels_at_most(registry: Registry, cast: Cast):
    text = " ".join(f"label:k{number}" for number in range(LABELS_MAX + 1))
    with pytest.raises(ParameterInvalid):
        await search_everything(registry, cast["admin"], text, 5)


async def test_the_same_image_in_two_places_has_its_labels_in_both(registry: Registry, cast: Cast):
    image = await push(registry, cast["admin"], APP, "1", {"team": "red"})
    await push_image(registry, cast["admin"], OPEN, image, "1")
    await push_only(registry, cast["admin"], OPEN, image, "again")
    await label_all(registry)
    assert await found_by(registry, cast["admin"], "label:team=red") == ([APP, OPEN], [f"{APP}:1", f"{OPEN}:1,again"])
