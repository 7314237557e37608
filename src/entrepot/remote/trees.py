"""Trees: an image with all that is below it, as a shelf has it: the index, its images, of one platform or of all."""

from dataclasses import dataclass, field
from functools import partial

from entrepot.remote.shelf import Shelf
from entrepot.remote.together import together
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, worded
from entrepot.values.manifest import Manifest
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child

_DEPTH_MAX = 4
_MANIFESTS_MAX = 10_000
_BYTES_MAX = 256 << 20
"""Of all manifests of an image together: they are held until it is copied."""


@dataclass(slots=True)
class Tree:
    """`manifests` holds each once, those that others name before them. `absent` are named, but not in the registry."""

    root: Manifest
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    absent: list[Descriptor] = field(default_factory=list)
    bytes: int = 0

    @property
    def blobs(self) -> list[Descriptor]:
        """Every blob once."""
        unique = {blob.digest: blob for manifest in self.manifests.values() for blob in manifest.blobs}
        return list(unique.values())


async def fetch_below(shelf: Shelf, root: Manifest, platform: Platform | None = None) -> Tree:
    """Everything below a manifest; with a platform, the image for it alone.

    Raises ManifestUnknown when there is no image for the platform, and what `shelf` raises.
    """
    depth = 0
    while platform is not None and root.is_index:
        chosen = choose_child(root.children, platform)
        depth += 1
        if chosen is None or depth > _DEPTH_MAX:
            offered = ", ".join(str(child.platform) for child in root.children if child.platform)
            raise ManifestUnknown(
                worded(
                    "{label} has no image for {platform}. There is: {offered}.",
                    label=shelf.label,
                    platform=platform,
                    offered=offered or "-",
                )
            )
        found = await shelf.find(chosen.digest)
        if found is None:
            raise ManifestUnknown(
                worded(
                    "{label} does not have {digest}, which its index names.", label=shelf.label, digest=chosen.digest
                )
            )
        root = found
    tree = Tree(root)
    await _descend(shelf, tree, root, 1)
    return tree


async def _descend(shelf: Shelf, tree: Tree, manifest: Manifest, depth: int) -> None:
    children = {child.digest: child for child in manifest.children if child.digest not in tree.manifests}
    if depth > _DEPTH_MAX or len(tree.manifests) + len(children) >= _MANIFESTS_MAX:
        raise _too_much(shelf)
    found = await together(partial(_find, shelf, tree, digest) for digest in children)
    for descriptor, child in zip(children.values(), found, strict=True):
        if child is None:
            tree.absent.append(descriptor)  # a sparse index
        elif child.digest not in tree.manifests:
            await _descend(shelf, tree, child, depth + 1)
    tree.manifests[manifest.digest] = manifest


async def _find(shelf: Shelf, tree: Tree, digest: Digest) -> Manifest | None:
    found = await shelf.find(digest)
    tree.bytes += len(found.body) if found is not None else 0
    if tree.bytes > _BYTES_MAX:
        raise _too_much(shelf)
    return found


def _too_much(shelf: Shelf) -> ManifestUnknown:
    return ManifestUnknown(worded("Indexes in {label} are nested too deep, or name too much.", label=shelf.label))
