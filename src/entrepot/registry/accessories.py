"""Accessories: signatures that cosign keeps as tags beside the image they sign (contract §5).

The signature of `sha256:<hex>` has the tag `sha256-<hex>.sig`. Signatures that name their subject are referrers,
which `lists.list_referrers` lists.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.registry import reach, rules
from entrepot.registry.queries import tag_rows, tags
from entrepot.registry.room import Registry
from entrepot.registry.tagged import Tagged, one_tagged
from entrepot.values.kinds import Kind
from entrepot.values.names import RepositoryName, TagName

COSIGN: Final = "signature.cosign"
KEPT: Final = {".sig": Kind.SIGNATURE, ".sbom": Kind.SBOM, ".att": Kind.ATTESTATION}
"""Endings of the tags in which cosign says what belongs to a digest, and what it is."""
TAG_CHARS_MAX: Final = 128
_BELONGING: Final = re.compile(r"(sha256|sha512)-([0-9a-f]{64,128})(?:\.[a-z]+)?", re.ASCII)
_SIGNATURE: Final = re.compile(r"(sha256)-([0-9a-f]{64})\.sig")


@dataclass(frozen=True, slots=True)
class Accessory:
    """`tagged` is the signature, `target` the digest it signs."""

    tagged: Tagged
    target: str
    kind: str = COSIGN


async def list_accessories(registry: Registry, actor: Actor, path: RepositoryName, tag: TagName) -> Sequence[Accessory]:
    """The signatures of what a tag names. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        signed = await one_tagged(tx, repository, tag)
        name = signature_tag(signed.digest)
        if await tag_rows.tag_row(tx, repository.id, name) is None:
            return []
        return [Accessory(await one_tagged(tx, repository, name), signed.digest)]


async def list_signed_tags(
    registry: Registry, actor: Actor, path: RepositoryName, signature: TagName, after: str, limit: int
) -> tuple[Sequence[str], bool]:
    """The tags of what a signature's tag signs, by name, those after `after`; whether there are more.

    None for a tag that is no signature's. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        await one_tagged(tx, repository, signature)
        signed = signed_digest(signature)
        if signed is None:
            return [], False
        return rules.page(await tags.tag_names(tx, repository.id, after, limit + 1, signed), limit)


def signature_tag(digest: str) -> TagName:
    return TagName(f"{digest.replace(':', '-')}.sig")


def subject_of(tag: str) -> str | None:
    """The digest of the image to which a tag belongs, in which clients keep what refers to it; None for any other tag.

    Signatures, SBOMs and attestations of cosign, and lists of referrers: such a tag is no version.
    """
    found = _BELONGING.fullmatch(tag) if tag.startswith("sha") else None
    return f"{found[1]}:{found[2]}" if found else None


def signed_digest(tag: TagName) -> str | None:
    """What the tag of a signature says that it signs; None for any other tag."""
    found = _SIGNATURE.fullmatch(tag)
    return f"{found[1]}:{found[2]}" if found else None
