"""Manifests: what is refused, what is negotiated, what deleting takes along."""

import json

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make, Manifest, digest_of
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.media_types import (
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_LAYER,
    DOCKER_LIST,
    DOCKER_SCHEMA1,
    IMAGE,
    INDEX,
)
from tests.live.conformance.repository import Repository

MALFORMED = ["sha256:baddigeststring", "sha256:totallywrong", "sha256:", "md5:" + "0" * 32, "sha256:" + "A" * 64]
# The tag grammar is [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
GOOD_TAGS = ["a", "_", "A.b-c_d", "0", "v1.0.0", "x" * 128, "_--..", "UPPER", "manifests", "list"]
BAD_TAGS = [".INVALID_MANIFEST_NAME", "-a", "a+b", "a b", "x" * 129, "é", "a%2Fb", "a~b", "a@b"]


@pytest.fixture
def image(repo: Repository, make: Make) -> Manifest:
    return repo.publish(make.image(), "latest")


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("reference", ["by-tag", "by-digest"])
def test_a_manifest_never_pushed_is_unknown(repo: Repository, make: Make, reference: str, is_known: bool) -> None:
    if is_known:
        repo.publish(make.image(), "latest")
    asked = "missing" if reference == "by-tag" else make.unknown_digest()
    code = "MANIFEST_UNKNOWN" if is_known else ("NAME_UNKNOWN", "MANIFEST_UNKNOWN")
    expect(repo.get_manifest(asked), 404, code=code)
    expect(repo.head_manifest(asked), 404)
    expect(repo.delete_manifest(asked), 404, code=code)


@pytest.mark.parametrize("reference", MALFORMED)
def test_a_malformed_digest_is_refused(repo: Repository, make: Make, reference: str) -> None:
    manifest = make.image()
    repo.push(*manifest.blobs)
    expect(repo.put_manifest(reference, manifest), 400, code="DIGEST_INVALID")
    expect(repo.get_manifest(reference), 400, 404, code=("DIGEST_INVALID", "MANIFEST_UNKNOWN", "NAME_UNKNOWN"))
    expect(repo.delete_manifest(reference), 400, 404, code=("DIGEST_INVALID", "MANIFEST_UNKNOWN", "NAME_UNKNOWN"))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_manifest_with_the_wrong_digest_is_refused(repo: Repository, algorithm: str) -> None:
    """The data set "bad-digest-image"."""
    make = fresh_make(algorithm)
    manifest, wrong = make.image(), make.unknown_digest()
    repo.push(*manifest.blobs)
    expect(repo.put_manifest(wrong, manifest), 400, code="DIGEST_INVALID")
    expect(repo.head_manifest(wrong), 404)
    expect(repo.head_manifest(manifest.digest), 404)


def test_a_push_by_tag_is_readable_by_digest(repo: Repository, make: Make) -> None:
    manifest = make.image()
    repo.push(*manifest.blobs)
    answer = expect(repo.put_manifest("latest", manifest), 201)
    assert answer.header("Docker-Content-Digest") == manifest.digest
    assert expect(repo.get_manifest(manifest.digest), 200).body == manifest.body


def test_one_manifest_is_known_by_two_digests(repo: Repository, make: Make) -> None:
    """Pushed under sha256 and under sha512 it answers with the digest it was asked by."""
    manifest = make.image()
    repo.publish(manifest, "short")
    long = digest_of(manifest.body, "sha512")
    expect(repo.put_manifest(long, manifest), 201)
    for reference in (manifest.digest, long):
        assert expect(repo.get_manifest(reference), 200).header("Docker-Content-Digest") == reference
    assert expect(repo.get_manifest("short"), 200).header("Docker-Content-Digest") == manifest.digest


def test_pushing_a_manifest_twice_is_harmless(repo: Repository, image: Manifest) -> None:
    expect(repo.put_manifest("latest", image), 201)
    assert expect(repo.list_tags(), 200).json()["tags"] == ["latest"]


def test_a_tag_moves(repo: Repository, image: Manifest, make: Make) -> None:
    second = repo.publish(make.image(), "latest")
    assert expect(repo.get_manifest("latest"), 200).body == second.body
    assert expect(repo.get_manifest(image.digest), 200).body == image.body


def test_missing_blobs_are_named_one_by_one(repo: Repository, make: Make) -> None:
    manifest = make.image()
    config, first, second = manifest.blobs
    repo.push(first)
    answer = expect(repo.put_manifest("latest", manifest), 400, 404, code=("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"))
    told = answer.body.decode()
    assert config.digest in told
    assert second.digest in told
    assert first.digest not in told
    expect(repo.head_manifest("latest"), 404)
    expect(repo.head_manifest(manifest.digest), 404)


def test_missing_children_are_named_one_by_one(repo: Repository, make: Make) -> None:
    index = make.platforms()
    here, absent = index.children
    repo.publish(here)
    answer = expect(repo.put_manifest("latest", index), 400, 404)
    assert set(answer.codes) <= {"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"}
    assert absent.digest in answer.body.decode()
    assert here.digest not in answer.body.decode()
    expect(repo.head_manifest("latest"), 404)


@pytest.mark.parametrize("tag", GOOD_TAGS)
def test_every_tag_of_the_grammar_works(repo: Repository, make: Make, tag: str) -> None:
    manifest = make.image(0)
    repo.publish(manifest, tag)
    assert expect(repo.get_manifest(tag), 200).body == manifest.body
    assert expect(repo.list_tags(), 200).json()["tags"] == [tag]
    expect(repo.delete_manifest(tag), 202)


@pytest.mark.parametrize("tag", BAD_TAGS)
def test_no_tag_outside_the_grammar_is_taken(repo: Repository, make: Make, tag: str) -> None:
    manifest = make.image(0)
    repo.push(*manifest.blobs)
    answer = expect(repo.put_manifest(tag, manifest), 400, 404)
    assert set(answer.codes) & {"TAG_INVALID", "MANIFEST_INVALID", "NAME_INVALID", "UNSUPPORTED", "NAME_UNKNOWN"}
    expect(repo.head_manifest(manifest.digest), 404)


@pytest.mark.parametrize("tag", BAD_TAGS)
def test_a_tag_outside_the_grammar_is_not_found(repo: Repository, image: Manifest, tag: str) -> None:
    """404, not 400: it cannot exist, and the released suite asks exactly that."""
    expect(repo.get_manifest(tag), 404)
    expect(repo.head_manifest(tag), 404)


@pytest.mark.parametrize(
    "accepts",
    [
        [],
        ["*/*"],
        ["application/*"],
        [IMAGE],
        [f"{INDEX}, {IMAGE}"],
        [INDEX, IMAGE],
        [f"{INDEX};q=0.9, {IMAGE};q=0.5", "*/*;q=0.1"],
        [DOCKER_IMAGE, DOCKER_LIST, INDEX, IMAGE],
        ["application/json", f"{IMAGE} ; q=0.001"],
        [IMAGE.upper()],
    ],
)
def test_a_manifest_is_served_to_whoever_accepts_it(repo: Repository, image: Manifest, accepts: list[str]) -> None:
    headers = [("Accept", accept) for accept in accepts]
    for answer in (repo.get_manifest("latest", headers), repo.head_manifest("latest", headers)):
        assert expect(answer, 200).header("Content-Type") == IMAGE
    assert repo.get_manifest("latest", headers).body == image.body


@pytest.mark.parametrize("accepts", [["garbage"], [""], ["a/b/c;;;q=x"], ["text/html;q=2"], [",,,"], [f"{IMAGE};q=0"]])
def test_an_accept_header_that_fits_nothing_never_changes_the_manifest(
    repo: Repository, image: Manifest, accepts: list[str]
) -> None:
    """The stored bytes, or a refusal; never another document under this digest."""
    answer = expect(repo.get_manifest("latest", [("Accept", accept) for accept in accepts]), 200, 404, 406)
    if answer.status == 200:
        assert answer.body == image.body
        assert answer.header("Content-Type") == IMAGE


def test_a_manifest_that_has_not_changed_is_not_sent_again(repo: Repository, image: Manifest, make: Make) -> None:
    etag = expect(repo.get_manifest("latest"), 200).header("ETag")
    assert etag
    for condition in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = repo.get_manifest("latest", [("Accept", IMAGE), ("If-None-Match", condition)])
        assert answer.status == 304, str(answer)
        assert answer.header("ETag") == etag
    other = repo.get_manifest("latest", [("Accept", IMAGE), ("If-None-Match", '"other"')])
    assert expect(other, 200).body == image.body
    repo.publish(make.image(), "latest")
    expect(repo.get_manifest("latest", [("Accept", IMAGE), ("If-None-Match", etag)]), 200)


def test_a_blob_that_one_has_is_not_sent_again(repo: Repository, make: Make) -> None:
    blob = make.blob()
    repo.push(blob)
    etag = expect(repo.get_blob(blob.digest), 200).header("ETag")
    assert etag
    path = repo.path(f"blobs/{blob.digest}")
    assert repo.registry.send("GET", path, headers=[("If-None-Match", etag)]).status == 304


def test_docker_images_and_lists_are_taken_as_they_are(repo: Repository, make: Make) -> None:
    config, layer = make.blob(), make.blob()
    content = {
        "schemaVersion": 2,
        "mediaType": DOCKER_IMAGE,
        "config": {**config.descriptor(), "mediaType": DOCKER_CONFIG},
        "layers": [{**layer.descriptor(), "mediaType": DOCKER_LAYER}],
    }
    image = make.manifest(content, DOCKER_IMAGE, blobs=(config, layer))
    child = image.descriptor(platform={"os": "linux", "architecture": "amd64"})
    listing = make.manifest({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [child]}, DOCKER_LIST)
    repo.publish(image, "image")
    repo.publish(listing, "list")
    for tag, manifest in (("image", image), ("list", listing)):
        answer = expect(repo.get_manifest(tag, [("Accept", DOCKER_IMAGE), ("Accept", DOCKER_LIST)]), 200)
        assert answer.body == manifest.body
        assert answer.header("Content-Type") == manifest.media_type


def test_schema_1_is_refused_with_a_sentence(repo: Repository) -> None:
    body = {"schemaVersion": 1, "name": repo.name, "tag": "old", "architecture": "amd64", "fsLayers": [], "history": []}
    answer = repo.put_body("old", json.dumps(body).encode(), DOCKER_SCHEMA1)
    expect(answer, 400, 415, code=("MANIFEST_INVALID", "UNSUPPORTED"))
    assert "schema" in answer.json()["errors"][0]["message"].lower()


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [(IMAGE, INDEX), (INDEX, IMAGE), (IMAGE, DOCKER_IMAGE), ("text/html", IMAGE), ("application/json", None)],
)
def test_a_media_type_that_does_not_fit_is_refused(
    repo: Repository, make: Make, content_type: str, media_type: str | None
) -> None:
    image = make.image()
    repo.push(*image.blobs)
    content = {key: value for key, value in image.content.items() if key != "mediaType"}
    if media_type:
        content["mediaType"] = media_type
    answer = repo.put_body("latest", json.dumps(content).encode(), content_type)
    expect(answer, 400, 415, code=("MANIFEST_INVALID", "UNSUPPORTED"))


def test_the_media_type_may_stand_in_the_header_alone_and_with_parameters(repo: Repository, make: Make) -> None:
    image = make.image()
    repo.push(*image.blobs)
    body = json.dumps({key: value for key, value in image.content.items() if key != "mediaType"}).encode()
    expect(repo.put_body("latest", body, f"{IMAGE}; charset=utf-8"), 201)
    answer = expect(repo.get_manifest("latest"), 200)
    assert answer.body == body
    assert (answer.header("Content-Type") or "").partition(";")[0] == IMAGE


def test_a_manifest_over_the_limit_is_too_large(repo: Repository, make: Make) -> None:
    """4 MiB is the least a registry has to take; above ours the answer is 413."""
    image = make.image(annotations={"org.example.huge": "h" * (4 * 1024 * 1024)})
    repo.push(*image.blobs)
    expect(repo.put_manifest("latest", image), 413)
    expect(repo.head_manifest("latest"), 404)


def test_a_manifest_of_exactly_four_mebibytes_is_taken(repo: Repository, make: Make) -> None:
    image = make.image(annotations={"org.example.huge": ""})
    filler = "h" * (4 * 1024 * 1024 - len(image.body))
    content = {**image.content, "annotations": {"org.example.huge": filler}}
    large = make.manifest(content, IMAGE, blobs=image.blobs)
    assert len(large.body) == 4 * 1024 * 1024
    repo.publish(large)
    assert expect(repo.get_manifest(large.digest), 200).body == large.body
