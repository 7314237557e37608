"""Attached: what belongs to an image without being part of it: signatures, SBOMs, attestations, and what those have.

Most name their subject and are found as its referrers. Those of older cosigns have a tag made of the subject's digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from entrepot.remote.manifests import find_manifest, put_manifest
from entrepot.remote.referrers import keep_referrers
from entrepot.remote.session import Remote
from entrepot.remote.shelf import Shelf
from entrepot.remote.together import together
from entrepot.remote.trees import Tree, fetch_below
from entrepot.values.digest import Digest
from entrepot.values.errors import TooMany, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_DEPTH_MAX = 8
"""A signature of an attestation of an image is 2 deep."""

_COUNT_MAX = 1_000
_SUFFIXES = ("sig", "att", "sbom")


@dataclass(slots=True)
class Attached:
    """`referrers` in the order they were found in, nearest first; `tagged` are cosign's."""

    referrers: dict[Digest, Tree] = field(default_factory=dict)
    tagged: dict[TagName, Tree] = field(default_factory=dict)

    @property
    def trees(self) -> list[Tree]:
        return [*self.referrers.values(), *self.tagged.values()]


async def fetch_attached(shelf: Shelf, image: Tree) -> Attached:
    """All that is attached to an image, its platforms, and to what is attached to those.

    Raises what `shelf` raises, or TooMany when it is nested deeper or is more than anybody wants to copy.
    """
    attached = Attached()
    known = set(image.manifests)
    level, depth = list(known), 0
    while level:
        found = [one for one in await _referrers(shelf, level) if one not in known]
        depth += 1
        if found and (depth > _DEPTH_MAX or len(known) - len(image.manifests) + len(found) > _COUNT_MAX):
            raise TooMany(
                worded(
                    "What refers to {label} {digest} is more than {count_max}, or nested deeper than {depth_max}. "
                    "Copy without it: --no-referrers.",
                    label=shelf.label,
                    digest=image.root.digest,
                    count_max=_COUNT_MAX,
                    depth_max=_DEPTH_MAX,
                ),
                limit=_COUNT_MAX,
            )
        referrers = {tree.root.digest: tree for tree in await _trees(shelf, found) if tree is not None}
        tags = _cosign_tags(level)
        tagged = {tag: tree for tag, tree in zip(tags, await _trees(shelf, tags), strict=True) if tree}
        attached.referrers |= referrers
        attached.tagged |= tagged
        trees = [*referrers.values(), *tagged.values()]
        level = list({digest: None for tree in trees for digest in tree.manifests if digest not in known})
        known.update(level)
    return attached


async def put_attached(target: Remote, name: RepositoryName, attached: Attached, move_tags: bool = False) -> None:
    """Push the manifests; their blobs are there. A tag of cosign's that names something else stays unless it may move.

    cosign adds a signature by moving the tag, so who follows another registry moves it, and who copies once does not.
    """
    unlisted: dict[Digest, list[Manifest]] = {}
    for tree in attached.referrers.values():
        for manifest in tree.manifests.values():
            listed = await put_manifest(target, name, manifest.digest, manifest)
            if manifest.subject is not None and not listed:
                unlisted.setdefault(manifest.subject.digest, []).append(manifest)
    for subject, manifests in unlisted.items():
        await keep_referrers(target, name, subject, manifests)
    for tag, tree in attached.tagged.items():
        if move_tags or await find_manifest(target, name, tag) is None:
            for manifest in tree.manifests.values():
                reference = tag if manifest is tree.root else manifest.digest
                await put_manifest(target, name, reference, manifest)


async def _referrers(shelf: Shelf, subjects: Iterable[Digest]) -> list[Digest]:
    found = await together(partial(shelf.referrers, one) for one in subjects)
    return list({one.digest: None for some in found for one in some})


def _cosign_tags(subjects: Iterable[Digest]) -> list[TagName]:
    return [TagName(f"{one.algorithm}-{one.hex}.{suffix}") for one in subjects for suffix in _SUFFIXES]


async def _trees(shelf: Shelf, references: Iterable[Reference]) -> list[Tree | None]:
    return await together(partial(_tree, shelf, one) for one in references)


async def _tree(shelf: Shelf, reference: Reference) -> Tree | None:
    """None when it is not there: an index may name a signature that was deleted."""
    root = await shelf.find(reference)
    return None if root is None else await fetch_below(shelf, root)
