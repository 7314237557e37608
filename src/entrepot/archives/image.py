"""Image: one image of an archive, ready to be pushed: manifests with their bytes, blobs by digest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from entrepot.archives.blob import Blob
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, worded
from entrepot.values.manifest import Manifest
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child


class Form(StrEnum):
    """What kind of archive it is."""

    DOCKER = "docker-archive"
    OCI = "oci"


@dataclass(frozen=True, slots=True)
class Image:
    """An image, or an index of images, and all that is needed to push it.

    `manifests` holds every one once, those that others name before them, `root` last. `missing` are manifests that an
    index names and the archive does not hold.
    """

    names: tuple[str, ...]
    root: Manifest
    manifests: tuple[Manifest, ...]
    blobs: Mapping[Digest, Blob]
    missing: tuple[Descriptor, ...] = ()

    def of_platform(self, platform: Platform) -> "Image":
        """The image for one platform; itself when it is no index. Raises ArchiveInvalid when there is none."""
        found = self.root
        known = {manifest.digest: manifest for manifest in self.manifests}
        while found.is_index:
            child = choose_child(found.children, platform)
            if child is None or child.digest not in known:
                raise ArchiveInvalid(worded("The archive holds no image for {platform}.", platform=platform))
            found = known[child.digest]
        wanted = {blob.digest for blob in found.blobs}
        blobs = {digest: blob for digest, blob in self.blobs.items() if digest in wanted}
        return replace(self, root=found, manifests=(found,), blobs=blobs, missing=())


@dataclass(frozen=True, slots=True)
class Listed:
    """An image as the archive's table of contents names it; `load` reads what is behind."""

    names: tuple[str, ...]
    load: Callable[[], Image]
    """May read and compress whole layers. Raises ArchiveInvalid."""
