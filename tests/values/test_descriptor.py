import base64

import pytest

from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestInvalid
from entrepot.values.media_types import DOCKER_FOREIGN_LAYER, EMPTY_JSON, OCI_LAYER_GZIP
from entrepot.values.platform import Platform

D256 = Digest.of(b"{}")
D512 = Digest.of(b"{}", "sha512")


def described(**changes):
    fields = {"mediaType": EMPTY_JSON, "digest": str(D256), "size": 2, **changes}
    return {key: value for key, value in fields.items() if value is not ...}


def test_a_full_descriptor_is_read():
    descriptor = Descriptor.parse(
        described(
            artifactType="text/spdx+json",
            annotations={"a": "b", "é": "ü"},
            platform={"os": "linux", "architecture": "amd64"},
            urls=["https://example.test/x"],
            data=base64.b64encode(b"{}").decode(),
            unknown=[{"kept": "elsewhere"}],
        )
    )
    assert descriptor == Descriptor(
        media_type=EMPTY_JSON,
        digest=D256,
        size=2,
        artifact_type="text/spdx+json",
        annotations={"a": "b", "é": "ü"},
        platform=Platform("linux", "amd64"),
        urls=("https://example.test/x",),
        data=b"{}",
    )
    assert len({descriptor, descriptor}) == 1


def test_null_counts_as_absent_as_go_clients_write_it():
    nulls = dict.fromkeys(["artifactType", "annotations", "platform", "urls", "data"])
    assert Descriptor.parse(described(**nulls)) == Descriptor(EMPTY_JSON, D256, 2)


def test_data_is_checked_in_the_algorithm_of_the_digest():
    descriptor = Descriptor.parse(described(digest=str(D512), data="e30="))
    assert (descriptor.digest, descriptor.data) == (D512, b"{}")


def test_empty_data_is_the_empty_blob():
    assert Descriptor.parse(described(digest=str(Digest.of(b"")), size=0, data="")).data == b""


@pytest.mark.parametrize(
    "media_type", [OCI_LAYER_GZIP, "application/vnd.a.b-c_d+json", "text/plain;charset=utf-8", "A/B", "a/" + "b" * 127]
)
def test_a_media_type_is_kept_as_written(media_type):
    assert Descriptor.parse(described(mediaType=media_type)).media_type == media_type


@pytest.mark.parametrize(("media_type", "expected"), [(OCI_LAYER_GZIP, True), (DOCKER_FOREIGN_LAYER, False)])
def test_only_foreign_layers_are_not_distributable(media_type, expected):
    assert Descriptor.parse(described(mediaType=media_type)).is_distributable is expected


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_a_size_is_a_whole_number_below_2_to_the_63(size):
    assert Descriptor.parse(described(size=size)).size == size


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"mediaType": ...}, "x.mediaType"),
        ({"mediaType": None}, "x.mediaType"),
        ({"mediaType": ""}, "x.mediaType"),
        ({"mediaType": 1}, "x.mediaType"),
        ({"mediaType": "text"}, "x.mediaType"),
        ({"mediaType": "a/b/c"}, "x.mediaType"),
        ({"mediaType": "a/b\n"}, "x.mediaType"),
        ({"mediaType": "a/" + "b" * 128}, "x.mediaType"),
        ({"digest": ...}, "x.digest"),
        ({"digest": 5}, "x.digest"),
        ({"digest": ""}, "x.digest"),
        ({"digest": "sha256:abc"}, "x.digest"),
        ({"digest": "md5:" + "a" * 32}, "x.digest"),
        ({"size": ...}, "x.size"),
        ({"size": None}, "x.size"),
        ({"size": -1}, "x.size"),
        ({"size": True}, "x.size"),
        ({"size": 2.0}, "x.size"),
        ({"size": "2"}, "x.size"),
        ({"size": 2**63}, "x.size"),
        ({"artifactType": "x"}, "x.artifactType"),
        ({"annotations": []}, "x.annotations"),
        ({"annotations": {"a": 1}}, "x.annotations['a']"),
        ({"annotations": {"a": None}}, "x.annotations['a']"),
        ({"annotations": {"a": "\0"}}, "x.annotations['a']"),
        ({"annotations": {"a": "\ud800"}}, "x.annotations['a']"),
        ({"annotations": {"\udfff": "a"}}, "x.annotations['\\udfff']"),
        ({"platform": []}, "x.platform"),
        ({"platform": {"os": 1}}, "x.platform.os"),
        ({"urls": "https://example.test"}, "x.urls"),
        ({"urls": ["https://example.test", 1]}, "x.urls[1]"),
        ({"urls": ["https://example.test/ x"]}, "x.urls[0]"),
        ({"urls": [""]}, "x.urls[0]"),
        ({"data": 1}, "x.data"),
        ({"data": "e30"}, "x.data"),
        ({"data": "e30=\n"}, "x.data"),
        ({"data": "é"}, "x.data"),
        ({"data": ""}, "x.data"),
        ({"data": "W10="}, "x.data"),
        ({"data": "e30=", "size": 3}, "x.data"),
        ({"Digest": "other"}, "x"),
        ({"ſize": 5}, "x"),
    ],
)
def test_a_bad_descriptor_is_refused_by_the_path_of_the_mistake(changes, path):
    with pytest.raises(ManifestInvalid) as caught:
        Descriptor.parse(described(**changes), "x")
    assert caught.value.detail["path"] == path
    assert caught.value.message.startswith(f"{path}: ")
    caught.value.message.encode()


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_what_is_no_object_is_no_descriptor(value):
    with pytest.raises(ManifestInvalid, match=r"layers\[3\]: must be an object"):
        Descriptor.parse(value, "layers[3]")
