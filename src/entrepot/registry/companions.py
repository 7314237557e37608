"""Companions: tags in which clients keep what belongs to an image beside it; they go when it goes.

cosign keeps signature, SBOM and attestation of `sha256:<hex>` under `sha256-<hex>.sig` and the like. A client that
finds no referrers API keeps a list of what refers to it under `sha256-<hex>` (OCI distribution specification 1.1,
"Referrers Tag Schema").
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.registry.accessories import KEPT, TAG_CHARS_MAX
from entrepot.registry.events import TagDeleted
from entrepot.registry.queries import companions, dropped
from entrepot.values.digest import Digest
from entrepot.values.reference import fallback_tag


def companion_tags(digests: Collection[str]) -> list[str]:
    """What the companions of manifests are called; no tag of cosign is long enough for the longest digests."""
    lists = [str(fallback_tag(Digest.parse(digest))) for digest in digests]
    kept = [digest.replace(":", "-") + ending for digest in digests for ending in KEPT]
    return [*lists, *[name for name in kept if len(name) <= TAG_CHARS_MAX]]


async def drop_companions(
    tx: Writer, repository: Row[Any], digests: Collection[str], by: str, at: datetime, since: datetime
) -> int:
    """Let go of the companions of manifests that are gone; how many tags. None of them is ever immutable.

    Without the image there is nothing to go back to: they leave no history. What they named waits for review, as if
    it had since `since`. The caller is alone with the repository's content.
    """
    going = await companions.tags_among(tx, repository.id, companion_tags(digests))
    if not going:
        return 0
    await dropped.forget_tags(tx, [row.id for row in going], since)
    for row in going:
        deleted = TagDeleted(repository.path, row.name, row.digest)
        await publish(tx, deleted, actor=by, at=at, domain_id=repository.domain_id, though_closed=True)
    return len(going)
