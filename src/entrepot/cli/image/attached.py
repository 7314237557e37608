"""Attached: what belongs to an image without being part of it: signatures, SBOMs, attestations, and what those have.

Most name their subject and are found as its referrers. Those of older cosigns have a tag made of the subject's digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from entrepot.cli.image.places import Place
from entrepot.cli.image.together import together
from entrepot.cli.image.trees import Tree, fetch_tree
from entrepot.remote.manifests import find_manifest, put_manifest
from entrepot.remote.referrers import keep_referrers, list_referrers
from entrepot.remote.session import Remote
from entrepot.values.digest import Digest
from entrepot.values.errors import RemoteRefused, TooMany
from entrepot.values.manifest import Manifest
from entrepot.values.names import TagName
from entrepot.values.reference import Reference

_DEPTH_MAX = 8
"""A signature of an attestation of an image is 2 deep."""

_COUNT_MAX = 1_000
_NOT_FOUND = 404
_SUFFIXES = ("sig", "att", "sbom")


@dataclass(slots=True)
class Attached:
    """`referrers` in the order they were found in, nearest first; `tagged` are cosign's."""

    referrers: dict[Digest, Tree] = field(default_factory=dict)
    tagged: dict[TagName, Tree] = field(default_factory=dict)

    @property
    def trees(self) -> list[Tree]:
        return [*self.referrers.values(), *self.tagged.values()]


async def fetch_attached(source: Remote, place: Place, image: Tree) -> Attached:
    """All that is attached to an image, its platforms, and to what is attached to those.

    Raises RemoteRefused, or TooMany when it is nested deeper or is more than anybody wants to copy.
    """
    attached = Attached()
    known = set(image.manifests)
    level, depth = list(known), 0
    while level:
        found = [one for one in await _referrers(source, place, level) if one not in known]
        depth += 1
        if found and (depth > _DEPTH_MAX or len(known) - len(image.manifests) + len(found) > _COUNT_MAX):
            raise TooMany(
                f"What refers to {place} is more than {_COUNT_MAX}, or nested deeper than {_DEPTH_MAX}. "
                "Copy without it: --no-referrers.",
                limit=_COUNT_MAX,
            )
        referrers = {tree.root.digest: tree for tree in await _trees(source, place, found) if tree is not None}
        tags = _cosign_tags(level)
        tagged = {tag: tree for tag, tree in zip(tags, await _trees(source, place, tags), strict=True) if tree}
        attached.referrers |= referrers
        attached.tagged |= tagged
        trees = [*referrers.values(), *tagged.values()]
        level = list({digest: None for tree in trees for digest in tree.manifests if digest not in known})
        known.update(level)
    return attached


async def put_attached(target: Remote, place: Place, attached: Attached) -> None:
    """Push the manifests; their blobs are there. A tag of cosign's that the target has already stays as it is."""
    unlisted: dict[Digest, list[Manifest]] = {}
    for tree in attached.referrers.values():
        for manifest in tree.manifests.values():
            listed = await put_manifest(target, place.name, manifest.digest, manifest)
            if manifest.subject is not None and not listed:
                unlisted.setdefault(manifest.subject.digest, []).append(manifest)
    for subject, manifests in unlisted.items():
        await keep_referrers(target, place.name, subject, manifests)
    for tag, tree in attached.tagged.items():
        if await find_manifest(target, place.name, tag) is None:
            for manifest in tree.manifests.values():
                reference = tag if manifest is tree.root else manifest.digest
                await put_manifest(target, place.name, reference, manifest)


async def _referrers(source: Remote, place: Place, subjects: Iterable[Digest]) -> list[Digest]:
    found = await together(partial(list_referrers, source, place.name, one) for one in subjects)
    return list({one.digest: None for some in found for one in some})


def _cosign_tags(subjects: Iterable[Digest]) -> list[TagName]:
    return [TagName(f"{one.algorithm}-{one.hex}.{suffix}") for one in subjects for suffix in _SUFFIXES]


async def _trees(source: Remote, place: Place, references: Iterable[Reference]) -> list[Tree | None]:
    return await together(partial(_tree, source, place, one) for one in references)


async def _tree(source: Remote, place: Place, reference: Reference) -> Tree | None:
    """None when it is not there: an index may name a signature that was deleted."""
    named = replace(place, digest=reference) if isinstance(reference, Digest) else place.tagged(reference)
    try:
        return await fetch_tree(source, named)
    except RemoteRefused as error:
        if error.status != _NOT_FOUND:
            raise
        return None
