import hashlib
import json

import pytest

from entrepot.values import media_types as mt
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestInvalid, ManifestTooLarge, MediaTypeUnsupported
from entrepot.values.manifest import Manifest, ManifestLimits


def described(content=b"{}", media_type=mt.OCI_LAYER_GZIP, algorithm="sha256", **more):
    return {"mediaType": media_type, "digest": str(Digest.of(content, algorithm)), "size": len(content), **more}


CONFIG = described(b"config", mt.OCI_CONFIG)
EMPTY = described(b"{}", mt.EMPTY_JSON)


def image(**changes):
    return without_dots(
        {"schemaVersion": 2, "config": CONFIG, "layers": [described(b"a"), described(b"bb")], **changes}
    )


def index(**changes):
    return without_dots({"schemaVersion": 2, "manifests": [described(b"m", mt.OCI_MANIFEST)], **changes})


def without_dots(document):
    return {key: value for key, value in document.items() if value is not ...}


def parse(document, media_type=None, **limits):
    return Manifest.parse(json.dumps(document).encode(), media_type, ManifestLimits(**limits))


def test_an_image_manifest_is_read():
    body = json.dumps(
        image(mediaType=mt.OCI_MANIFEST, annotations={"a": "b"}, subject=described(b"s"), x={"y": 1})
    ).encode()
    manifest = Manifest.parse(body, mt.OCI_MANIFEST)
    assert manifest.body == body
    assert manifest.digest == Digest("sha256", hashlib.sha256(body).hexdigest())
    assert manifest.media_type == mt.OCI_MANIFEST and not manifest.is_index
    assert manifest.config == Descriptor.parse(CONFIG)
    assert manifest.layers == (Descriptor.parse(described(b"a")), Descriptor.parse(described(b"bb")))
    assert manifest.blobs == (manifest.config, *manifest.layers)
    assert manifest.children == ()
    assert manifest.subject == Descriptor.parse(described(b"s"))
    assert manifest.annotations == {"a": "b"}
    assert manifest.total_size == 6 + 1 + 2
    assert manifest.artifact_type == mt.OCI_CONFIG
    assert len({manifest, manifest}) == 1


def test_an_index_is_read():
    child = described(b"m", mt.OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64", "variant": "v8"})
    manifest = parse(index(manifests=[child], annotations={"a": "b"}, subject=described(b"s")), mt.OCI_INDEX)
    assert manifest.is_index
    assert manifest.children == (Descriptor.parse(child),)
    assert str(manifest.children[0].platform) == "linux/arm64/v8"
    assert (manifest.config, manifest.layers, manifest.blobs, manifest.total_size) == (None, (), (), 0)
    assert manifest.subject == Descriptor.parse(described(b"s"))
    assert manifest.artifact_type is None
    assert manifest.annotations == {"a": "b"}


NONDISTRIBUTABLE = described(b"f", mt.DOCKER_FOREIGN_LAYER, urls=["https://example.test/f"])


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (image(layers=[]), mt.OCI_MANIFEST),
        (image(layers=None), mt.OCI_MANIFEST),
        (image(config=EMPTY, artifactType="a/b"), mt.OCI_MANIFEST),
        (image(config=EMPTY, artifactType="a/b", layers=[EMPTY]), mt.OCI_MANIFEST),
        (image(config=EMPTY), mt.OCI_MANIFEST),
        (image(config={**EMPTY, "data": "e30="}), mt.OCI_MANIFEST),
        (image(layers=[NONDISTRIBUTABLE, described()]), mt.OCI_MANIFEST),
        (image(config=described(algorithm="sha512")), mt.OCI_MANIFEST),
        (image(subject=None, annotations=None, artifactType=None, mediaType=None, manifests=None), mt.OCI_MANIFEST),
        (image(mediaType=mt.DOCKER_MANIFEST), mt.DOCKER_MANIFEST),
        (image(), mt.DOCKER_MANIFEST),
        (index(manifests=[]), mt.OCI_INDEX),
        (index(manifests=None), mt.OCI_INDEX),
        (index(manifests=[described(b"i", mt.OCI_INDEX)] * 2), mt.OCI_INDEX),
        (index(artifactType="a/b"), mt.OCI_INDEX),
        (index(mediaType=mt.DOCKER_LIST), mt.DOCKER_LIST),
        (index(mediaType=mt.DOCKER_LIST, manifests=[described(b"m", mt.DOCKER_MANIFEST)]), mt.DOCKER_LIST),
    ],
)
def test_valid_manifests_of_every_kind_are_taken(document, media_type):
    manifest = parse(document, media_type)
    assert manifest.media_type == media_type
    assert manifest.is_index == mt.is_index(media_type)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_descriptors_take_every_algorithm_and_the_manifest_stays_sha256(algorithm):
    manifest = parse(image(layers=[described(b"a", algorithm=algorithm)]))
    assert manifest.layers[0].digest == Digest.of(b"a", algorithm)
    assert manifest.digest.algorithm == "sha256"


def test_layers_that_are_not_distributable_count_as_layers_but_not_as_blobs():
    manifest = parse(image(layers=[NONDISTRIBUTABLE, described(b"a")]))
    assert [len(manifest.layers), len(manifest.blobs), manifest.total_size] == [2, 2, 6 + 1 + 1]
    assert Descriptor.parse(NONDISTRIBUTABLE) not in manifest.blobs


def test_a_blob_named_twice_is_one_blob():
    manifest = parse(image(config=EMPTY, layers=[EMPTY, described(b"a"), EMPTY]))
    assert [blob.digest for blob in manifest.blobs] == [Digest.of(b"{}"), Digest.of(b"a")]
    assert manifest.total_size == 3 * 2 + 1


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (image(), mt.OCI_CONFIG),
        (image(artifactType="a/b"), "a/b"),
        (image(mediaType=mt.DOCKER_MANIFEST, artifactType="a/b"), mt.OCI_CONFIG),
        (index(), None),
        (index(artifactType="a/b"), "a/b"),
        (index(mediaType=mt.DOCKER_LIST, artifactType="a/b"), None),
    ],
)
def test_the_artifact_type_is_the_stated_one_or_that_of_the_config(document, expected):
    assert parse(document).artifact_type == expected


def test_docker_manifests_have_no_subject():
    manifest = parse(image(mediaType=mt.DOCKER_MANIFEST, subject=described(b"s"), annotations={"a": "b"}))
    assert (manifest.subject, manifest.annotations) == (None, {})


@pytest.mark.parametrize(
    ("document", "header", "expected"),
    [
        (image(), None, mt.OCI_MANIFEST),
        (image(), "", mt.OCI_MANIFEST),
        (image(config=..., layers=[]), None, None),
        (index(), None, mt.OCI_INDEX),
        (index(mediaType=mt.DOCKER_LIST), None, mt.DOCKER_LIST),
        (image(mediaType=mt.OCI_MANIFEST), f"{mt.OCI_MANIFEST}; charset=utf-8", mt.OCI_MANIFEST),
        (image(mediaType=mt.OCI_MANIFEST), mt.OCI_MANIFEST.upper(), mt.OCI_MANIFEST),
        (image(mediaType=mt.OCI_MANIFEST), mt.DOCKER_MANIFEST, None),
        (image(mediaType=mt.OCI_MANIFEST), mt.OCI_INDEX, None),
        (index(), mt.OCI_MANIFEST, None),
        (image(), mt.OCI_INDEX, None),
        (image(manifests=[]), None, None),
        (image(manifests=[]), mt.OCI_MANIFEST, None),
        (index(layers=[]), mt.OCI_INDEX, None),
        (index(config=CONFIG), mt.OCI_INDEX, None),
        ({"schemaVersion": 2}, None, None),
        ({"schemaVersion": 2}, mt.OCI_INDEX, None),
        ({"schemaVersion": 2}, mt.OCI_MANIFEST, None),
    ],
)
def test_content_type_body_and_shape_have_to_agree(document, header, expected):
    if expected is not None:
        assert parse(document, header).media_type == expected
    else:
        with pytest.raises(ManifestInvalid):
            parse(document, header)


@pytest.mark.parametrize(
    ("document", "header"),
    [
        (image(), mt.DOCKER_SCHEMA1),
        (image(), mt.DOCKER_SCHEMA1_SIGNED),
        ({"schemaVersion": 1, "fsLayers": []}, None),
        ({"schemaVersion": 1, "fsLayers": []}, mt.DOCKER_MANIFEST),
        ({"schemaVersion": 2, "mediaType": mt.DOCKER_SCHEMA1}, None),
    ],
)
def test_schema_1_is_refused_with_advice(document, header):
    with pytest.raises(MediaTypeUnsupported, match="rebuild the image, or pull it and push it again"):
        parse(document, header)


@pytest.mark.parametrize(
    ("document", "header"),
    [
        (image(), "application/json"),
        (image(), "application/x-www-form-urlencoded"),
        (image(), mt.OCI_CONFIG),
        (image(mediaType="application/vnd.oci.artifact.manifest.v1+json"), None),
    ],
)
def test_an_unknown_media_type_is_refused_with_the_known_ones(document, header):
    with pytest.raises(MediaTypeUnsupported) as caught:
        parse(document, header)
    assert caught.value.detail["supported"] == list(mt.MANIFESTS)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (image(schemaVersion=...), "schemaVersion"),
        (image(schemaVersion=3), "schemaVersion"),
        (image(schemaVersion=2.0), "schemaVersion"),
        (image(schemaVersion="2"), "schemaVersion"),
        (image(mediaType=5), "mediaType"),
        (image(config=...), "config"),
        (image(config=None), "config"),
        (image(config=[]), "config"),
        (image(config={**CONFIG, "size": -1}), "config.size"),
        (image(layers=...), "layers"),
        (image(layers={}), "layers"),
        (image(layers=[described(), None]), "layers[1]"),
        (image(layers=[described()] * 3 + [described() | {"digest": "sha256:x"}]), "layers[3].digest"),
        (image(layers=[described() | {"data": "W10="}]), "layers[0].data"),
        (image(layers=[described() | {"platform": {"os": 5}}]), "layers[0].platform.os"),
        (image(subject="sha256:x"), "subject"),
        (image(subject={}), "subject.mediaType"),
        (image(artifactType=""), "artifactType"),
        (image(annotations=[]), "annotations"),
        (image(annotations={"a": 5}), "annotations['a']"),
        (index(manifests={}), "manifests"),
        (index(manifests=[described(), described() | {"size": True}]), "manifests[1].size"),
        (image(Layers=[]), ""),
        ({**image(), "layerſ": []}, ""),
        (image(MediaType=mt.OCI_INDEX), ""),
    ],
)
def test_a_bad_manifest_is_refused_by_the_path_of_the_mistake(document, path):
    with pytest.raises(ManifestInvalid) as caught:
        parse(document)
    assert caught.value.detail["path"] == path
    assert caught.value.message.startswith(f"{path or 'the manifest'}: ")


def test_limits_hold_at_their_edge():
    body = json.dumps(image(annotations={"é": "ü"})).encode()
    two_layers = image(annotations={"é": "ü"})
    parse(two_layers, body_bytes_max=len(body), descriptors_max=2, annotation_bytes_max=4)
    with pytest.raises(ManifestTooLarge) as caught:
        parse(two_layers, body_bytes_max=len(body) - 1)
    assert caught.value.detail == {"limit": len(body) - 1}
    with pytest.raises(ManifestInvalid, match="layers: has 2 items; at most 1"):
        parse(two_layers, descriptors_max=1)
    with pytest.raises(ManifestInvalid, match="annotations: have 4 bytes; at most 3"):
        parse(two_layers, annotation_bytes_max=3)


def test_four_mebibytes_of_annotations_are_taken():
    filler = {f"key{number}": "x" * 1000 for number in range(3900)}
    manifest = parse(image(annotations=filler))
    assert manifest.annotations == filler
