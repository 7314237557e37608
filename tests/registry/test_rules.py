"""Decisions of the registry, as tables of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.registry import rules
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BodyTooLarge,
    DigestMismatch,
    ManifestBlobUnknown,
    ParameterInvalid,
    UploadOutOfOrder,
)
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import DOCKER_FOREIGN_LAYER
from entrepot.values.names import TagName
from tests.make.image import Blob, Image

V1, V2 = TagName("v1"), TagName("v2")


def test_a_manifest_is_kept_under_the_digest_it_is_pushed_by_else_its_sha256() -> None:
    body = b"{}"

    assert rules.stored_digest(V1, body) == Digest.of(body)
    assert rules.stored_digest(Digest.of(body), body) == Digest.of(body)
    assert rules.stored_digest(Digest.of(body, "sha512"), body) == Digest.of(body, "sha512")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_manifest_with_another_digest_is_refused_with_both_digests(algorithm: str) -> None:
    wanted = Digest.of(b"other", algorithm)

    with pytest.raises(DigestMismatch) as refused:
        rules.stored_digest(wanted, b"{}")

    assert refused.value.detail == {"expected": str(wanted), "actual": str(Digest.of(b"{}", algorithm))}


def test_a_push_by_tag_moves_that_tag_and_one_by_digest_those_it_names() -> None:
    digest = Digest.of(b"")

    assert rules.tags_to_move(V1, [], 2) == [V1]
    assert rules.tags_to_move(digest, [], 2) == []
    assert rules.tags_to_move(digest, [V2, V1, V2], 2) == [V2, V1]
    with pytest.raises(ParameterInvalid):
        rules.tags_to_move(V1, [V2], 2)
    with pytest.raises(ParameterInvalid):
        rules.tags_to_move(digest, [V1, V2], 1)


def test_what_is_missing_is_named_once_and_in_the_order_of_the_manifest() -> None:
    image = Image.make(layers=3)
    config, first, second, third = (str(blob.digest) for blob in image.blobs)
    manifest = Manifest.parse(image.body, image.media_type)

    assert rules.missing_references(manifest, {config, first, second, third}, ()) == []
    assert rules.missing_references(manifest, {second}, ()) == [config, first, third]
    index = Image.index(Image.make(), image, image)
    children = [str(child.digest) for child in Manifest.parse(index.body, index.media_type).children]
    assert rules.missing_references(Manifest.parse(index.body, None), (), {children[0]}) == [children[1]]


def test_an_incomplete_manifest_is_refused_unless_sparse_ones_are_allowed() -> None:
    image = Image.make(layers=20)
    manifest = Manifest.parse(image.body, None)
    missing = [str(blob.digest) for blob in image.blobs]

    rules.check_complete(manifest, [], allows_sparse=False)
    rules.check_complete(manifest, missing, allows_sparse=True)
    with pytest.raises(ManifestBlobUnknown) as refused:
        rules.check_complete(manifest, missing, allows_sparse=False)
    assert refused.value.detail == {"digests": missing}
    assert len(refused.value.message) < 1_200


def test_what_is_accepted_but_deserves_a_word() -> None:
    whole = Manifest.parse(Image.make().body, None)
    document = Image.make().body.replace(b"application/vnd.oci.image.layer.v1.tar", DOCKER_FOREIGN_LAYER.encode())
    foreign = Manifest.parse(document, None)

    assert rules.warnings_about(whole, []) == ()
    assert len(rules.warnings_about(whole, ["sha256:…"])) == 1
    assert len(rules.warnings_about(foreign, [])) == 1
    assert len(rules.warnings_about(foreign, ["sha256:…"])) == 2
    for warning in rules.warnings_about(foreign, ["x"]):
        assert warning.isascii() and '"' not in warning  # they go into a quoted header


def test_a_chunk_begins_where_the_upload_ends() -> None:
    rules.check_start(None, 7)
    rules.check_start(7, 7)
    for start in (0, 6, 8):
        with pytest.raises(UploadOutOfOrder) as refused:
            rules.check_start(start, 7)
        assert refused.value.offset == 7


def test_a_blob_may_be_as_large_as_the_limit_and_no_limit_is_none() -> None:
    rules.check_blob_size(10, 10)
    rules.check_blob_size(1 << 60, 0)
    with pytest.raises(BodyTooLarge):
        rules.check_blob_size(11, 10)


@pytest.mark.parametrize("category", ["", "APP", "app server", "\0"])
def test_a_category_is_one_of_the_contract(category: str) -> None:
    with pytest.raises(ParameterInvalid):
        rules.check_category(category)


def test_a_description_is_text_of_a_bounded_length() -> None:
    longest = "ü" * rules.DESCRIPTION_CHARS_MAX

    assert rules.check_description(longest) == longest
    with pytest.raises(BodyTooLarge):
        rules.check_description(longest + "x")
    for wrong in ("a\0b", "half \ud800 a pair"):
        with pytest.raises(ParameterInvalid):
            rules.check_description(wrong)


@given(st.lists(st.integers(), max_size=20), st.integers(min_value=0, max_value=25))
def test_a_list_read_one_item_too_long_says_whether_there_is_more(items: list[int], limit: int) -> None:
    read = items[: limit + 1]

    assert rules.page(read, limit) == (items[:limit], len(items) > limit)


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(min_value=0, max_value=300))
def test_as_many_documents_as_fit_are_taken_and_never_none(texts: list[str], bytes_max: int) -> None:
    documents = [{"a": text} for text in texts]

    taken = rules.fitting(documents, bytes_max)

    assert taken == documents[: len(taken)]
    assert bool(taken) == bool(documents)


def test_blobs_and_images_of_tests_are_what_they_say() -> None:
    image = Image.make(layers=2, holding=[Blob(b"shared")])
    manifest = Manifest.parse(image.body, image.media_type)

    assert manifest.digest == image.digest
    assert {blob.digest for blob in manifest.blobs} == {blob.digest for blob in image.blobs}
