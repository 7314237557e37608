"""Shared repositories: those our domain shares with others, and those others share with us (contract §7).

An ended share stays in the receivers' list until it is taken back, but says no more than what was shared, by whom
and when: what the repository holds now is not theirs to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.db.transaction import Reader
from entrepot.registry import rules
from entrepot.registry.browse import Listed, listed
from entrepot.registry.queries import browse, shares
from entrepot.registry.room import Registry
from entrepot.registry.wanted import SharedOrder, WantedShared
from entrepot.values.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Shared:
    """`is_valid`: we may read it by a share now; False for what we gave.

    `ends_at`: the first moment at which the share does not hold any more; None: it holds for ever, or we gave it.
    """

    listed: Listed
    is_valid: bool
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class SharedPage:
    items: Sequence[Shared]
    total: int


async def list_shared(
    registry: Registry,
    actor: Actor,
    wanted: WantedShared,
    order: SharedOrder,
    descending: bool,
    offset: int,
    limit: int,
) -> SharedPage:
    """A page of shared repositories, and how many there are on all pages. Raises Unauthenticated or AccessDenied."""
    _require_somebody(actor)
    async with registry.db.reading() as tx:
        found, total = await shares.shared_page(tx, actor, wanted, order, descending, offset, limit)
        return SharedPage(await _shared(tx, wanted, found), total)


async def list_shared_after(
    registry: Registry, actor: Actor, wanted: WantedShared, after_id: int, limit: int
) -> tuple[Sequence[Shared], bool]:
    """Shared repositories by id, those after `after_id`; whether there are more.

    Raises Unauthenticated or AccessDenied.
    """
    _require_somebody(actor)
    async with registry.db.reading() as tx:
        found = await shares.shared_after(tx, actor, wanted, after_id, limit + 1)
        items, has_more = rules.page(found, limit)
        return await _shared(tx, wanted, items), has_more


def _require_somebody(actor: Actor) -> None:
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)


async def _shared(tx: Reader, wanted: WantedShared, found: Sequence[Row[Any]]) -> Sequence[Shared]:
    rows = await browse.repository_rows(tx, [one.id for one in found], with_tag_names=True)
    items = await listed(tx, rows)
    return [
        Shared(item if wanted.is_given or one.is_valid else _as_it_was_shared(item, one), one.is_valid, one.ends_at)
        for item, one in zip(items, found, strict=True)
    ]


def _as_it_was_shared(item: Listed, share: Row[Any]) -> Listed:
    """What an ended share still tells of a repository."""
    known = replace(
        item.repository,
        category="other",
        description="",
        is_public=False,
        creator_id="",
        created_at=share.shared_at,
        updated_at=share.changed_at,
    )
    return replace(item, repository=known, tags=0, size=0, tag_names=(), creator_name="", pulls=0)
