"""Manifest: what is pushed to the manifests endpoint, an image manifest or an index, of OCI or Docker.

The body is kept byte for byte, unknown fields included; what is read here is what a registry acts on. A document that
two readers could take for two different things is refused: keys given twice or in the wrong case, and bodies that are
image and index at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from entrepot.values.descriptor import Descriptor, read_media_type
from entrepot.values.digest import Digest
from entrepot.values.document import Fields, invalid, known_keys, load_document
from entrepot.values.errors import ManifestTooLarge, MediaTypeUnsupported, quoted, worded
from entrepot.values.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    MANIFESTS,
    OCI_INDEX,
    OCI_MANIFEST,
    SCHEMA1S,
    bare,
    is_index,
)

_KNOWN = known_keys(
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"
)


@dataclass(frozen=True, slots=True)
class ManifestLimits:
    """How much of a manifest a registry takes."""

    body_bytes_max: int = 4 * 1024 * 1024
    descriptors_max: int = 10_000
    depth_max: int = 64
    values_max: int = 200_000
    """Objects, arrays and their items, all together: what bounds the memory of parsing."""
    annotation_bytes_max: int = 4 * 1024 * 1024
    """Of the manifest's own annotations, which every list of referrers repeats."""


DEFAULT: Final = ManifestLimits()


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest. `digest` is the sha256 of `body`; whoever asked by another algorithm keeps that one too."""

    media_type: str
    body: bytes = field(repr=False)
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str | None = None
    """As a list of referrers shows it: the manifest's artifactType, else the media type of its config."""
    annotations: dict[str, str] = field(default_factory=dict, hash=False)
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", Digest.of(self.body))

    @classmethod
    def parse(cls, body: bytes, media_type: str | None, limits: ManifestLimits = DEFAULT) -> Manifest:
        """The manifest in `body`. `media_type` is the request's Content-Type; its parameters do not matter.

        Without one the body's `mediaType` decides, and without that the shape of the body. Two that disagree are
        refused (image-spec, manifest.md, "mediaType").

        Raises ManifestInvalid, ManifestTooLarge or MediaTypeUnsupported.
        """
        declared = bare(media_type or "")
        if declared:
            _check_supported(declared)
        if len(body) > limits.body_bytes_max:
            raise ManifestTooLarge(
                worded(
                    "the manifest has {count} bytes; at most {body_bytes_max} are accepted",
                    count=len(body),
                    body_bytes_max=limits.body_bytes_max,
                ),
                limit=limits.body_bytes_max,
            )
        fields = Fields(load_document(body, depth_max=limits.depth_max, values_max=limits.values_max), "")
        fields.check_spelling(_KNOWN)
        kind = _decide_media_type(fields, declared)
        _check_schema_version(fields)
        return _READERS[kind](fields, kind, body, limits)

    @property
    def is_index(self) -> bool:
        return is_index(self.media_type)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """What the repository has to hold for the image: config and distributable layers, each digest once."""
        named = (self.config,) if self.config is not None else ()
        unique: dict[Digest, Descriptor] = {}
        for blob in (*named, *(layer for layer in self.layers if layer.is_distributable)):
            unique.setdefault(blob.digest, blob)
        return tuple(unique.values())

    @property
    def total_size(self) -> int:
        """Bytes of config and layers as the manifest states them; an index has none of its own."""
        config = self.config.size if self.config is not None else 0
        return config + sum(layer.size for layer in self.layers)


def _decide_media_type(fields: Fields, declared: str) -> str:
    if fields.get("schemaVersion") == 1:
        raise _schema1_unsupported()
    stated = (fields.optional_text("mediaType") or "").lower()
    if declared and stated and declared != stated:
        raise invalid("mediaType", f"{quoted(stated)} does not agree with the Content-Type {quoted(declared)}")
    image_like = fields.has("config") or fields.has("layers")
    index_like = fields.has("manifests")
    if image_like and index_like:
        raise invalid("", "has both 'manifests' and 'config' or 'layers'; it must be an index or an image, not both")
    kind = declared or stated
    if not kind:
        if not image_like and not index_like:
            raise invalid("", "has no media type, and neither 'manifests' nor 'config' and 'layers' to tell it by")
        return OCI_INDEX if index_like else OCI_MANIFEST
    _check_supported(kind)
    if index_like != is_index(kind) and (index_like or image_like):
        raise invalid("", f"is {'an index' if index_like else 'an image'} by its fields, but not by its type {kind}")
    return kind


def _check_supported(media_type: str) -> None:
    if media_type in SCHEMA1S:
        raise _schema1_unsupported()
    if media_type not in _READERS:
        raise MediaTypeUnsupported(
            worded(
                "{media_type} is not a manifest this registry takes; send one of {manifests}",
                media_type=quoted(media_type),
                manifests=", ".join(MANIFESTS),
            ),
            supported=list(MANIFESTS),
        )


def _schema1_unsupported() -> MediaTypeUnsupported:
    return MediaTypeUnsupported(
        "Docker manifests of schema 1 are not supported; rebuild the image, or pull it and push it again "
        "with a current client",
        supported=list(MANIFESTS),
    )


def _check_schema_version(fields: Fields) -> None:
    version = fields.get("schemaVersion")
    if type(version) is not int or version != 2:
        raise invalid("schemaVersion", "must be 2")


def _read_oci_manifest(fields: Fields, kind: str, body: bytes, limits: ManifestLimits) -> Manifest:
    config = _read_config(fields)
    return Manifest(
        kind,
        body,
        config=config,
        layers=_read_descriptors(fields, "layers", limits),
        subject=_read_subject(fields),
        artifact_type=read_media_type(fields, "artifactType") or config.media_type,
        annotations=_read_annotations(fields, limits),
    )


def _read_oci_index(fields: Fields, kind: str, body: bytes, limits: ManifestLimits) -> Manifest:
    return Manifest(
        kind,
        body,
        children=_read_descriptors(fields, "manifests", limits),
        subject=_read_subject(fields),
        artifact_type=read_media_type(fields, "artifactType"),
        annotations=_read_annotations(fields, limits),
    )


# Docker's documents have no subject, artifact type or annotations; there, such keys are unknown fields like any other.
def _read_docker_manifest(fields: Fields, kind: str, body: bytes, limits: ManifestLimits) -> Manifest:
    config = _read_config(fields)
    layers = _read_descriptors(fields, "layers", limits)
    return Manifest(kind, body, config=config, layers=layers, artifact_type=config.media_type)


def _read_docker_list(fields: Fields, kind: str, body: bytes, limits: ManifestLimits) -> Manifest:
    return Manifest(kind, body, children=_read_descriptors(fields, "manifests", limits))


_Reader: TypeAlias = Callable[[Fields, str, bytes, ManifestLimits], Manifest]
_READERS: Final[Mapping[str, _Reader]] = {
    OCI_MANIFEST: _read_oci_manifest,
    OCI_INDEX: _read_oci_index,
    DOCKER_MANIFEST: _read_docker_manifest,
    DOCKER_LIST: _read_docker_list,
}


def _read_config(fields: Fields) -> Descriptor:
    if not fields.has("config"):
        raise invalid("config", "is missing")
    return Descriptor.parse(fields.get("config"), "config")


def _read_subject(fields: Fields) -> Descriptor | None:
    return Descriptor.parse(fields.get("subject"), "subject") if fields.has("subject") else None


def _read_descriptors(fields: Fields, key: str, limits: ManifestLimits) -> tuple[Descriptor, ...]:
    items = fields.required_items(key)
    if len(items) > limits.descriptors_max:
        raise invalid(key, f"has {len(items)} items; at most {limits.descriptors_max} are accepted")
    return tuple(Descriptor.parse(item, f"{key}[{position}]") for position, item in enumerate(items))


def _read_annotations(fields: Fields, limits: ManifestLimits) -> dict[str, str]:
    annotations = fields.annotations("annotations")
    size = sum(len(key.encode()) + len(text.encode()) for key, text in annotations.items())
    if size > limits.annotation_bytes_max:
        raise invalid("annotations", f"have {size} bytes; at most {limits.annotation_bytes_max} are accepted")
    return annotations
