"""Layers listed from their streams: what is in them, and what is said when they are not to be believed."""

import gzip
import io
import random
import sys
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.archives.listing import Entry, EntryKind, Listing, list_layer
from entrepot.archives.settings import ListingSettings
from tests.make.archive import link, tar

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def pieces(content: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def listed(content: bytes, **settings: int) -> Listing:
    return list_layer(pieces(content), ListingSettings(**settings))


def named(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    for key, value in more.items():
        setattr(entry, key, value)
    return entry


LAYER = tar(
    [
        (named("./", tarfile.DIRTYPE), b""),
        (named("./etc/", tarfile.DIRTYPE, mode=0o755), b""),
        (named("./etc/passwd", mode=0o4644, uid=7, gid=8, mtime=1_700_000_000), b"root"),
        (link("bin", "usr/bin"), b""),
        (link("usr/copy", "etc/passwd", tarfile.LNKTYPE), b""),
        (named("dev/null", tarfile.CHRTYPE), b""),
        (named("run/pipe", tarfile.FIFOTYPE), b""),
        (named("var/.wh.cache"), b""),
        (named("srv/.wh..wh..opq"), b""),
        (named(".wh..wh.plnk"), b""),
    ]
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
@pytest.mark.parametrize("size", [1, 511, 1 << 20])
def test_a_layer_is_listed_however_it_is_packed_and_in_whatever_pieces_it_comes(pack, size):
    found = list_layer(pieces(pack(LAYER), size))

    assert found.problem == ""
    assert found.entries == (
        Entry("etc", EntryKind.FOLDER, mode=0o755),
        Entry("etc/passwd", EntryKind.FILE, 4, 0o4644, 7, 8, 1_700_000_000),
        Entry("bin", EntryKind.LINK, mode=0o644, target="usr/bin"),
        Entry("usr/copy", EntryKind.HARD_LINK, mode=0o644, target="etc/passwd"),
        Entry("dev/null", EntryKind.DEVICE, mode=0o644),
        Entry("run/pipe", EntryKind.PIPE, mode=0o644),
        Entry("var/cache", EntryKind.DELETION),
        Entry("srv", EntryKind.EMPTIED),
    )


def test_content_is_gone_over_and_not_kept():
    big = gzip.compress(tar({"a": bytes(50 << 20), "b": b"x"}))
    assert [entry.path for entry in listed(big).entries] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tar({"ok": b"", "../../etc/passwd": b"x"}), "leads out"),
        (tar({"ok": b"", "n" * 300: b""}), "more than 200 characters"),
        (tar({"ok": b"", "a/" * 60 + "b": b""}), "folders deep"),
        (tar({"ok": b"", **{f"f{number}": b"" for number in range(30)}}), "first 20 names"),
        (tar({"ok": b"", "big": bytes(3 << 20)}) + b"", "unpacked bytes"),
        (tar({"ok": b"x" * 5000})[:2000], "ends too early"),
        (gzip.compress(tar({"ok": b"x" * 5000}), mtime=0)[:-20], "cut off"),
    ],
)
def test_what_is_beyond_a_bound_or_damaged_ends_the_list_with_a_sentence(content: bytes, words: str):
    found = listed(content, entries_max=20, bytes_max=2 << 20, name_chars_max=200, depth_max=50)
    assert words in found.problem
    assert [entry.path for entry in found.entries][:1] in (["ok"], [])


@pytest.mark.parametrize(
    "content", [b"BZh91AY&SY", b"no tar at all", random.Random(1).randbytes(4096), b"PK\x03\x04abcd"]
)
def test_what_is_no_layer_is_said(content: bytes):
    found = listed(content)
    assert found.entries == ()
    assert found.problem.endswith(".")


def test_nothing_is_an_empty_layer():
    assert listed(b"") == Listing(())


def test_a_header_may_not_claim_what_memory_cannot_hold():
    header = bytearray(named("././@LongLink", b"L").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"77777777777\0"
    checksum = 256 + sum(header[:148]) + sum(header[156:512])
    header[148:156] = b"%06o\0 " % checksum
    assert "larger than is accepted" in listed(bytes(header) + bytes(10_000)).problem


def test_a_size_that_leads_back_is_refused():
    header = bytearray(named("a").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 8 + (-100_000).to_bytes(4, "big", signed=True)
    header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:512]))
    assert "leads back" in listed(bytes(header) + bytes(10_000)).problem


def test_a_chain_of_headers_without_end_costs_no_stack():
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(named("a", pax_headers={"comment": "x"}))
    pax = held.getvalue()[:1024]
    assert listed(pax * 5_000).problem != ""


def test_numbers_out_of_all_bounds_are_zero_and_names_can_be_sent():
    odd = named("bad\udcff\x1b[31mname", mtime=1 << 60, uid=1 << 40)
    (entry,) = listed(tar([(odd, b"")])).entries
    assert (entry.mtime, entry.uid) == (0, 0)
    assert entry.path.isprintable()
    assert entry.path.encode()


def test_time_that_is_up_ends_the_list_and_says_that_another_try_may_find_more():
    found = list_layer(pieces(LAYER, 512), is_late=iter([False] * 6 + [True] * 100).__next__)
    assert found.is_late
    assert 0 < len(found.entries) < 8
    assert "too long" in found.problem


@given(st.integers(0, len(LAYER) - 1), st.integers(0, 255), st.booleans())
def test_whatever_byte_is_wrong_a_list_comes_back(at: int, value: int, packed: bool):
    content = bytearray(gzip.compress(LAYER, mtime=0) if packed else LAYER)
    content[at % len(content)] = value
    found = listed(bytes(content))
    assert len(found.entries) <= 10
    assert all(".." not in entry.path.split("/") for entry in found.entries)
