"""Mounting: a blob of one repository appears in another without its bytes travelling again."""

from urllib.parse import urlsplit

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.repository import Repository, Session
from tests.live.conformance.uploads import check_stored


@pytest.fixture(params=["sha256", "sha512"])
def make(request: pytest.FixtureRequest) -> Make:
    return fresh_make(request.param)


def test_a_blob_is_mounted_from_a_named_repository(repo: Repository, repo2: Repository, make: Make) -> None:
    blob = make.blob()
    repo2.push(blob)
    answer = repo.mount(blob.digest, repo2.name)
    check_stored(repo, blob, answer)
    assert answer.location_path == repo.path(f"blobs/{blob.digest}")
    assert answer.header("Docker-Content-Digest") == blob.digest


def test_a_blob_is_mounted_from_wherever_it_is(repo: Repository, repo2: Repository, make: Make) -> None:
    """Without `from` (official: "mount anonymous"): any repository the caller may read."""
    blob = make.blob()
    repo2.push(blob)
    answer = repo.mount(blob.digest)
    check_stored(repo, blob, answer)
    assert answer.location_path == repo.path(f"blobs/{blob.digest}")


@pytest.mark.parametrize("is_named", [True, False])
def test_a_mounted_blob_is_deleted_in_one_repository_only(
    repo: Repository, repo2: Repository, make: Make, is_named: bool
) -> None:
    blob = make.blob()
    repo2.push(blob)
    expect(repo.mount(blob.digest, repo2.name if is_named else None), 201)
    expect(repo.delete_blob(blob.digest), 202)
    expect(repo.head_blob(blob.digest), 404)
    assert expect(repo2.get_blob(blob.digest), 200).body == blob.content
    expect(repo2.delete_blob(blob.digest), 202)
    expect(repo2.head_blob(blob.digest), 404)


@pytest.mark.parametrize("is_named", [True, False])
def test_mounting_what_nobody_has_opens_an_upload(
    repo: Repository, repo2: Repository, make: Make, is_named: bool
) -> None:
    blob = make.blob()
    repo2.push(make.blob())
    answer = expect(repo.mount(blob.digest, repo2.name if is_named else None), 202)
    check_stored(repo, blob, Session(repo, answer.location, 0, answer).put(blob.digest, blob.content))


def test_mounting_from_a_repository_that_lacks_the_blob_opens_an_upload(
    repo: Repository, repo2: Repository, make: Make
) -> None:
    """`from` is a demand, not a hint: the blob is here, but not there."""
    elsewhere, blob = Repository(repo.registry, repo.name + "-c"), make.blob()
    elsewhere.push(blob)
    repo2.push(make.blob())
    answer = expect(repo.mount(blob.digest, repo2.name), 202)
    assert urlsplit(answer.location).path.startswith(repo.path("blobs/uploads/"))


def test_mounting_from_an_unknown_repository_opens_an_upload(repo: Repository, make: Make) -> None:
    blob = make.blob()
    answer = expect(repo.mount(blob.digest, f"{repo.name}-nowhere"), 202)
    check_stored(repo, blob, Session(repo, answer.location, 0, answer).put(blob.digest, blob.content))


def test_a_deleted_blob_is_not_mounted(repo: Repository, repo2: Repository, make: Make) -> None:
    blob = make.blob()
    repo2.push(blob)
    expect(repo2.delete_blob(blob.digest), 202)
    expect(repo.mount(blob.digest, repo2.name), 202)
    expect(repo.mount(blob.digest), 202)


def test_mounting_into_the_repository_itself_is_harmless(repo: Repository, make: Make) -> None:
    blob = make.blob()
    repo.push(blob)
    check_stored(repo, blob, repo.mount(blob.digest, repo.name))


@pytest.mark.parametrize("source", ["UPPER/case", "..", "a//b", "/", "a/../b", "x" * 300])
def test_mounting_from_an_impossible_name_mounts_nothing(repo: Repository, make: Make, source: str) -> None:
    answer = expect(repo.mount(make.unknown_digest(), source), 202, 400)
    if answer.status == 400:
        assert answer.codes == ["NAME_INVALID"]
