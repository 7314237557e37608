"""What the unreleased specification adds to 1.1: already ours."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Blob, Make, Manifest
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.repository import ACCEPT, Repository
from tests.live.conformance.uploads import BLOB_BYTES, check_held, check_stored, chunks, send_chunk


@pytest.fixture
def image(repo: Repository, make: Make) -> Manifest:
    """An image whose blobs are there, and nothing more."""
    manifest = make.image()
    repo.push(*manifest.blobs)
    return manifest


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_an_upload_says_beforehand_which_algorithm_it_will_close_with(repo: Repository, algorithm: str) -> None:
    blob = fresh_make(algorithm).blob(BLOB_BYTES)
    session = repo.start_upload(("digest-algorithm", algorithm))
    for start, chunk in chunks(session, blob.content):
        send_chunk(session, start, chunk)
    check_stored(repo, blob, session.put(blob.digest))


def test_an_upload_may_close_with_another_algorithm_than_it_said(repo: Repository, make: Make) -> None:
    """The parameter is a hint to hash early; the closing digest decides. A refusal is 400, and leaves nothing."""
    blob = make.blob()
    session = repo.start_upload(("digest-algorithm", "sha512"))
    expect(session.patch(blob.content), 202)
    answer = expect(session.put(blob.digest), 201, 400)
    expect(repo.head_blob(blob.digest), 200 if answer.status == 201 else 404)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "", "SHA256", "../../etc", "sha256,sha512"])
def test_an_algorithm_nobody_supports_opens_no_upload(repo: Repository, algorithm: str) -> None:
    params = [("digest-algorithm", algorithm)]
    expect(repo.registry.send("POST", repo.path("blobs/uploads/"), params=params), 400, code="DIGEST_INVALID")


def test_a_closing_request_out_of_order_is_answered_416_and_the_session_goes_on(repo: Repository, make: Make) -> None:
    blob = make.blob(BLOB_BYTES)
    session = repo.start_upload()
    send_chunk(session, 0, blob.content[:1024])
    expect(session.put(blob.digest, blob.content[2048:], 2048), 416)
    check_held(session, 1024)
    check_stored(repo, blob, session.put(blob.digest, blob.content[1024:], 1024))


def test_a_push_by_digest_can_name_its_tags(repo: Repository, image: Manifest) -> None:
    answer = expect(repo.put_manifest(image.digest, image, ["a", "b"]), 201)
    assert sorted(answer.header_lines("OCI-Tag")) == ["a", "b"]
    assert answer.header("Docker-Content-Digest") == image.digest
    for tag in ("a", "b"):
        assert expect(repo.get_manifest(tag), 200).body == image.body
    assert expect(repo.list_tags(), 200).json()["tags"] == ["a", "b"]


def test_ten_tags_and_more_can_be_named_at_once(repo: Repository, image: Manifest) -> None:
    tags = [f"v1.{number}" for number in range(20)]
    answer = expect(repo.put_manifest(image.digest, image, tags), 201)
    assert sorted(answer.header_lines("OCI-Tag")) == sorted(tags)
    assert sorted(expect(repo.list_tags(), 200).json()["tags"]) == sorted(tags)


def test_naming_a_tag_twice_sets_it_once(repo: Repository, image: Manifest) -> None:
    answer = expect(repo.put_manifest(image.digest, image, ["a", "a"]), 201)
    assert set(answer.header_lines("OCI-Tag")) == {"a"}
    assert expect(repo.list_tags(), 200).json()["tags"] == ["a"]


def test_tag_parameters_move_tags(repo: Repository, image: Manifest, make: Make) -> None:
    repo.publish(make.image(), "a", "b")
    expect(repo.put_manifest(image.digest, image, ["a"]), 201)
    assert expect(repo.get_manifest("a"), 200).body == image.body
    assert expect(repo.get_manifest("b"), 200).body != image.body


@pytest.mark.parametrize("tag", ["", "-bad", "a/b", "x" * 129, "a\r\nX-Evil: 1", "sha256:" + "0" * 64])
def test_one_bad_tag_parameter_refuses_the_whole_push(repo: Repository, image: Manifest, tag: str) -> None:
    answer = expect(repo.put_manifest(image.digest, image, ["good", tag]), 400)
    assert "x-evil" not in dict(answer.headers)
    expect(repo.head_manifest(image.digest), 404)
    expect(repo.head_manifest("good"), 404)


def test_very_many_tag_parameters_are_taken_or_refused_as_too_many(repo: Repository, image: Manifest) -> None:
    tags = [f"tag-{number:04}" for number in range(500)]
    answer = expect(repo.put_manifest(image.digest, image, tags), 201, 400, 414)
    listed = repo.list_tags()
    assert (listed.status == 200 and sorted(listed.json()["tags"]) == tags) == (answer.status == 201)


def test_tag_parameters_on_a_push_by_tag_set_all_or_are_refused(repo: Repository, image: Manifest) -> None:
    """The specification has the parameter for a push by digest only."""
    answer = expect(repo.put_manifest("a", image, ["b"]), 201, 400)
    listed = repo.list_tags()
    tags = listed.json()["tags"] if listed.status == 200 else []
    if answer.status == 400:
        assert tags == []
    else:
        assert tags == ["a", *sorted(answer.header_lines("OCI-Tag"))]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_tag_remembers_the_algorithm_it_was_pushed_with(repo: Repository, algorithm: str) -> None:
    manifest = fresh_make(algorithm).image()
    repo.push(*manifest.blobs)
    expect(repo.put_manifest(manifest.digest, manifest, ["latest"]), 201)
    for answer in (repo.head_manifest("latest"), repo.get_manifest("latest")):
        assert expect(answer, 200).header("Docker-Content-Digest") == manifest.digest


def test_every_read_names_digest_and_length(repo: Repository, image: Manifest) -> None:
    expect(repo.put_manifest("latest", image), 201)
    layer: Blob = image.blobs[1]
    reads = [
        (repo.head_manifest("latest"), image.digest, len(image.body)),
        (repo.get_manifest(image.digest), image.digest, len(image.body)),
        (repo.head_blob(layer.digest), layer.digest, len(layer.content)),
        (repo.get_blob(layer.digest), layer.digest, len(layer.content)),
    ]
    for answer, digest, length in reads:
        assert expect(answer, 200).header("Docker-Content-Digest") == digest
        assert answer.header("Content-Length") == str(length)


@pytest.mark.parametrize("namespace", ["registry.example.com", "", "a\r\nX-Evil: 1", "../..", "x" * 2000])
def test_a_namespace_parameter_nobody_mirrors_changes_nothing(
    repo: Repository, image: Manifest, namespace: str
) -> None:
    """Docker and containerd send `ns` to every mirror they know. Nothing is mirrored here, so no OCI-Namespace."""
    expect(repo.put_manifest("latest", image), 201)
    answer = repo.registry.send("GET", repo.path("manifests/latest"), params=[("ns", namespace)], headers=ACCEPT)
    assert expect(answer, 200).body == image.body
    assert answer.header("OCI-Namespace") is None
    assert "x-evil" not in dict(answer.headers)
