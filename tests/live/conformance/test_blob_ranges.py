"""Parts of a blob (RFC 9110 §14; specification, "Pulling blobs")."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make
from tests.live.conformance.repository import Repository

SIZE = 2048
SATISFIABLE = {
    "500-1499": (500, 1499),
    "500-": (500, 2047),
    "-500": (1548, 2047),
    "2000-5000": (2000, 2047),
    "0-0": (0, 0),
    "0-": (0, 2047),
    "2047-2047": (2047, 2047),
    "-1": (2047, 2047),
    "-5000": (0, 2047),
    "0-99999999999999999999": (0, 2047),
}
UNSATISFIABLE = ["5000-10000", "2048-", "-0"]
# The official suite demands 416 for a range written backwards, which RFC 9110 calls invalid.
BACKWARDS = "500-0"
IGNORED = ["lines=0-5", "bytes=", "bytes=-", "bytes=a-b", "bytes", "0-5", "bytes=--5", "bytes=1-2x"]


@pytest.mark.parametrize("asked", SATISFIABLE)
def test_a_range_of_a_blob_is_served(repo: Repository, make: Make, asked: str) -> None:
    blob = make.blob(SIZE)
    repo.push(blob)
    first, last = SATISFIABLE[asked]
    answer = expect(repo.get_blob(blob.digest, f"bytes={asked}"), 206)
    assert answer.body == blob.content[first : last + 1]
    assert answer.header("Content-Length") == str(last + 1 - first)
    assert answer.header("Content-Range") in (f"bytes {first}-{last}/{SIZE}", f"bytes {first}-{last}/*")


@pytest.mark.parametrize("asked", [*UNSATISFIABLE, BACKWARDS])
def test_a_range_outside_the_blob_is_refused(repo: Repository, make: Make, asked: str) -> None:
    blob = make.blob(SIZE)
    repo.push(blob)
    answer = expect(repo.get_blob(blob.digest, f"bytes={asked}"), 416)
    assert answer.header("Content-Range") in (None, f"bytes */{SIZE}")


@pytest.mark.parametrize("header", IGNORED)
def test_a_range_that_cannot_be_read_is_ignored(repo: Repository, make: Make, header: str) -> None:
    """RFC 9110 §14.2: an unknown unit or an invalid set may be ignored or refused, never guessed at."""
    blob = make.blob(SIZE)
    repo.push(blob)
    answer = expect(repo.get_blob(blob.digest, header), 200, 416)
    assert answer.status == 416 or answer.body == blob.content


def test_several_ranges_are_answered_whole_or_as_parts(repo: Repository, make: Make) -> None:
    blob = make.blob(SIZE)
    repo.push(blob)
    answer = expect(repo.get_blob(blob.digest, "bytes=0-9,20-29"), 200, 206)
    if answer.status == 200:
        assert answer.body == blob.content
    else:
        assert (answer.header("Content-Type") or "").startswith("multipart/byteranges")


def test_a_blob_says_that_it_has_ranges(repo: Repository, make: Make) -> None:
    blob = make.blob(SIZE)
    repo.push(blob)
    for answer in (repo.head_blob(blob.digest), repo.get_blob(blob.digest)):
        assert expect(answer, 200).header("Accept-Ranges") == "bytes"


def test_the_empty_blob_has_no_range(repo: Repository, make: Make) -> None:
    blob = make.blob(0)
    repo.push(blob)
    expect(repo.get_blob(blob.digest, "bytes=0-0"), 416)


def test_a_range_of_an_absent_blob_is_unknown(repo: Repository, make: Make) -> None:
    repo.push(make.blob())
    expect(repo.get_blob(make.unknown_digest(), "bytes=0-9"), 404, code="BLOB_UNKNOWN")


def test_a_download_is_resumed_where_it_broke_off(repo: Repository, make: Make) -> None:
    blob = make.blob(300_000)
    repo.push(blob)
    start = expect(repo.get_blob(blob.digest, "bytes=0-99999"), 206).body
    rest = expect(repo.get_blob(blob.digest, f"bytes={len(start)}-"), 206).body
    assert start + rest == blob.content
