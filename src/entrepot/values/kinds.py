"""Kinds: what a manifest is, for people: an image, an index of images, a chart, a signature, a list of parts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from entrepot.values.media_types import DOCKER_CONFIG, OCI_CONFIG, is_index


class Kind(StrEnum):
    """`SBOM`: a list of what an image is made of. `ARTIFACT`: anything else that a registry can hold."""

    IMAGE = "image"
    INDEX = "index"
    CHART = "chart"
    SIGNATURE = "signature"
    ATTESTATION = "attestation"
    SBOM = "sbom"
    ARTIFACT = "artifact"


# By the beginning of the artifact type, which is the config's media type where a manifest names none.
_BY_TYPE: Final[Mapping[str, Kind]] = {
    OCI_CONFIG: Kind.IMAGE,
    DOCKER_CONFIG: Kind.IMAGE,
    "application/vnd.cncf.helm.": Kind.CHART,
    "application/vnd.dev.cosign.artifact.sig.": Kind.SIGNATURE,
    "application/vnd.dev.cosign.simplesigning.": Kind.SIGNATURE,
    "application/vnd.cncf.notary.signature": Kind.SIGNATURE,
    "application/vnd.dev.sigstore.bundle": Kind.SIGNATURE,
    "application/vnd.dev.cosign.artifact.sbom.": Kind.SBOM,
    "application/spdx+json": Kind.SBOM,
    "text/spdx": Kind.SBOM,
    "application/vnd.cyclonedx": Kind.SBOM,
    "application/vnd.syft": Kind.SBOM,
    "application/vnd.in-toto": Kind.ATTESTATION,
    "application/vnd.dsse.envelope": Kind.ATTESTATION,
}


def kind_of(media_type: str, artifact_type: str | None) -> Kind:
    """The kind of a manifest by its media type, and its artifact type as lists of referrers show it."""
    if artifact_type:
        for beginning, kind in _BY_TYPE.items():
            if artifact_type.startswith(beginning):
                return kind
    if is_index(media_type):
        return Kind.INDEX
    return Kind.ARTIFACT if artifact_type else Kind.IMAGE
