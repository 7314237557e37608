"""Looking: what there is of one image, at the source and here; what of it is missing here. Nothing is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from entrepot.cli.moving.listing import Item
from entrepot.remote.attached import Attached, fetch_attached
from entrepot.remote.manifests import digest_of
from entrepot.remote.session import Remote, push_scope
from entrepot.remote.together import together
from entrepot.remote.trees import Tree, fetch_below
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, RemoteRefused
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference, fallback_tag

_FORBIDDEN = (401, 403)


@dataclass(frozen=True, slots=True)
class Look:
    """An image with all that belongs to it, and the manifests of it that are not here yet."""

    tree: Tree
    attached: Attached
    missing: frozenset[Digest]
    tag_here: Digest | None

    @property
    def is_present(self) -> bool:
        """Whether all of it is here, under its tag."""
        return not self.missing and self.tag_here == self.tree.root.digest

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
        """What is attached and not wholly here."""
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


async def look_at(item: Item, target: Remote, referrers: bool) -> Look:
    """Raises ManifestUnknown for what is not whole at the source, and what the source or the registry here raises."""
    root = await item.shelf.find(item.tag)
    if root is None:
        raise ManifestUnknown("The tag is no longer there.")
    tree = await fetch_below(item.shelf, root)
    if tree.absent:
        absent = ", ".join(str(one.platform or one.digest) for one in tree.absent)
        raise ManifestUnknown(f"The source does not have every image that the index names (absent: {absent}).")
    attached = await fetch_attached(item.shelf, tree) if referrers else Attached()
    tag_here = await _here(target, item.target, item.tag)
    # A tag that names the same here vouches for all below it: a registry that has a manifest has what it names.
    wanted = {} if tag_here == root.digest else _by_digest(tree)
    for more in attached.referrers.values():
        wanted |= _by_digest(more)
    for tag, more in attached.tagged.items():
        wanted |= _by_digest(more) | {more.root.digest: tag}
    return Look(tree, attached, await _missing(target, item.target, wanted), tag_here)


def _by_digest(tree: Tree) -> dict[Digest, Reference]:
    return {digest: digest for digest in tree.manifests}


async def _missing(target: Remote, name: RepositoryName, wanted: Mapping[Digest, Reference]) -> frozenset[Digest]:
    """Those of `wanted` that are not here under the digest or tag beside them."""
    found = await together(partial(_here, target, name, one) for one in wanted.values())
    return frozenset(digest for digest, here in zip(wanted, found, strict=True) if here != digest)


async def _here(target: Remote, name: RepositoryName, reference: Reference) -> Digest | None:
    try:
        return await digest_of(target, name, reference, push_scope(name))
    except RemoteRefused as error:
        if error.status not in _FORBIDDEN:
            raise
        said = f"You may not push to {name}. See who may: entrepot grant list {name.organization}"
        raise RemoteRefused(said, status=error.status) from None  # such an answer has no words of its own
