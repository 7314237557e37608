"""Media types of the documents and blobs a registry keeps. All are written in lower case."""

from __future__ import annotations

from typing import Final

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP: Final = OCI_LAYER + "+gzip"
OCI_LAYER_ZSTD: Final = OCI_LAYER + "+zstd"

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN_LAYER: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

DOCKER_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"

EMPTY_JSON: Final = "application/vnd.oci.empty.v1+json"
OCTET_STREAM: Final = "application/octet-stream"

IMAGES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
"""Of images that run."""
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS: Final = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
"""What may be pushed to the manifests endpoint, in the order to offer it in."""
SCHEMA1S: Final = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})

NONDISTRIBUTABLE_LAYERS: Final = frozenset(
    {
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        DOCKER_FOREIGN_LAYER,
    }
)
"""Layers whose bytes a registry need not hold: they are fetched from the descriptor's urls."""


def is_index(media_type: str) -> bool:
    """Whether the document lists other manifests: an OCI index or a Docker manifest list."""
    return media_type in INDEXES


def is_image(media_type: str, artifact_type: str | None) -> bool:
    """Whether a manifest is an image that runs, for one platform or several, and no other artifact."""
    return artifact_type in CONFIGS if artifact_type is not None else media_type in INDEXES


def is_manifest(media_type: str) -> bool:
    """Whether the manifests endpoint takes the document: an image manifest or an index, of OCI or Docker."""
    return media_type in IMAGES or media_type in INDEXES


def bare(header: str) -> str:
    """The media type in a Content-Type: without parameters, in lower case; "" when there is none."""
    return header.partition(";")[0].strip().lower()
