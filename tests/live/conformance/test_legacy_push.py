"""The suite released with 1.1.1, "Push": spec by spec."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Blob, Make
from tests.live.conformance.repository import Repository, Session
from tests.live.conformance.uploads import check_stored

FIRST_BYTES = 3


@pytest.fixture
def blob(make: Make) -> Blob:
    return make.blob(1027)


def test_a_streamed_upload(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    assert expect(session.patch(blob.content), 202).header("Location")
    assert expect(session.put(blob.digest), 201).header("Location")


@pytest.mark.parametrize("is_layer", [False, True])
def test_a_monolithic_upload(repo: Repository, make: Make, is_layer: bool) -> None:
    blob = make.layer() if is_layer else make.config([])
    expect(repo.get_blob(blob.digest), 404)
    answer = expect(repo.post_blob(blob.content, blob.digest), 201, 202)
    assert answer.header("Location")
    found = expect(repo.get_blob(blob.digest), 200 if answer.status == 201 else 404)
    assert answer.status == 202 or found.body == blob.content
    session = repo.start_upload()
    answer = expect(session.put(blob.digest, blob.content), 201)
    assert answer.header("Location")
    assert expect(repo.get_blob(blob.digest), 200).body == blob.content


def test_a_chunk_out_of_order_is_416(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    expect(session.patch(blob.content[FIRST_BYTES:], FIRST_BYTES), 416)


def test_a_first_chunk_is_202_with_the_range_that_was_sent(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    answer = expect(session.patch(blob.content[:FIRST_BYTES], 0), 202)
    assert answer.header("Location")
    assert answer.header("Range") == f"0-{FIRST_BYTES - 1}"


def test_the_same_chunk_again_is_416(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    expect(session.patch(blob.content[:FIRST_BYTES], 0), 202)
    expect(session.patch(blob.content[:FIRST_BYTES], 0), 416)


def test_the_older_address_of_a_session_still_tells_its_range(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    older = session.url
    expect(session.patch(blob.content[:FIRST_BYTES], 0), 202)
    answer = expect(session.status(older), 204)
    assert answer.header("Location")
    assert answer.header("Range") == f"0-{FIRST_BYTES - 1}"


def test_the_older_address_of_a_session_still_takes_chunks(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    older = session.url
    expect(session.patch(blob.content[:FIRST_BYTES], 0), 202)
    expect(session.patch(blob.content[FIRST_BYTES:], FIRST_BYTES, url=older), 202)
    session.url = older
    check_stored(repo, blob, session.put(blob.digest))


def test_a_second_chunk_is_202_with_the_range_of_all_so_far(repo: Repository, blob: Blob) -> None:
    session = repo.start_upload()
    expect(session.patch(blob.content[:FIRST_BYTES], 0), 202)
    answer = expect(session.patch(blob.content[FIRST_BYTES:], FIRST_BYTES), 202)
    assert answer.header("Location")
    assert answer.header("Range") == f"0-{len(blob.content) - 1}"


def test_a_chunked_upload_with_everything_that_can_go_wrong(repo: Repository, blob: Blob) -> None:
    first, second = blob.content[:FIRST_BYTES], blob.content[FIRST_BYTES:]
    session = repo.start_upload()
    expect(session.patch(second, FIRST_BYTES), 416)
    expect(session.patch(first, 0), 202)
    expect(session.patch(first, 0), 416)
    expect(session.status(), 204)
    expect(session.patch(second, FIRST_BYTES), 202)
    check_stored(repo, blob, session.put(blob.digest))


def test_a_mount_without_source_of_what_nobody_has(repo: Repository, blob: Blob) -> None:
    assert expect(repo.mount(blob.digest), 202).header("Location")


def test_a_mount_with_source_names_the_blob_or_an_upload(repo: Repository, repo2: Repository, blob: Blob) -> None:
    repo.push(blob)
    answer = expect(repo2.mount(blob.digest, repo.name), 201, 202)
    if answer.status == 201:
        assert answer.location_path == f"/v2/{repo2.name}/blobs/{blob.digest}"
        assert expect(repo2.get_blob(blob.digest), 200).body == blob.content
    else:
        assert answer.location_path.startswith(f"/v2/{repo2.name}/blobs/uploads/")


def test_automatic_crossmounting_is_on(repo: Repository, repo2: Repository, blob: Blob) -> None:
    repo.push(blob)
    answer = expect(repo2.mount(blob.digest), 201)
    assert answer.location_path == f"/v2/{repo2.name}/blobs/{blob.digest}"


def test_a_mount_that_failed_goes_on_as_an_upload(repo: Repository, blob: Blob) -> None:
    answer = expect(repo.mount(blob.digest), 202)
    check_stored(repo, blob, Session(repo, answer.location, 0, answer).put(blob.digest, blob.content))


def test_an_absent_manifest_is_404(repo: Repository, blob: Blob) -> None:
    repo.push(blob)
    expect(repo.get_manifest("latest"), 404)


def test_a_manifest_is_pushed_by_four_tags(repo: Repository, make: Make) -> None:
    manifest = make.image(1)
    repo.push(*manifest.blobs)
    for number in range(4):
        answer = expect(repo.put_manifest(f"test{number}", manifest), 201)
        assert answer.header("Location")
    assert expect(repo.get_manifest(manifest.digest), 200).body == manifest.body


def test_a_manifest_without_layers_is_pushed(repo: Repository, make: Make) -> None:
    manifest = make.image(0)
    repo.push(*manifest.blobs)
    expect(repo.put_manifest("emptylayer", manifest), 201)
    assert expect(repo.get_manifest(manifest.digest), 200).body == manifest.body
