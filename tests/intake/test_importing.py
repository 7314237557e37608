"""What a worker does with an archive: images pushed byte for byte, or a sentence and nothing left."""

import asyncio
import gzip
import io
import json
import re
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from backports import zstd

from entrepot.access.levels import Level
from entrepot.accounts.users import set_enabled
from entrepot.archives.settings import ArchiveSettings
from entrepot.audit.look import list_events
from entrepot.audit.wanted import Wanted
from entrepot.intake import importing, progress
from entrepot.intake.importing import give_up, import_archive
from entrepot.intake.receive import (
    announce_archive,
    append_archive,
    cancel_archive,
    hand_in_archive,
    list_archives,
    show_archive,
)
from entrepot.intake.room import Intake
from entrepot.intake.rules import State
from entrepot.registry.browse import list_repositories
from entrepot.registry.members import Wanted as Member
from entrepot.registry.members import change_members
from entrepot.registry.pull import find_manifest
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_organization_quotas
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.accept import Accept
from entrepot.values.names import RepositoryName, TagName, UserName
from tests.intake.conftest import ACME, Bring, chunked
from tests.make.archive import DockerArchive, LayoutArchive, layer, link, tar
from tests.make.cast import Cast
from tests.make.rooms import Rooms


def saved(*names: str) -> bytes:
    archive = DockerArchive()
    archive.add(*names)
    return archive.pack()


async def manifest_at(rooms: Rooms, path: str, tag: str) -> dict[str, object]:
    found = await find_manifest(rooms.registry, rooms.admin, RepositoryName(path), TagName(tag), Accept())
    document: dict[str, object] = json.loads(found.body)
    return document


async def repositories(rooms: Rooms) -> list[str]:
    page = await list_repositories(
        rooms.registry, rooms.admin, WantedRepositories(), RepositoryOrder.NAME, False, 0, 50
    )
    return [one.repository.path for one in page.items]


async def parts_left(rooms: Rooms) -> list[str]:
    return [part async for part in rooms.blobs.list_parts(0)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("piece_bytes", [700, 10 << 20])
async def test_what_docker_saved_is_pushed_however_it_is_packed(
    cast: Cast, bring: Bring, pack: object, piece_bytes: int
) -> None:
    archive = DockerArchive()
    archive.add("shop/web:1.0", "shop/web:latest")
    archive.add("db:2")

    done = await bring(pack(archive.pack()), piece_bytes=piece_bytes)  # type: ignore[operator]

    assert (done.state, done.message) == (State.DONE, "")
    assert [(one["repository"], one["tags"]) for one in done.images] == [
        ("acme/web", ["1.0", "latest"]),
        ("acme/db", ["2"]),
    ]
    document = await manifest_at(cast.rooms, "acme/web", "latest")
    for one in [document["config"], *document["layers"]]:  # type: ignore[misc]
        assert one["digest"] in {str(digest) for digest, _ in [held async for held in cast.rooms.blobs.list()]}
    assert await parts_left(cast.rooms) == []


async def test_a_layout_keeps_every_digest_and_all_platforms(cast: Cast, bring: Bring) -> None:
    archive = LayoutArchive()
    root = archive.name(archive.platforms("amd64", "arm64"), "registry.example/acme/team/app:3")

    done = await bring(archive.pack())

    assert [(one["repository"], one["digest"]) for one in done.images] == [("acme/team/app", root["digest"])]
    assert len((await manifest_at(cast.rooms, "acme/team/app", "3"))["manifests"]) == 2  # type: ignore[arg-type]


async def test_of_an_index_whose_other_platforms_were_not_saved_the_one_that_was_is_pushed(
    cast: Cast, bring: Bring
) -> None:
    archive = LayoutArchive()
    index = archive.name(archive.platforms("amd64", "arm64"), "app:3")
    members = archive.members()
    children = json.loads(members[f"blobs/sha256/{index['digest'][7:]}"])["manifests"]
    del members[f"blobs/sha256/{children[1]['digest'][7:]}"]

    done = await bring(tar(members))

    assert (done.state, done.images[0]["digest"]) == (State.DONE, children[0]["digest"])


async def test_the_same_archive_again_changes_nothing(cast: Cast, bring: Bring) -> None:
    body = saved("web:1.0")
    first = await bring(body)
    again = await bring(body)

    assert first.images == again.images
    assert (await manifest_at(cast.rooms, "acme/web", "1.0"))["schemaVersion"] == 2


def wrong_digest() -> bytes:
    archive = LayoutArchive()
    archive.name(archive.image(layers=(layer(), layer())), "app:1")
    members = archive.members()
    name = max(members, key=lambda one: len(members[one]) if one.startswith("blobs/") else 0)
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    return tar(members)


def wrong_layer() -> bytes:
    archive = DockerArchive()
    archive.add("app:1")
    members = archive.members()
    place = next(name for name in members if name.endswith("layer.tar"))
    return tar({**members, place: layer("not this one")})


def bomb() -> bytes:
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", mtime=0) as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return held.getvalue()


def many_members() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for number in range(3_000):
            archive.addfile(tarfile.TarInfo(f"{number}"))
    return held.getvalue()


HOSTILE = {
    "wrong digest": (wrong_digest, "does not have the digest"),
    "wrong layer": (wrong_layer, "not the one its image is made of"),
    "cut off": (lambda: saved("app:1")[:1_500], "ends before|cut off"),
    "gzip cut off": (lambda: gzip.compress(saved("app:1"))[:-20], "cut off"),
    "no archive": (lambda: b"hello" * 1_000, "not a readable tar"),
    "neither form": (lambda: tar({"readme": b"hello"}), "neither a Docker archive"),
    "path": (lambda: tar({"../../etc/passwd": b"", "manifest.json": b"[]"}), "leads out of the archive"),
    "absolute": (lambda: tar({"/etc/passwd": b""}), "not a plain relative"),
    "twice": (lambda: tar([("manifest.json", b"[]"), ("manifest.json", b"[]")]), "twice"),
    "link": (lambda: tar([(link("manifest.json", "/etc/passwd"), b"")]), "leads out|plain relative"),
    "bomb": (bomb, "as only bombs do"),
    "members": (many_members, "more than 2000 members"),
    "bzip2": (lambda: b"BZh91AY&SY" + bytes(600), "is not accepted"),
    "missing blob": (
        lambda: tar({"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": b'{"manifests":[]}'}),
        "names no image",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_wrong_with_an_archive_is_a_sentence_and_nothing_is_left(
    cast: Cast, intake: Intake, name: str
) -> None:
    make, sentence = HOSTILE[name]
    body, admin = make(), cast["admin"]
    limits = ArchiveSettings(members_max=2_000, ratio_free_bytes=1 << 20, ratio_max=100)
    strict = replace(intake, settings=replace(intake.settings, archive=limits))
    before = await repositories(cast.rooms)
    blobs = [one async for one in cast.rooms.blobs.list()]
    made = await announce_archive(strict, admin, ACME, "images.tar", len(body))
    await append_archive(strict, admin, made.id, chunked(body), 0)
    await hand_in_archive(strict, admin, made.id)

    await import_archive(strict, made.id)

    found = await show_archive(strict, admin, made.id)
    assert (found.state, found.problem) == (State.FAILED, "ArchiveInvalid")
    assert re.search(sentence, found.message), found.message
    assert await parts_left(cast.rooms) == []
    assert await repositories(cast.rooms) == before
    assert [one async for one in cast.rooms.blobs.list()] == blobs


async def hand_in(intake: Intake, cast: Cast, body: bytes, who: str = "admin", **said: Any) -> str:
    """An archive that waits for a worker; its id."""
    made = await announce_archive(intake, cast[who], ACME, "images.tar", len(body), **said)
    await append_archive(intake, cast[who], made.id, chunked(body), 0)
    await hand_in_archive(intake, cast[who], made.id)
    return made.id


async def test_an_archive_without_names_waits_until_somebody_says_where_it_goes(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    archive = LayoutArchive()
    archive.name(archive.image(), "2.0")
    made = await hand_in(intake, cast, archive.pack())
    await import_archive(intake, made)
    found = await show_archive(intake, admin, made)
    assert (found.state, found.problem) == (State.UNNAMED, "ArchiveUnnamed")

    await hand_in_archive(intake, admin, made, RepositoryName("acme/thing"))
    await import_archive(intake, made)

    found = await show_archive(intake, admin, made)
    assert (found.state, found.images[0]["repository"], found.images[0]["tags"]) == (State.DONE, "acme/thing", ["2.0"])
    assert await parts_left(cast.rooms) == []


async def test_an_editor_of_one_repository_brings_an_image_into_it_and_nowhere_else(
    cast: Cast, intake: Intake, bring: Bring
) -> None:
    done = await bring(saved("web:9"), cast["editor"], repository=RepositoryName("acme/app"))
    assert (done.state, done.images[0]["repository"]) == (State.DONE, "acme/app")


async def test_who_lost_the_permission_or_the_account_meanwhile_brings_nothing(cast: Cast, intake: Intake) -> None:
    await cast.rooms.grant("acme", "reader", Level.EDIT)
    made = await hand_in(intake, cast, saved("web:9"), "reader")
    other = await hand_in(intake, cast, saved("web:9"), "reader")
    await change_members(intake.registry, cast["admin"], ACME, [Member("reader", Level.READ)])
    await import_archive(intake, made)
    found = await show_archive(intake, cast["reader"], made)
    assert (found.state, found.problem) == (State.FAILED, "AccessDenied")

    await set_enabled(cast.rooms.accounts, cast["admin"], UserName("reader"), False)
    await import_archive(intake, other)

    problems = {one.id: one.problem for one in await list_archives(intake, cast["reader"])}
    assert problems == {made: "AccessDenied", other: "Unauthenticated"}
    assert "acme/web" not in await repositories(cast.rooms)


async def test_what_has_no_room_in_the_quota_is_refused_before_anything_is_pushed(
    cast: Cast, intake: Intake, bring: Bring
) -> None:
    await set_organization_quotas(intake.registry, cast["admin"], ACME, {Resource.BYTES: 600})

    done = await bring(saved("web:9"))

    assert (done.state, done.problem) == (State.FAILED, "QuotaExceeded")
    assert "acme/web" not in await repositories(cast.rooms)


async def test_an_archive_that_is_cancelled_while_a_worker_has_it_ends_there(
    cast: Cast, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await hand_in(intake, cast, saved("web:9"))

    async def cancelled(*_: object) -> None:
        await cancel_archive(intake, cast["admin"], made)

    monkeypatch.setattr(importing, "check_room", cancelled)
    monkeypatch.setattr(progress, "_TOLD_SECONDS", 0.01)
    monkeypatch.setattr(importing, "push_image", _waits_until_cancelled)
    await import_archive(intake, made)

    assert await list_archives(intake, cast["admin"]) == []
    assert await parts_left(cast.rooms) == []


async def _waits_until_cancelled(*given: Any) -> None:
    async with asyncio.timeout(10):
        while True:
            given[4].watch(1)
            await asyncio.sleep(0.01)


async def test_what_the_service_fails_at_is_told_and_forgotten(cast: Cast, intake: Intake) -> None:
    made = await hand_in(intake, cast, saved("web:9"))
    await give_up(intake, made)

    found = await show_archive(intake, cast["admin"], made)
    assert (found.state, found.problem) == (State.FAILED, "Broken")
    assert await parts_left(cast.rooms) == []


async def test_the_audit_tells_what_became_of_an_archive(cast: Cast, intake: Intake, bring: Bring) -> None:
    await bring(saved("web:9"))
    await bring(b"no archive")

    page = await list_events(cast.rooms.audit, cast["admin"], Wanted(organization=ACME), None, 100)
    told = [one.event.type for one in page.items if one.event.type.startswith("archive.")]
    assert told == ["archive.refused", "archive.handed-in", "archive.imported", "archive.handed-in"]
