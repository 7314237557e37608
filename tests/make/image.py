"""Images to push: small, valid, never twice the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from entrepot.values.digest import Digest
from entrepot.values.media_types import OCI_INDEX, OCI_MANIFEST

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_numbers = count(1)


@dataclass(frozen=True)
class Blob:
    content: bytes

    @property
    def digest(self) -> Digest:
        return Digest.of(self.content)


@dataclass(frozen=True)
class Image:
    """A manifest and the blobs it names, the configuration first."""

    body: bytes
    media_type: str = OCI_MANIFEST
    blobs: tuple[Blob, ...] = ()

    @property
    def digest(self) -> Digest:
        return Digest.of(self.body)

    @classmethod
    def make(
        cls,
        layers: int = 1,
        *,
        holding: Sequence[Blob] = (),
        architecture: str = "amd64",
        subject: "Image | None" = None,
        labels: Mapping[str, object] | None = None,
        created: str = "",
        **more: object,
    ) -> "Image":
        """A new image; `holding` are further layers, `created` is when, as it says; `more` members of its manifest."""
        number = next(_numbers)
        told: dict[str, object] = {"architecture": architecture, "os": "linux", "number": number}
        if created:
            told["created"] = created
        if labels is not None:
            told["config"] = {"Labels": labels}
        config = Blob(json.dumps(told).encode())
        contents = [Blob(f"layer {layer} of image {number}".encode()) for layer in range(layers)] + list(holding)
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": _descriptor(_CONFIG, config.content),
            "layers": [_descriptor(_LAYER, one.content) for one in contents],
            **({"subject": subject.descriptor} if subject else {}),
            **more,
        }
        return cls(json.dumps(document).encode(), blobs=(config, *contents))

    @classmethod
    def index(cls, *children: "Image", subject: "Image | None" = None, **more: object) -> "Image":
        """An index of images that were pushed before."""
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [child.descriptor | child._platform for child in children],
            **({"subject": subject.descriptor} if subject else {}),
            **more,
        }
        return cls(json.dumps(document).encode(), OCI_INDEX)

    @property
    def children(self) -> tuple[str, ...]:
        """The digests of the images that an index names."""
        return tuple(one["digest"] for one in json.loads(self.body).get("manifests", ()))

    @property
    def descriptor(self) -> dict[str, object]:
        """How others name this manifest."""
        return _descriptor(self.media_type, self.body)

    @property
    def _platform(self) -> dict[str, object]:
        if not self.blobs:
            return {}
        config = json.loads(self.blobs[0].content)
        return {"platform": {"os": config["os"], "architecture": config["architecture"]}}


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}
