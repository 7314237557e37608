"""What is written can be read again: same manifests, same blobs, in any order the blobs come."""

import io
import itertools
import json
import random
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from entrepot.archives.image import Form, Image
from entrepot.archives.opening import open_archive, open_folder
from entrepot.archives.targets import FolderTarget, StreamTarget, Target, TarTarget
from entrepot.archives.writing import Member, Outgoing, plan_members
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid
from tests.archives.conftest import Open
from tests.make.archive import LayoutArchive

CHUNK = 100


def images(opened: Open, *architectures: str) -> Sequence[Image]:
    """Images of one platform each; with several architectures, an index."""
    archive = LayoutArchive()
    for number in range(2):
        described = archive.platforms(*architectures) if architectures else archive.image()
        archive.name(described, f"acme/app:{number}")
    return [listed.load() for listed in opened(archive.pack()).images]


def outgoing(found: Sequence[Image]) -> list[Outgoing]:
    return [Outgoing(one.names, one.root, one.manifests) for one in found]


def write(target: Target, members: Sequence[Member], found: Sequence[Image]) -> int:
    """Bring all blobs, mixed up where the target allows it; returns how many were written."""
    bytes_of = {digest: b"".join(blob.open()) for one in found for digest, blob in one.blobs.items()}
    wanted = [(one, bytes_of[one.digest]) for one in members if one.digest is not None and not target.has(one)]
    pieces = [[(blob, at, data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)] for blob, data in wanted]
    if not target.in_order:
        random.Random(7).shuffle(pieces)
        in_turn = itertools.zip_longest(*pieces)
        pieces = [[piece for piece in turn if piece is not None] for turn in in_turn]
    for piece in itertools.chain.from_iterable(pieces):
        target.write(*piece)
    target.finish()
    target.close()
    return len(wanted)


def same(one: Sequence[Image], other: Sequence[Image]) -> bool:
    return [
        (image.root, image.manifests, {digest: b"".join(blob.open()) for digest, blob in image.blobs.items()})
        for image in one
    ] == [
        (image.root, image.manifests, {digest: b"".join(blob.open()) for digest, blob in image.blobs.items()})
        for image in other
    ]


@pytest.mark.parametrize("form", Form)
def test_a_tar_file_comes_back_whatever_order_its_blobs_came_in(opened: Open, tmp_path: Path, form: Form) -> None:
    found = images(opened)
    members = plan_members(outgoing(found), form)

    write(TarTarget(tmp_path / "x.tar", members), members, found)

    with (tmp_path / "x.tar").open("rb") as file, open_archive(file) as again:
        assert same([listed.load() for listed in again.images], found)
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar"]


def test_a_stream_is_the_same_file(opened: Open, tmp_path: Path) -> None:
    found = images(opened)
    members = plan_members(outgoing(found), Form.DOCKER)
    stream = io.BytesIO()

    write(StreamTarget(stream, members), members, found)
    write(TarTarget(tmp_path / "x.tar", members), members, found)

    assert stream.getvalue() == (tmp_path / "x.tar").read_bytes()


def test_a_folder_comes_back_with_all_platforms(opened: Open, tmp_path: Path) -> None:
    found = images(opened, "amd64", "arm64")
    members = plan_members(outgoing(found), Form.OCI)

    write(FolderTarget(tmp_path, members), members, found)

    with open_folder(tmp_path) as again:
        assert same([listed.load() for listed in again.images], found)
    with pytest.raises(ArchiveInvalid, match="already"):
        FolderTarget(tmp_path, members)


@pytest.mark.parametrize("kind", [TarTarget, FolderTarget])
def test_what_an_attempt_before_has_left_need_not_come_again(opened: Open, tmp_path: Path, kind) -> None:
    found = images(opened)
    members = plan_members(outgoing(found), Form.OCI)
    blobs = [(one, one.digest) for one in members if one.digest is not None]
    left = kind(tmp_path / "x", members)
    for (whole, digest), count in ((blobs[0], 1 << 20), (blobs[1], 10)):
        content = b"".join(found[0].blobs[digest].open())
        left.write(whole, 0, content[:count])
    left.close()

    again = kind(tmp_path / "x", members)

    assert (again.has(blobs[0][0]), again.has(blobs[1][0])) == (True, False)
    assert write(again, members, found) == len(blobs) - 1


def test_docker_finds_names_configuration_and_layers_in_manifest_json(opened: Open, tmp_path: Path) -> None:
    found = images(opened)
    members = plan_members(outgoing(found), Form.DOCKER)
    write(TarTarget(tmp_path / "x.tar", members), members, found)

    with tarfile.open(tmp_path / "x.tar") as file:
        names = file.getnames()
        held = file.extractfile("manifest.json")
        assert held is not None
        entries = json.load(held)

    assert [entry["RepoTags"] for entry in entries] == [["acme/app:0"], ["acme/app:1"]]
    for entry, image in zip(entries, found, strict=True):
        assert image.root.config is not None
        assert entry["Config"] == f"blobs/sha256/{image.root.config.digest.hex}"
        assert {entry["Config"], *entry["Layers"]} <= set(names)
    assert len(names) == len(set(names))


def test_an_index_is_no_docker_archive(opened: Open) -> None:
    with pytest.raises(ArchiveInvalid, match="one platform"):
        plan_members(outgoing(images(opened, "amd64", "arm64")), Form.DOCKER)


def test_an_image_without_a_tag_has_no_name(opened: Open) -> None:
    [one, _] = images(opened)
    named = Outgoing((f"acme/app@{one.root.digest}",), one.root, one.manifests)

    members = {member.name: member.content for member in plan_members([named], Form.DOCKER)}

    assert json.loads(members["manifest.json"] or b"")[0]["RepoTags"] is None
    assert "annotations" not in json.loads(members["index.json"] or b"")["manifests"][0]


def test_a_blob_without_a_byte_is_written_too(tmp_path: Path) -> None:
    empty = Member("blobs/sha256/empty", 0, Digest.of(b""))
    stream = io.BytesIO()
    for target in (StreamTarget(stream, [empty]), TarTarget(tmp_path / "x.tar", [empty])):
        target.finish()
        target.close()

    assert stream.getvalue() == (tmp_path / "x.tar").read_bytes()
    with tarfile.open(tmp_path / "x.tar") as file:
        assert file.getnames() == ["blobs/sha256/empty"]
