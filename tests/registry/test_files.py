"""What is in images: folder by folder, layer by layer, and what two versions have different."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import delete

from entrepot.archives.listing import EntryKind
from entrepot.archives.settings import ListingSettings
from entrepot.archives.tree import Changed
from entrepot.registry.compare import compare_versions
from entrepot.registry.files import list_files
from entrepot.registry.layers import Layers
from entrepot.registry.room import Registry
from entrepot.registry.tables import repository_blob
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    FileUnknown,
    ManifestUnknown,
    ParameterInvalid,
    RepositoryUnknown,
    Unauthenticated,
)
from entrepot.values.media_types import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.platform import Platform
from tests.make.archive import tar
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Blob, Image

APP = RepositoryName("acme/app")
BASE = {"etc/passwd": b"root", "usr/bin/sh": b"x" * 100, "tmp/leftover": b"y" * 50, "var/log/a": b"1"}
CHANGE = {"usr/bin/sh": b"x" * 90, "tmp/.wh.leftover": b"", "var/.wh..wh..opq": b"", "app/new": b"z" * 7}


def layered(*layers: Mapping[str, bytes] | bytes, run: Mapping[str, object] | None = None) -> Image:
    config = Blob(json.dumps({"os": "linux", "architecture": "amd64", "config": run or {}}).encode())
    blobs = [Blob(one if isinstance(one, bytes) else gzip.compress(tar(one), mtime=0)) for one in layers]
    described = [
        {"mediaType": kind, "digest": str(blob.digest), "size": len(blob.content)}
        for kind, blob in [(OCI_CONFIG, config), *((OCI_LAYER_GZIP, blob) for blob in blobs)]
    ]
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described[0], "layers": described[1:]}
    return Image(json.dumps(body).encode(), blobs=(config, *blobs))


@pytest.fixture
async def image(cast: Cast, registry: Registry) -> Image:
    image = layered(BASE, CHANGE)
    await push_image(registry, cast["admin"], APP, image, "layered")
    return image


async def names(registry: Registry, cast: Cast, folder: str = "", layer: Digest | None = None) -> Sequence[str]:
    found = await list_files(registry, cast["reader"], APP, TagName("layered"), folder, "", 100, layer)
    return [one.name for one in found.files]


async def test_layers_are_laid_over_each_other_as_a_container_sees_them(cast: Cast, registry: Registry, image: Image):
    found = await list_files(registry, cast["reader"], APP, TagName("layered"), "", "", 100)
    assert [(one.name, one.size) for one in found.files] == [
        ("app", 7), ("etc", 4), ("tmp", 0), ("usr", 90), ("var", 0),
    ]  # fmt: skip
    assert (found.size, found.count, found.problems) == (101, 3, [])
    assert await names(registry, cast, "usr/bin") == ["sh"]
    assert await names(registry, cast, "/usr/bin/") == ["sh"]
    assert await names(registry, cast, "usr/bin/sh") == ["sh"]


async def test_a_layer_by_itself_shows_what_it_takes_away(cast: Cast, registry: Registry, image: Image):
    upper = image.blobs[2].digest
    found = await list_files(registry, cast["reader"], APP, TagName("layered"), "tmp", "", 100, upper)
    assert [(one.name, one.entry and one.entry.kind, one.layer) for one in found.files] == [
        ("leftover", EntryKind.DELETION, 1)
    ]
    root = await list_files(registry, cast["reader"], APP, TagName("layered"), "", "", 100, upper)
    assert [one.name for one in root.files if one.is_emptied] == ["var"]


async def test_a_folder_goes_on_where_its_page_ended(cast: Cast, registry: Registry, image: Image):
    seen, after = [], ""
    for _ in range(5):
        page = await list_files(registry, cast["reader"], APP, image.digest, "", after, 2)
        seen += [one.name for one in page.files]
        if page.following is None:
            break
        after = page.following
    assert seen == ["app", "etc", "tmp", "usr", "var"]


async def test_permission_is_asked_before_what_is_remembered(cast: Cast, registry: Registry, image: Image):
    await names(registry, cast)
    with pytest.raises(RepositoryUnknown):
        await list_files(registry, cast["stranger"], APP, TagName("layered"), "", "", 10)
    with pytest.raises(Unauthenticated):
        await list_files(registry, cast["anonymous"], APP, TagName("layered"), "", "", 10)
    other = cast.image.blobs[1].digest
    with pytest.raises(ManifestUnknown):
        await list_files(registry, cast["reader"], APP, TagName("layered"), "", "", 10, other)


@pytest.mark.parametrize("folder", ["nothing", "etc/passwd/x", "tmp/leftover"])
async def test_what_is_not_there_is_said(cast: Cast, registry: Registry, image: Image, folder: str):
    with pytest.raises(FileUnknown):
        await names(registry, cast, folder)


async def test_a_path_does_not_lead_out(cast: Cast, registry: Registry, image: Image):
    with pytest.raises(ParameterInvalid):
        await names(registry, cast, "../etc")


async def test_a_layer_is_read_once_and_never_more_than_bounded_is_remembered(
    cast: Cast, registry: Registry, image: Image
):
    await names(registry, cast)
    for blob in image.blobs[1:]:
        await registry.blobs.delete([blob.digest])
    assert await names(registry, cast, "app") == ["new"]

    few = replace(registry, layers=Layers(kept_max=6))
    await push_image(registry, cast["admin"], APP, image, "layered")
    await list_files(few, cast["reader"], APP, image.digest, "", "", 10)
    assert few.layers.kept(str(image.blobs[1].digest)) is None
    assert few.layers.kept(str(image.blobs[2].digest)) is not None


async def test_an_image_is_laid_together_once_but_shows_no_layer_that_its_repository_has_not(
    cast: Cast, registry: Registry, image: Image, monkeypatch: pytest.MonkeyPatch
):
    await names(registry, cast)
    monkeypatch.delattr("entrepot.registry.files.tree_of_layers")
    assert await names(registry, cast, "app") == ["new"]
    monkeypatch.undo()

    other = RepositoryName("acme/other")
    await push_image(registry, cast["admin"], other, image, "layered")
    async with registry.db.writing() as tx:
        await tx.run(delete(repository_blob).where(repository_blob.c.digest == str(image.blobs[2].digest)))
    found = await list_files(registry, cast["admin"], other, TagName("layered"), "", "", 10)
    assert [one.name for one in found.files] == ["etc", "tmp", "usr", "var"]
    assert "not in this repository" in found.problems[0]


async def test_what_cannot_be_read_is_said_and_the_rest_is_shown(cast: Cast, registry: Registry):
    image = layered(BASE, b"this is no layer", {"../out": b""})
    await push_image(registry, cast["admin"], APP, image, "layered")
    found = await list_files(registry, cast["reader"], APP, image.digest, "", "", 10)
    assert [one.name for one in found.files] == ["etc", "tmp", "usr", "var"]
    assert len(found.problems) == 2
    assert "leads out" in found.problems[1]

    short = replace(registry, layers=Layers(ListingSettings(entries_max=2)))
    found = await list_files(short, cast["reader"], APP, image.digest, "", "", 10, image.blobs[1].digest)
    assert found.count == 2
    assert "first 2 names" in found.problems[0]

    hasty = replace(registry, layers=Layers(), settings=replace(registry.settings, files_seconds_max=0))
    found = await list_files(hasty, cast["reader"], APP, image.digest, "", "", 10)
    assert found.count == 0
    assert len(found.problems) == 3


async def test_of_an_index_the_wanted_platform_is_shown(cast: Cast, registry: Registry, image: Image):
    index = Image.index(image)
    await push_only(registry, cast["admin"], APP, index, "multi")
    found = await list_files(registry, cast["reader"], APP, TagName("multi"), "app", "", 10)
    assert str(found.manifest.digest) == str(image.digest)
    with pytest.raises(ManifestUnknown):
        await list_files(
            registry, cast["reader"], APP, TagName("multi"), "", "", 10, platform=Platform("linux", "s390x")
        )


async def test_two_versions_are_compared_in_what_they_say_hold_and_are_made_of(cast: Cast, registry: Registry):
    old = layered(BASE, run={"Cmd": ["a"], "Env": ["A=1", "B=1"], "Labels": {"l": "1"}, "User": "0"})
    new = layered(BASE, CHANGE, run={"Cmd": ["a"], "Env": ["A=2", "C=1"], "User": "1"})
    for image, tag in ((old, "old"), (new, "new")):
        await push_image(registry, cast["admin"], APP, image, tag)

    found = await compare_versions(registry, cast["reader"], APP, TagName("old"), TagName("new"), "", 100)

    assert [(one.what, one.key, one.before, one.after) for one in found.config] == [
        ("user", "", "0", "1"),
        ("env", "A", "1", "2"),
        ("env", "B", "1", None),
        ("env", "C", None, "1"),
        ("label", "l", "1", None),
    ]
    assert [one.how for one in found.layers] == [None, Changed.ADDED]
    assert [(one.path, one.how) for one in found.files] == [
        ("app", Changed.ADDED),
        ("tmp/leftover", Changed.REMOVED),
        ("usr/bin/sh", Changed.CHANGED),
        ("var/log", Changed.REMOVED),
    ]
    assert found.counts == {Changed.ADDED: 1, Changed.REMOVED: 2, Changed.CHANGED: 1}

    pages, marker = [], ""
    while True:
        page = await compare_versions(registry, cast["reader"], APP, TagName("old"), TagName("new"), marker, 3)
        pages += [one.path for one in page.files]
        if page.following is None:
            break
        marker = page.following
    assert pages == [one.path for one in found.files]


async def test_who_may_not_read_compares_nothing(cast: Cast, registry: Registry, image: Image):
    with pytest.raises(RepositoryUnknown):
        await compare_versions(registry, cast["stranger"], APP, image.digest, TagName("v1"), "", 10)
