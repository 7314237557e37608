"""The suite released with 1.1.1, "Pull": spec by spec."""

import pytest

from tests.live.conformance.answers import ERROR_CODE, expect
from tests.live.conformance.builders import Make, Manifest
from tests.live.conformance.repository import Repository

METHODS = ("HEAD", "GET")


@pytest.fixture
def images(repo: Repository, make: Make) -> tuple[Manifest, Manifest]:
    """Two images that share a layer: one pushed by tag, one by digest."""
    layer = make.layer()
    tagged, untagged = make.image([layer]), make.image([layer])
    repo.push(*tagged.blobs, untagged.blobs[0])
    expect(repo.put_manifest("tag", tagged), 201)
    expect(repo.put_manifest(untagged.digest, untagged), 201)
    return tagged, untagged


@pytest.mark.parametrize("method", METHODS)
def test_an_absent_blob_is_404(repo: Repository, images: tuple[Manifest, Manifest], make: Make, method: str) -> None:
    expect(repo.registry.send(method, repo.path(f"blobs/{make.unknown_digest()}")), 404)


@pytest.mark.parametrize("method", METHODS)
def test_a_present_blob_is_200(repo: Repository, images: tuple[Manifest, Manifest], method: str) -> None:
    for blob in images[0].blobs:
        answer = expect(repo.registry.send(method, repo.path(f"blobs/{blob.digest}")), 200)
        assert answer.header("Docker-Content-Digest") in (None, blob.digest)


@pytest.mark.parametrize("method", METHODS)
def test_the_invalid_manifest_name_is_404(repo: Repository, images: tuple[Manifest, Manifest], method: str) -> None:
    """Not 400, although it is no valid tag."""
    expect(repo.registry.send(method, repo.path("manifests/.INVALID_MANIFEST_NAME")), 404)


@pytest.mark.parametrize("method", METHODS)
def test_a_manifest_is_200_by_digest_and_by_tag(
    repo: Repository, images: tuple[Manifest, Manifest], method: str
) -> None:
    tagged, untagged = images
    for reference, manifest in ((tagged.digest, tagged), (untagged.digest, untagged), ("tag", tagged)):
        headers = [("Accept", manifest.media_type)]
        answer = expect(repo.registry.send(method, repo.path(f"manifests/{reference}"), headers=headers), 200)
        assert answer.header("Docker-Content-Digest") in (None, manifest.digest)
        assert method == "HEAD" or answer.body == manifest.body


def test_a_totally_wrong_digest_is_400_or_404_with_a_code(repo: Repository, images: tuple[Manifest, Manifest]) -> None:
    answer = expect(repo.get_manifest("sha256:totallywrong"), 400, 404)
    assert answer.status == 404 or all(ERROR_CODE.fullmatch(code) for code in answer.codes)


def test_everything_can_be_cleaned_up(repo: Repository, images: tuple[Manifest, Manifest]) -> None:
    for manifest in images:
        expect(repo.delete_manifest(manifest.digest), 200, 202, 405)
    for blob in {blob.digest for manifest in images for blob in manifest.blobs}:
        expect(repo.delete_blob(blob), 202, 404, 405)
