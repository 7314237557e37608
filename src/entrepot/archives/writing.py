"""Writing: what a file of images will hold, member by member, known to the byte before the first blob has come.

Sizes stand in manifests, so every member has its place from the beginning: blobs may come in any order, side by side,
and a file that was left half written can be gone on with (`targets.py`). A Docker archive is written as current Docker
does it: an OCI layout with a `manifest.json` beside, which `docker load` reads; so the registry's manifest and the
compressed layers are kept, and pushing the file gives the digests that were pulled.
"""

import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from entrepot.archives import docker, layout
from entrepot.archives.image import Form
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import DOCKER_CONFIG, OCI_CONFIG

END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An image to be written: the names it is known by, and its manifests, `root` among them."""

    names: tuple[str, ...]
    root: Manifest
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be written: a document, whose content is known, or a blob, whose is not yet."""

    name: str
    size: int
    digest: Digest | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member lies in the tar file: its header, then its bytes, then zeros up to a full block."""

    member: Member
    start: int
    header: bytes

    @property
    def content_start(self) -> int:
        return self.start + len(self.header)

    @property
    def padding(self) -> bytes:
        return bytes(-self.member.size % tarfile.BLOCKSIZE)

    @property
    def stop(self) -> int:
        return self.content_start + self.member.size + len(self.padding)


def plan_members(images: Sequence[Outgoing], form: Form) -> tuple[Member, ...]:
    """The files of an archive of `images`, blobs that several share once, documents that name the others last.

    Raises ArchiveInvalid for what cannot be a Docker archive: indexes, and artifacts that are no container image.
    """
    blobs: dict[Digest, Member] = {}
    for image in images:
        for manifest in image.manifests:
            for blob in manifest.blobs:
                blobs.setdefault(blob.digest, Member(layout.blob_name(blob.digest), blob.size, blob.digest))
            blobs[manifest.digest] = _document(layout.blob_name(manifest.digest), manifest.body)
    documents = [_json(layout.INDEX, _index(images)), _json(layout.LAYOUT, {"imageLayoutVersion": layout.VERSION})]
    if form is Form.DOCKER:
        documents.insert(0, _json(docker.MANIFEST, [_docker_entry(image) for image in images]))
    return (*blobs.values(), *documents)


def plan_tar(members: Iterable[Member]) -> tuple[Place, ...]:
    """The place of each member in a tar file; `END` follows the last."""
    places: list[Place] = []
    at = 0
    for member in members:
        places.append(Place(member, at, _header(member)))
        at = places[-1].stop
    return tuple(places)


def _header(member: Member) -> bytes:
    entry = tarfile.TarInfo(member.name)
    entry.size = member.size  # without time and owner: the same images make the same file
    return entry.tobuf(tarfile.GNU_FORMAT)


def _index(images: Sequence[Outgoing]) -> Mapping[str, object]:
    entries = [_descriptor(image.root, _annotations(name)) for image in images for name in image.names or ("",)]
    return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}


def _annotations(name: str) -> Mapping[str, str]:
    """As Docker and containerd write them: the whole name, and its tag by itself."""
    tag = _tag(name)
    return {layout.CONTAINERD_NAME: name, layout.REF_NAME: tag} if tag else {}


def _tag(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[2] if "@" not in name else ""


def _descriptor(manifest: Manifest, annotations: Mapping[str, str]) -> Mapping[str, object]:
    named = {"annotations": annotations} if annotations else {}
    return {
        "mediaType": manifest.media_type,
        "digest": str(manifest.digest),
        "size": len(manifest.body),
        **named,
    }


def _docker_entry(image: Outgoing) -> Mapping[str, object]:
    config = image.root.config
    if config is None:
        raise ArchiveInvalid("A Docker archive holds images for one platform, not an index.")
    if config.media_type not in (OCI_CONFIG, DOCKER_CONFIG):
        raise ArchiveInvalid(
            worded(
                "This is no container image but {media_type}; only the OCI form can hold it.",
                media_type=config.media_type,
            )
        )
    if absent := [layer for layer in image.root.layers if not layer.is_distributable]:
        raise ArchiveInvalid(
            worded("The layer {digest} is not kept by registries; a Docker archive needs it.", digest=absent[0].digest)
        )
    return {
        "Config": layout.blob_name(config.digest),
        "RepoTags": [name for name in image.names if _tag(name)] or None,
        "Layers": [_layer_name(layer) for layer in image.root.layers],
    }


def _layer_name(layer: Descriptor) -> str:
    return layout.blob_name(layer.digest)


def _json(name: str, document: object) -> Member:
    return _document(name, json.dumps(document, separators=(",", ":")).encode())


def _document(name: str, content: bytes) -> Member:
    return Member(name, len(content), content=content)
