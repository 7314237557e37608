"""Deleting manifests, tags and the blobs they need (specification, "Content Management")."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make, Manifest
from tests.live.conformance.repository import Repository


@pytest.fixture
def image(repo: Repository, make: Make) -> Manifest:
    return repo.publish(make.image(), "latest")


def test_deleting_a_tag_leaves_the_manifest_and_its_other_tags(repo: Repository, image: Manifest) -> None:
    expect(repo.put_manifest("other", image), 201)
    expect(repo.delete_manifest("latest"), 202)
    expect(repo.head_manifest("latest"), 404)
    assert expect(repo.get_manifest("other"), 200).body == image.body
    assert expect(repo.get_manifest(image.digest), 200).body == image.body
    assert expect(repo.list_tags(), 200).json()["tags"] == ["other"]
    expect(repo.delete_manifest("latest"), 404, code="MANIFEST_UNKNOWN")


def test_deleting_a_manifest_takes_its_tags_along(repo: Repository, image: Manifest) -> None:
    expect(repo.put_manifest("other", image), 201)
    expect(repo.delete_manifest(image.digest), 202)
    for reference in ("latest", "other", image.digest):
        expect(repo.head_manifest(reference), 404)
    answer = expect(repo.list_tags(), 200, 404)
    assert answer.status == 404 or answer.json()["tags"] == []
    expect(repo.delete_manifest(image.digest), 404, code="MANIFEST_UNKNOWN")


def test_a_deleted_manifest_can_be_pushed_again(repo: Repository, image: Manifest) -> None:
    expect(repo.delete_manifest(image.digest), 202)
    expect(repo.put_manifest("again", image), 201)
    assert expect(repo.get_manifest(image.digest), 200).body == image.body
    expect(repo.head_manifest("latest"), 404)


def test_deleting_a_blob_an_image_needs_is_done_or_refused_but_never_half(repo: Repository, image: Manifest) -> None:
    layer = image.blobs[1]
    answer = repo.delete_blob(layer.digest)
    if answer.status == 202:
        expect(repo.head_blob(layer.digest), 404)
        repo.push(layer)
    else:
        expect(answer, 400, 405, 409)
    assert expect(repo.get_blob(layer.digest), 200).body == layer.content
    assert expect(repo.get_manifest("latest"), 200).body == image.body


def test_a_deleted_blob_is_missing_to_the_next_manifest(repo: Repository, image: Manifest, make: Make) -> None:
    layer = image.blobs[1]
    for reference in ("latest", image.digest):
        expect(repo.delete_manifest(reference), 202)
    expect(repo.delete_blob(layer.digest), 202)
    second = make.image([layer])
    repo.push(second.blobs[0])
    answer = expect(repo.put_manifest("second", second), 400, 404, code=("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"))
    assert layer.digest in answer.body.decode()


def test_a_child_of_an_index_is_not_deleted_before_it(repo: Repository, make: Make) -> None:
    """An index that is there can be pulled whole; the refusal names it."""
    index = make.platforms()
    for child in index.children:
        repo.publish(child)
    repo.publish(index, "latest")
    answer = expect(repo.delete_manifest(index.children[0].digest), 405, code="UNSUPPORTED")
    assert index.digest in answer.body.decode()
    expect(repo.head_manifest(index.children[0].digest), 200)
    expect(repo.delete_manifest(index.digest), 202)
    expect(repo.delete_manifest(index.children[0].digest), 202)


def test_deleting_an_index_leaves_its_children(repo: Repository, make: Make) -> None:
    index = make.platforms()
    for child in index.children:
        repo.publish(child)
    repo.publish(index, "latest")
    expect(repo.delete_manifest(index.digest), 202)
    for child in index.children:
        assert expect(repo.get_manifest(child.digest), 200).body == child.body


def test_deleting_in_one_repository_leaves_the_other(repo: Repository, repo2: Repository, make: Make) -> None:
    image = make.image()
    repo.publish(image, "latest")
    repo2.publish(image, "latest")
    expect(repo.delete_manifest(image.digest), 202)
    assert expect(repo2.get_manifest("latest"), 200).body == image.body
    for blob in image.blobs:
        expect(repo.delete_blob(blob.digest), 202)
        assert expect(repo2.get_blob(blob.digest), 200).body == blob.content
