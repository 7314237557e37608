"""Looking: what there is of one image, on a shelf and at a registry it is to go to; what is missing there.

Nothing is sent.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from entrepot.remote.attached import Attached, fetch_attached
from entrepot.remote.shelf import Shelf
from entrepot.remote.together import together
from entrepot.remote.trees import Tree, fetch_below
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, worded
from entrepot.values.names import TagName
from entrepot.values.reference import Reference, fallback_tag

There: TypeAlias = Callable[[Reference], Awaitable[Digest | None]]
"""What a tag or digest names at the registry that the image goes to; None when nothing is there."""


@dataclass(frozen=True, slots=True)
class Look:
    """An image with all that belongs to it, and the manifests of it that are not there yet. `tag_there`: what has its
    name.
    """

    tree: Tree
    attached: Attached
    missing: frozenset[Digest]
    tag_there: Digest | None

    @property
    def is_present(self) -> bool:
        """Whether all of it is there, under its tag."""
        return not self.missing and self.tag_there == self.tree.root.digest

    @property
    def blobs(self) -> list[Descriptor]:
        """Those of missing manifests, each once: a registry that has a manifest has what it names."""
        wanted = {
            blob.digest: blob
            for tree in (self.tree, *self.attached.trees)
            for manifest in tree.manifests.values()
            if manifest.digest in self.missing
            for blob in manifest.blobs
        }
        return list(wanted.values())

    @property
    def new_attached(self) -> Attached:
        """What is attached and not wholly there."""
        referrers, tagged = self.attached.referrers, self.attached.tagged
        return Attached(
            {digest: tree for digest, tree in referrers.items() if self.missing.intersection(tree.manifests)},
            {tag: tree for tag, tree in tagged.items() if self.missing.intersection(tree.manifests)},
        )

    @property
    def tags_along(self) -> set[TagName]:
        """The tags that need no turn of their own: cosign's, and lists of referrers."""
        digests = [*self.tree.manifests, *(one for tree in self.attached.trees for one in tree.manifests)]
        return {*self.attached.tagged, *(fallback_tag(one) for one in digests)}


async def look_at(shelf: Shelf, tag: TagName, there: There, referrers: bool = True) -> Look:
    """Raises ManifestUnknown for what is not whole on the shelf, and what the shelf or `there` raises."""
    root = await shelf.find(tag)
    if root is None:
        raise ManifestUnknown("The tag is no longer there.")
    tree = await fetch_below(shelf, root)
    if tree.absent:
        absent = ", ".join(str(one.platform or one.digest) for one in tree.absent)
        raise ManifestUnknown(
            worded(
                "{label} does not have every image that the index names (absent: {absent}).",
                label=shelf.label,
                absent=absent,
            )
        )
    attached = await fetch_attached(shelf, tree) if referrers else Attached()
    tag_there = await there(tag)
    # A tag that names the same there vouches for all below it: a registry that has a manifest has what it names.
    wanted = {} if tag_there == root.digest else _by_digest(tree)
    for more in attached.referrers.values():
        wanted |= _by_digest(more)
    for name, more in attached.tagged.items():
        wanted |= _by_digest(more) | {more.root.digest: name}
    return Look(tree, attached, await _missing(there, wanted), tag_there)


def _by_digest(tree: Tree) -> dict[Digest, Reference]:
    return {digest: digest for digest in tree.manifests}


async def _missing(there: There, wanted: Mapping[Digest, Reference]) -> frozenset[Digest]:
    """Those of `wanted` that are not there under the digest or tag beside them."""
    found = await together(partial(there, one) for one in wanted.values())
    return frozenset(digest for digest, one in zip(wanted, found, strict=True) if one != digest)
