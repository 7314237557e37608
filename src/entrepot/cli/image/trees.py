"""Trees: an image with all that is below it, as a registry has it: the index, its images, of one platform or of all."""

from dataclasses import dataclass, field
from functools import partial

from entrepot.cli.image.places import Place, with_next_step
from entrepot.cli.image.together import together
from entrepot.remote.manifests import get_manifest
from entrepot.remote.session import Remote
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, RemoteRefused
from entrepot.values.manifest import Manifest
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child

_DEPTH_MAX = 4
_MANIFESTS_MAX = 10_000
_NOT_FOUND = 404


@dataclass(slots=True)
class Tree:
    """`manifests` holds each once, those that others name before them. `absent` are named, but not in the registry."""

    root: Manifest
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    absent: list[Descriptor] = field(default_factory=list)

    @property
    def blobs(self) -> list[Descriptor]:
        """Every blob once."""
        unique = {blob.digest: blob for manifest in self.manifests.values() for blob in manifest.blobs}
        return list(unique.values())


async def fetch_root(remote: Remote, place: Place) -> Manifest:
    """The manifest that a place names. Raises RemoteRefused with the next step."""
    try:
        return await get_manifest(remote, place.name, place.reference)
    except RemoteRefused as error:
        raise with_next_step(error, place) from None


async def fetch_tree(remote: Remote, place: Place, platform: Platform | None = None) -> Tree:
    """Everything below what a place names; with a platform, the image for it alone.

    Raises RemoteRefused, or ManifestUnknown when there is no image for the platform.
    """
    root = await fetch_root(remote, place)
    depth = 0
    while platform is not None and root.is_index:
        chosen = choose_child(root.children, platform)
        depth += 1
        if chosen is None or depth > _DEPTH_MAX:
            offered = ", ".join(str(child.platform) for child in root.children if child.platform)
            raise ManifestUnknown(
                f"{place} has no image for {platform}. There is: {offered or 'none with a platform'}."
            )
        root = await get_manifest(remote, place.name, chosen.digest)
    tree = Tree(root)
    await _descend(remote, place, tree, root, 1)
    return tree


async def _descend(remote: Remote, place: Place, tree: Tree, manifest: Manifest, depth: int) -> None:
    if depth > _DEPTH_MAX or len(tree.manifests) >= _MANIFESTS_MAX:
        raise ManifestUnknown(f"Indexes in {place} are nested too deep, or name too much.")
    found = await together(partial(_child, remote, place, tree, child) for child in manifest.children)
    for child in found:
        if child is not None and child.digest not in tree.manifests:
            await _descend(remote, place, tree, child, depth + 1)
    tree.manifests[manifest.digest] = manifest


async def _child(remote: Remote, place: Place, tree: Tree, child: Descriptor) -> Manifest | None:
    try:
        return await get_manifest(remote, place.name, child.digest)
    except RemoteRefused as error:
        if error.status != _NOT_FOUND:
            raise
        tree.absent.append(child)  # a sparse index
        return None
