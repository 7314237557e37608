"""Archives that are damaged or mean harm: refused with a sentence that says what is wrong; nothing is left behind."""

import gzip
import io
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.archives.opening import open_archive, open_folder
from entrepot.archives.settings import DEFAULT
from entrepot.values.errors import ArchiveInvalid
from tests.archives.conftest import Open
from tests.make.archive import DockerArchive, LayoutArchive, digest, layer, link, tar, to_json


def docker(change: Callable[[DockerArchive], object] = lambda _: None) -> bytes:
    archive = DockerArchive()
    archive.add("acme/app:1", layers=(layer("one"), layer("two")))
    change(archive)
    return archive.pack()


def layout(change: Callable[[LayoutArchive], object] = lambda _: None) -> bytes:
    archive = LayoutArchive()
    archive.name(archive.image(), "1")
    change(archive)
    return archive.pack()


def entry(**more: object) -> Callable[[DockerArchive], object]:
    return lambda archive: archive.entries[0].update(more)


def sparse(name: str) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 60)}
    return found


def first_blob(archive: LayoutArchive) -> str:
    return next(name for name in archive.files if name.startswith("blobs/"))


def damage_blob(archive: LayoutArchive) -> None:
    name = first_blob(archive)
    archive.files[name] = bytes([archive.files[name][0] ^ 1]) + archive.files[name][1:]


def load_all(opened: Open, content: bytes, **changed: Any) -> None:
    for listed in opened(content, settings=replace(DEFAULT, **changed)).images:
        image = listed.load()
        for blob in image.blobs.values():
            for _ in blob.open():
                pass


WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "no tar": (b"hello" * 500, "not a readable tar"),
    "tar of something else": (tar({"README": b"x"}), "neither a Docker archive"),
    "very old": (tar({"repositories": b"{}"}), "before 1.10"),
    "bzip2": (b"BZh91AY" + bytes(2000), "compressed in a way"),
    "zip": (b"PK\x03\x04" + bytes(2000), "compressed in a way"),
    "cut in a member": (docker()[:1500], "cut off|no end"),
    "cut between members": (docker()[:2048], "no end|cut off"),
    "without end": (docker().rstrip(b"\0") + bytes(100), "unexpected end"),
    "gzip cut off": (gzip.compress(docker())[:-20], "cut off"),
    "zstd cut off": (zstd.compress(docker())[:-20], "cut off"),
    "gzip damaged": (gzip.compress(docker())[:40] + b"\xff" * 40, "damaged|cut off"),
    "gzip and something": (gzip.compress(docker()) + b"more", "damaged"),
    "zstd and something": (zstd.compress(docker()) + b"more", "damaged"),
    "name up": (tar({"../../etc/passwd": b"x"}), "leads out"),
    "name up inside": (tar({"blobs/../../x": b"x"}), "leads out"),
    "name absolute": (tar({"/etc/passwd": b"x"}), "not a plain relative one"),
    "name of Windows": (tar({"a\\..\\b": b"x"}), "not a plain relative one"),
    "name that drives terminals": (tar({"a\x1b[2J": b"x"}), "not a plain relative one"),
    "name too long": (tar({"a" * 600: b"x"}), "longer than 512"),
    "name too deep": (tar({"a/" * 40 + "a": b"x"}), "folders deep"),
    "twice the same": (tar([("manifest.json", b"[]"), ("./manifest.json", b"[]")]), "twice"),
    "link and file": (tar([(link("manifest.json", "x"), b""), ("manifest.json", b"[]")]), "twice"),
    "link out": (tar([(link("manifest.json", "../../etc/passwd"), b"")]), "leads out"),
    "link to the root": (tar([(link("manifest.json", "/etc/passwd"), b"")]), "not a plain relative one"),
    "link to itself": (tar([(link("manifest.json", "manifest.json"), b"")]), "is a link to"),
    "link to a link": (tar([(link("index.json", "a"), b""), (link("a", "b"), b""), ("b", b"{}")]), "is a link to"),
    "hard link": (tar([(link("manifest.json", "x", tarfile.LNKTYPE), b"")]), "not a plain file"),
    "device": (tar([(link("manifest.json", "", tarfile.CHRTYPE), b"")]), "not a plain file"),
    "manifest.json no JSON": (tar({"manifest.json": b"hello"}), "'manifest.json' is not valid"),
    "manifest.json an object": (tar({"manifest.json": b"{}"}), "must be an array"),
    "manifest.json empty": (tar({"manifest.json": b"[]"}), "must be an array"),
    "manifest.json deep": (tar({"manifest.json": b"[" * 5000}), "nested more than"),
    "manifest.json wide": (tar({"manifest.json": b"[" + b"0," * 300_000 + b"0]"}), "more than 200000 values"),
    "manifest.json twice a key": (tar({"manifest.json": b'[{"Config":"a","Config":"b"}]'}), "given twice"),
    "no configuration": (docker(entry(Config="absent.json")), "not in the archive"),
    "configuration outside": (docker(entry(Config="../../etc/passwd")), "leads out"),
    "layers no list": (docker(entry(Layers="x")), "must be an array"),
    "layers no strings": (docker(entry(Layers=[1])), "must be a string"),
    "layer missing": (docker(entry(Layers=["a/layer.tar", "b/layer.tar"])), "not in the archive"),
    "layer too few": (docker(lambda archive: archive.entries[0]["Layers"].pop()), "knows 2 layers"),
    "layers exchanged": (docker(lambda archive: archive.entries[0]["Layers"].reverse()), "unpacks to"),
    "layout of another version": (
        layout(lambda a: a.files.update({"oci-layout": b'{"imageLayoutVersion":"2.0"}'})), "version '2.0'"
    ),
    "layout without its file": (layout(lambda a: a.files.pop("oci-layout")), "not an OCI layout"),
    "index names nothing": (layout(lambda a: a.entries.clear()), "names no image"),
    "index names what is not there": (
        layout(lambda a: a.entries.append({**a.entries[0], "digest": digest(b"absent")})),
        "not in the archive",
    ),
    "digest no digest": (layout(lambda a: a.entries[0].update(digest="sha256:../../../x")), "hex digits"),
    "digest unknown": (layout(lambda a: a.entries[0].update(digest="md5:" + "0" * 32)), "not supported"),
    "media type no image": (layout(lambda a: a.entries[0].update(mediaType="text/plain")), "no image"),
    "size wrong": (layout(lambda a: a.entries[0].update(size=1)), "where 1 should be"),
    "blob missing": (layout(lambda a: a.files.pop(first_blob(a))), "not here|not in the archive"),
    "blob damaged": (layout(damage_blob), "does not have the digest"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_a_sentence(opened: Open, name: str) -> None:
    content, said = WRONG[name]

    with pytest.raises(ArchiveInvalid, match=said) as caught:
        load_all(opened, content)

    assert caught.value.message.isprintable()
    assert caught.value.message.endswith(".") or "is not valid" in caught.value.message
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("content", "limits", "said"),
    [
        (docker(), {"members_max": 2}, "more than 2 members"),
        (docker(), {"header_bytes_max": 1024}, "headers"),
        (docker(), {"document_bytes_max": 10}, "at most 10"),
        (docker(), {"scratch_bytes_max": 100}, "more than 100 bytes of temporary files"),
        (docker(lambda archive: archive.add("acme/b:1")), {"images_max": 1}, "at most 1 are accepted"),
        (layout(lambda archive: archive.name(archive.image())), {"images_max": 1}, "at most 1 are accepted"),
        (layout(lambda a: a.name(a.platforms("a", "b"))), {"manifests_max": 1}, "more than 1 manifests"),
        (gzip.compress(docker()), {"unpacked_bytes_max": 2048}, "more than 2048 bytes"),
        (zstd.compress(docker()), {"unpacked_bytes_max": 2048}, "more than 2048 bytes"),
        (gzip.compress(bytes(4 << 20)), {"ratio_free_bytes": 1 << 20}, "500 times its size"),
        (zstd.compress(bytes(4 << 20)), {"ratio_free_bytes": 1 << 20}, "500 times its size"),
    ],
)  # fmt: skip
def test_every_limit_has_its_sentence(opened: Open, content: bytes, limits: dict[str, int], said: str) -> None:
    with pytest.raises(ArchiveInvalid, match=said):
        load_all(opened, content, **limits)


def test_a_bomb_in_a_layer_is_found_before_it_is_unpacked(opened: Open) -> None:
    archive = DockerArchive()
    archive.add("acme/app:1", layers=(bytes(8 << 20),), packed=True)

    with pytest.raises(ArchiveInvalid, match="500 times its size"):
        load_all(opened, archive.pack(), ratio_free_bytes=1 << 20)


def test_indexes_that_are_nested_without_end_are_refused(opened: Open) -> None:
    archive = LayoutArchive()
    described = archive.image()
    for _ in range(6):
        described = archive.index(described)
    archive.name(described, "1")

    with pytest.raises(ArchiveInvalid, match="nested more than 4 deep"):
        load_all(opened, archive.pack())


def test_a_header_that_claims_to_be_huge_costs_no_memory(opened: Open) -> None:
    claimed = tarfile.TarInfo("././@LongLink")
    claimed.type, claimed.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    header = claimed.tobuf(tarfile.GNU_FORMAT)

    with pytest.raises(ArchiveInvalid, match="headers"):
        opened(header + bytes(10_240))


def test_a_member_that_claims_to_be_huge_is_cut_off(opened: Open) -> None:
    claimed = tarfile.TarInfo("manifest.json")
    claimed.size = 1 << 60
    header = claimed.tobuf(tarfile.GNU_FORMAT)

    with pytest.raises(ArchiveInvalid, match=r"cut off|not a readable"):
        opened(header + bytes(10_240))


def test_sparse_members_are_no_plain_files(opened: Open) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as file:
        member = sparse("manifest.json")
        content = b"1\n0\n1\n" + bytes(506)
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))

    with pytest.raises(ArchiveInvalid):
        opened(held.getvalue())


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "layout"
    archive = LayoutArchive()
    archive.name(archive.image(), "1")
    for name, data in archive.members().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    blob = folder / first_blob(archive)
    blob.unlink()
    blob.symlink_to(tmp_path / "secret")

    with open_folder(folder) as found, pytest.raises(ArchiveInvalid, match="links are not followed"):
        found.images[0].load()


def test_nothing_stays_of_an_archive_that_was_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveInvalid):
        open_archive(io.BytesIO(gzip.compress(b"hello")), folder=tmp_path)

    assert list(tmp_path.iterdir()) == []


VALID = (docker(), layout(), gzip.compress(docker()), zstd.compress(layout()))


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_anywhere_is_refused_or_harmless_never_a_crash(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(VALID)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    stop = data.draw(st.integers(0, len(content)))

    # ArchiveInvalid is the only way to fail.
    with suppress(ArchiveInvalid), open_archive(io.BytesIO(content[:stop]), folder=tmp_path) as archive:
        for listed in archive.images:
            for blob in listed.load().blobs.values():
                assert sum(len(chunk) for chunk in blob.open()) == blob.size


@given(st.binary(max_size=3000))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_documents_of_any_kind_are_refused_or_read(tmp_path: Path, content: bytes) -> None:
    archives = [tar({"manifest.json": content}), tar({"oci-layout": content, "index.json": content}), content]
    for archive in archives:
        with suppress(ArchiveInvalid), open_archive(io.BytesIO(archive), folder=tmp_path) as found:
            for listed in found.images:
                listed.load()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Config", "RepoTags", "Layers", "manifests", "digest", "size", "mediaType"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_documents_of_any_shape_are_refused_or_read(tmp_path: Path, one: object, other: object) -> None:
    archives = [
        {"manifest.json": to_json([one]), "repositories": to_json(other)},
        {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": to_json({"manifests": [one, other]})},
    ]
    for files in archives:
        with suppress(ArchiveInvalid), open_archive(io.BytesIO(tar(files)), folder=tmp_path) as found:
            for listed in found.images:
                listed.load()


def test_a_chain_of_headers_without_end_costs_no_stack(opened: Open):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"comment": "x"}
        archive.addfile(member)
    with pytest.raises(ArchiveInvalid):
        opened(held.getvalue()[:1024] * 5_000)
