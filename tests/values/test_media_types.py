import pytest

from entrepot.values import media_types as mt


@pytest.mark.parametrize(
    ("media_type", "manifest", "index"),
    [
        (mt.OCI_MANIFEST, True, False),
        (mt.DOCKER_MANIFEST, True, False),
        (mt.OCI_INDEX, True, True),
        (mt.DOCKER_LIST, True, True),
        (mt.DOCKER_SCHEMA1, False, False),
        (mt.DOCKER_SCHEMA1_SIGNED, False, False),
        (mt.OCI_CONFIG, False, False),
        (mt.EMPTY_JSON, False, False),
        ("", False, False),
    ],
)
def test_manifests_and_indexes_are_told_apart(media_type, manifest, index):
    assert (mt.is_manifest(media_type), mt.is_index(media_type)) == (manifest, index)


def test_the_offered_manifests_are_the_known_ones():
    assert set(mt.MANIFESTS) == mt.IMAGES | mt.INDEXES
    assert mt.MANIFESTS[0] == mt.OCI_MANIFEST


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ""),
        ("a/b", "a/b"),
        (" A/B ; charset=utf-8", "a/b"),
        ("a/b;x=1;y=2", "a/b"),
        (";", ""),
    ],
)
def test_a_content_type_is_bared_of_case_and_parameters(header, expected):
    assert mt.bare(header) == expected


def test_docker_foreign_layers_are_not_distributable():
    assert mt.DOCKER_FOREIGN_LAYER in mt.NONDISTRIBUTABLE_LAYERS
    assert mt.OCI_LAYER_GZIP not in mt.NONDISTRIBUTABLE_LAYERS
