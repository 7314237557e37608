"""Pointing: the one way a tag comes to name a manifest, whether by a push, by a second name or by going back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.registry import immutable
from entrepot.registry.queries import tags
from entrepot.values.names import TagName


@dataclass(frozen=True, slots=True)
class Pointed:
    """How many tags there are more than before, which limits count; and the digests of those that pointed elsewhere.

    `same`: tags that pointed there already.
    """

    added: int
    before: Mapping[str, str]
    same: Sequence[TagName] = ()


async def point_tags(
    tx: Writer, repository: Row[Any], wanted: Sequence[TagName], digest: str, by: str, at: datetime
) -> Pointed:
    """Let tags name a manifest of the repository from now on; what they named before becomes history.

    Tags that name it already stay as they are. Nobody else moves them before the end of the transaction.
    Raises TagImmutable.
    """
    if not wanted:
        return Pointed(0, {})
    await tx.lock(*[f"tag:{repository.id}:{tag}" for tag in sorted(wanted)])
    before = await tags.digests_of(tx, repository.id, wanted)
    moving = {tag: pointed for tag, pointed in before.items() if pointed != digest}
    await immutable.check_movable(tx, repository, moving)
    added = 0
    for tag in sorted(wanted):
        added += await tags.save_tag(tx, repository.id, tag, digest, by, at)
    return Pointed(added, moving, [tag for tag in wanted if before.get(tag) == digest])
