"""OCI image layouts (image-spec, image-layout.md): `oci-layout`, `index.json`, and blobs under their digests.

index.json ──► manifest ──► config, layers
         └───► index ─────► manifest …            (at most `index_depth_max` deep)
"""

from dataclasses import dataclass, field
from functools import partial

from entrepot.archives.blob import Blob, VerifiedBlob
from entrepot.archives.documents import read_object, read_whole, reading
from entrepot.archives.image import Image, Listed
from entrepot.archives.members import Members
from entrepot.archives.settings import ArchiveSettings
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, quoted, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import is_manifest

LAYOUT = "oci-layout"
INDEX = "index.json"
VERSION = "1.0.0"
REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
"""Docker and containerd write the whole name here, and only the tag as `ref.name`."""


def blob_name(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def list_images(members: Members, settings: ArchiveSettings) -> tuple[Listed, ...]:
    """The images that `index.json` names; one that it names several times has several names. Raises ArchiveInvalid."""
    _check_version(members, settings)
    named: dict[Digest, tuple[Descriptor, tuple[str, ...]]] = {}
    for descriptor in _index(members, settings):
        _, names = named.get(descriptor.digest, (descriptor, ()))
        named[descriptor.digest] = descriptor, (*names, *(name for name in _names(descriptor) if name not in names))
    if len(named) > settings.images_max:
        raise ArchiveInvalid(
            worded(
                "The archive holds {count} images; at most {images_max} are accepted.",
                count=len(named),
                images_max=settings.images_max,
            )
        )
    return tuple(
        Listed(names, partial(_load, descriptor, names, members, settings)) for descriptor, names in named.values()
    )


def _check_version(members: Members, settings: ArchiveSettings) -> None:
    found = members.find(LAYOUT)
    if found is None:
        raise ArchiveInvalid(
            worded(
                "The archive has {index} but no {layout}; it is not an OCI layout.",
                index=quoted(INDEX),
                layout=quoted(LAYOUT),
            )
        )
    with reading(LAYOUT):
        version = read_object(found, LAYOUT, settings).text("imageLayoutVersion")
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise ArchiveInvalid(
            worded(
                "The archive is an OCI layout of version {version}; only {known} is known.",
                version=quoted(version),
                known=VERSION,
            )
        )


def _index(members: Members, settings: ArchiveSettings) -> tuple[Descriptor, ...]:
    found = members.find(INDEX)
    if found is None:
        raise ArchiveInvalid(worded("The archive has no {index}.", index=quoted(INDEX)))
    with reading(INDEX):
        items = read_object(found, INDEX, settings).required_items("manifests")
        if not items:
            raise ArchiveInvalid(worded("{index} names no image.", index=quoted(INDEX)))
        return tuple(Descriptor.parse(item, f"manifests[{position}]") for position, item in enumerate(items))


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    name = descriptor.annotations.get(CONTAINERD_NAME) or descriptor.annotations.get(REF_NAME)
    return (name,) if name else ()


@dataclass(slots=True)
class _Reader:
    """Walks from one descriptor down, each document once."""

    members: Members
    settings: ArchiveSettings
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    blobs: dict[Digest, Blob] = field(default_factory=dict)
    missing: dict[Digest, Descriptor] = field(default_factory=dict)

    def read(self, descriptor: Descriptor, depth: int) -> Manifest | None:
        if depth > self.settings.index_depth_max:
            raise ArchiveInvalid(
                worded(
                    "Indexes in the archive are nested more than {index_depth_max} deep.",
                    index_depth_max=self.settings.index_depth_max,
                )
            )
        known = self.manifests.get(descriptor.digest)
        if known is not None:
            return known
        name = blob_name(descriptor.digest)
        if not is_manifest(descriptor.media_type):
            raise ArchiveInvalid(
                worded(
                    "{name} is of the type {media_type}, which is no image.",
                    name=quoted(name),
                    media_type=quoted(descriptor.media_type),
                ),
                member=name,
            )
        found = self.members.find(name)
        if found is None:
            self.missing[descriptor.digest] = descriptor
            return None
        if len(self.manifests) >= self.settings.manifests_max:
            raise ArchiveInvalid(
                worded(
                    "An image in the archive has more than {manifests_max} manifests.",
                    manifests_max=self.settings.manifests_max,
                )
            )
        _check_size(found, descriptor, name)
        body = read_whole(VerifiedBlob(found, descriptor.digest, name), name, self.settings)
        with reading(name):
            manifest = Manifest.parse(body, descriptor.media_type)
        for child in manifest.children:
            self.read(child, depth + 1)
        for blob in manifest.blobs:
            self._take(blob, name)
        self.manifests[descriptor.digest] = manifest  # after what it names: the order to push in
        return manifest

    def _take(self, descriptor: Descriptor, wanted_by: str) -> None:
        name = blob_name(descriptor.digest)
        found = self.members.find(name)
        if found is None:
            raise ArchiveInvalid(
                worded(
                    "{wanted_by} names {digest}, which is not in the archive.",
                    wanted_by=quoted(wanted_by),
                    digest=descriptor.digest,
                ),
                member=name,
            )
        _check_size(found, descriptor, name)
        self.blobs[descriptor.digest] = VerifiedBlob(found, descriptor.digest, name)


def _check_size(found: Blob, descriptor: Descriptor, name: str) -> None:
    if found.size != descriptor.size:
        raise ArchiveInvalid(
            worded(
                "{name} has {size} bytes where {wanted} should be; the archive is damaged.",
                name=quoted(name),
                size=found.size,
                wanted=descriptor.size,
            ),
            member=name,
        )


def _load(descriptor: Descriptor, names: tuple[str, ...], members: Members, settings: ArchiveSettings) -> Image:
    reader = _Reader(members, settings)
    root = reader.read(descriptor, 1)
    if root is None:
        raise ArchiveInvalid(
            worded(
                "{index} names {digest}, which is not in the archive.", index=quoted(INDEX), digest=descriptor.digest
            )
        )
    return Image(names, root, tuple(reader.manifests.values()), reader.blobs, tuple(reader.missing.values()))
