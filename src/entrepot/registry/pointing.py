"""Pointing: the one way a tag comes to name a manifest, whether by a push, by a second name or by going back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.db.transaction import Writer
from entrepot.registry.queries import tags
from entrepot.values.names import TagName


@dataclass(frozen=True, slots=True)
class Pointed:
    """How many tags there are more than before, which limits count; and the digests of those that pointed elsewhere."""

    added: int
    before: Mapping[str, str]


async def point_tags(
    tx: Writer, repository_id: int, wanted: Sequence[TagName], digest: str, by: str, at: datetime
) -> Pointed:
    """Let tags name a manifest of the repository from now on; what they named before becomes history.

    Tags that name it already stay as they are. Nobody else moves them before the end of the transaction.
    """
    if not wanted:
        return Pointed(0, {})
    await tx.lock(*[f"tag:{repository_id}:{tag}" for tag in sorted(wanted)])
    before = await tags.digests_of(tx, repository_id, wanted)
    added = 0
    for tag in sorted(wanted):
        added += await tags.save_tag(tx, repository_id, tag, digest, by, at)
    return Pointed(added, {tag: pointed for tag, pointed in before.items() if pointed != digest})
