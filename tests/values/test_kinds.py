"""What a manifest is for people, by its media type and its artifact type."""

import pytest

from entrepot.values.kinds import Kind, kind_of
from entrepot.values.media_types import DOCKER_CONFIG, DOCKER_LIST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST


@pytest.mark.parametrize(
    ("media_type", "artifact_type", "kind"),
    [
        (OCI_MANIFEST, OCI_CONFIG, Kind.IMAGE),
        (OCI_MANIFEST, DOCKER_CONFIG, Kind.IMAGE),
        (OCI_MANIFEST, None, Kind.IMAGE),
        (OCI_INDEX, None, Kind.INDEX),
        (DOCKER_LIST, None, Kind.INDEX),
        (OCI_INDEX, "application/vnd.example.thing", Kind.INDEX),
        (OCI_MANIFEST, "application/vnd.cncf.helm.config.v1+json", Kind.CHART),
        (OCI_MANIFEST, "application/vnd.dev.sigstore.bundle.v0.3+json", Kind.SIGNATURE),
        (OCI_MANIFEST, "application/vnd.cncf.notary.signature", Kind.SIGNATURE),
        (OCI_MANIFEST, "application/spdx+json", Kind.SBOM),
        (OCI_MANIFEST, "application/vnd.cyclonedx+json", Kind.SBOM),
        (OCI_MANIFEST, "application/vnd.in-toto+json", Kind.ATTESTATION),
        (OCI_MANIFEST, "<script>", Kind.ARTIFACT),
    ],
)
def test_a_manifest_is_of_the_kind_its_types_say(media_type: str, artifact_type: str | None, kind: Kind):
    assert kind_of(media_type, artifact_type) is kind
