"""Explain: may this actor do this here, and because of what. The evaluation of `check.py`, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.access.check import applying, held_by, is_enough, level_within, scopes_of
from entrepot.access.levels import NEEDS, Action, Level
from entrepot.access.tables import grant
from entrepot.db.transaction import Reader


@dataclass(frozen=True, slots=True)
class Reason:
    """A grant that counts: given on `scope` to `subject` (`*`, `user:ID`, `group:ID`, `domain:ID`, `admins:DOMAIN`)."""

    scope: str
    subject: str
    level: Level
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`held` is what the reasons give, `level` what the credential's bounds leave of it, `needed` what it takes."""

    is_allowed: bool
    needed: Level
    held: Level
    level: Level
    reasons: Sequence[Reason]


async def explain(tx: Reader, actor: Actor, action: Action, name: str) -> Explanation:
    """Why `actor` may or may not do `action` on an organization or repository; the strongest reasons first.

    The name need not exist. For whom this may be told, the caller decides.
    """
    columns = [grant.c.scope, grant.c.subject, grant.c.level, grant.c.expires_at]
    rows = await tx.rows(applying(columns, held_by(actor), scopes_of(name), name, tx.now))
    reasons = [Reason(row.scope, row.subject, Level(row.level), row.expires_at) for row in rows]
    reasons.sort(key=lambda one: (-one.level, one.scope, one.subject))
    held = reasons[0].level if reasons else Level.NONE
    level = min(held, level_within(actor.bounds, name))
    return Explanation(is_enough(actor, action, level), NEEDS[action], held, level, reasons)
