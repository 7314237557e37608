"""Blobs by every way they can travel, in both digest algorithms: they arrive, are read, and go."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Blob, Make
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.repository import Repository
from tests.live.conformance.uploads import BLOB_BYTES, METHODS, check_session_address, check_stored

ALGORITHMS = ("sha256", "sha512")
SPECIAL = {"empty": b"", "emptyJSON": b"{}"}


@pytest.fixture(params=ALGORITHMS)
def make(request: pytest.FixtureRequest) -> Make:
    return fresh_make(request.param)


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_blob_never_pushed_is_unknown(repo: Repository, make: Make) -> None:
    expect(repo.get_blob(make.unknown_digest()), 404)
    repo.push(make.blob())
    expect(repo.get_blob(make.unknown_digest()), 404, code="BLOB_UNKNOWN")


def test_a_blob_arrives(repo: Repository, make: Make, method: str) -> None:
    blob = make.blob(BLOB_BYTES)
    check_stored(repo, blob, METHODS[method](repo, blob))


def test_a_pushed_blob_can_be_asked_for(repo: Repository, make: Make, method: str) -> None:
    blob = make.blob(BLOB_BYTES)
    expect(METHODS[method](repo, blob), 201)
    answer = expect(repo.head_blob(blob.digest), 200)
    assert answer.header("Content-Length") == str(BLOB_BYTES)
    assert answer.header("Docker-Content-Digest") == blob.digest


def test_a_pushed_blob_can_be_read(repo: Repository, make: Make, method: str) -> None:
    blob = make.blob(BLOB_BYTES)
    expect(METHODS[method](repo, blob), 201)
    answer = expect(repo.get_blob(blob.digest), 200)
    assert answer.body == blob.content
    assert answer.header("Docker-Content-Digest") == blob.digest


def test_a_deleted_blob_is_gone_at_once(repo: Repository, make: Make, method: str) -> None:
    blob = make.blob(BLOB_BYTES)
    expect(METHODS[method](repo, blob), 201)
    expect(repo.delete_blob(blob.digest), 202)
    expect(repo.head_blob(blob.digest), 404)
    expect(repo.get_blob(blob.digest), 404, code="BLOB_UNKNOWN")
    expect(repo.delete_blob(blob.digest), 404, code="BLOB_UNKNOWN")


def test_a_deleted_blob_can_be_pushed_again(repo: Repository, make: Make) -> None:
    blob = make.blob(BLOB_BYTES)
    repo.push(blob)
    expect(repo.delete_blob(blob.digest), 202)
    check_stored(repo, blob, METHODS["post+put"](repo, blob))


# No Content-Range can be written for zero bytes, so the empty blob is never a chunk.
@pytest.mark.parametrize(
    ("name", "way"),
    [
        *(("empty", way) for way in ("post only", "post+put", "stream")),
        *(("emptyJSON", way) for way in ("post only", "post+put", "stream", "chunked single")),
    ],
)
def test_the_smallest_blobs_live_like_any_other(repo: Repository, make: Make, name: str, way: str) -> None:
    blob = Blob(SPECIAL[name], algorithm=make.algorithm)
    check_stored(repo, blob, METHODS[way](repo, blob))
    assert expect(repo.head_blob(blob.digest), 200).header("Content-Length") == str(len(blob.content))
    assert expect(repo.get_blob(blob.digest), 200).body == blob.content
    expect(repo.delete_blob(blob.digest), 202)
    expect(repo.head_blob(blob.digest), 404)


def test_the_empty_blob_closes_with_a_chunked_body(repo: Repository, make: Make) -> None:
    """As the official client sends it: Transfer-Encoding: chunked and no byte."""
    blob = Blob(b"", algorithm=make.algorithm)
    session = repo.start_upload()
    check_stored(repo, blob, session.put(blob.digest, chunked=True))


def test_pushing_a_blob_twice_is_harmless(repo: Repository, make: Make) -> None:
    blob = make.blob(BLOB_BYTES)
    check_stored(repo, blob, METHODS["post only"](repo, blob))
    check_stored(repo, blob, METHODS["chunked multi"](repo, blob))


def test_one_blob_is_known_by_both_algorithms(repo: Repository, make: Make) -> None:
    """Pushed under one digest it is readable under that one; the other is not invented."""
    first = make.blob()
    second = Blob(first.content, algorithm="sha512" if make.algorithm == "sha256" else "sha256")
    repo.push(first)
    repo.push(second)
    for blob in (first, second):
        answer = expect(repo.get_blob(blob.digest), 200)
        assert answer.body == blob.content
        assert answer.header("Docker-Content-Digest") == blob.digest
    expect(repo.delete_blob(first.digest), 202)
    expect(repo.head_blob(first.digest), 404)
    expect(repo.head_blob(second.digest), 200)


def test_a_cancelled_upload_is_gone(repo: Repository, make: Make) -> None:
    session = repo.start_upload()
    check_session_address(session)
    expect(session.patch(make.blob().content), 202)
    expect(session.cancel(), 204)
    expect(session.status(), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.cancel(), 404, code="BLOB_UPLOAD_UNKNOWN")


def test_a_cancelled_upload_takes_nothing_more(repo: Repository, make: Make) -> None:
    blob = make.blob()
    session = repo.start_upload()
    expect(session.cancel(), 204)
    expect(session.patch(blob.content, 0), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.put(blob.digest, blob.content), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(repo.head_blob(blob.digest), 404)


def test_a_finished_upload_is_gone(repo: Repository, make: Make) -> None:
    blob = make.blob()
    session = repo.start_upload()
    expect(session.put(blob.digest, blob.content), 201)
    expect(session.status(), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.patch(b"more", len(blob.content)), 404, code="BLOB_UPLOAD_UNKNOWN")
