"""SQL about rules of immutability."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, select, update

from entrepot.accounts.tables import user
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import immutability_rule

_NAME = func.coalesce(select(user.c.name).where(user.c.id == immutability_rule.c.changed_by).scalar_subquery(), "")
_RULES: Select[Any] = (
    select(immutability_rule, _NAME.label("set_by"))
    .where(immutability_rule.c.organization_id == bindparam("organization_id"))
    .order_by(immutability_rule.c.id)
)


async def rules_of(tx: Reader, organization_id: int) -> Sequence[Row[Any]]:
    """All rules of an organization, the oldest first, with `set_by`: the name of who said last what it says."""
    return await tx.rows(_RULES, {"organization_id": organization_id})


async def rules_count(tx: Reader, organization_id: int) -> int:
    of_it = immutability_rule.c.organization_id == organization_id
    return int(await tx.value(select(func.count()).where(of_it)))


async def save_rule(tx: Writer, organization_id: int, document: Mapping[str, Any], by: str, at: datetime) -> int:
    """The new rule's number."""
    insert = tx.insert(immutability_rule).values(
        organization_id=organization_id,
        rule=document,
        created_at=at,
        changed_by=by,
        updated_at=at,
    )
    return int(await tx.value(insert.returning(immutability_rule.c.id)))


async def change_rule(tx: Writer, rule_id: int, document: Mapping[str, Any], by: str, at: datetime) -> None:
    changed = update(immutability_rule).where(immutability_rule.c.id == rule_id)
    await tx.run(changed.values(rule=document, changed_by=by, updated_at=at))


async def delete_rule(tx: Writer, rule_id: int) -> None:
    await tx.run(delete(immutability_rule).where(immutability_rule.c.id == rule_id))
