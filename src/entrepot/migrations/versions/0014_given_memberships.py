"""A membership says which identity provider gave it."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

membership = sa.table("membership", *map(sa.column, ("member", "group", "given_by")))
identity = sa.table("identity", *map(sa.column, ("provider_id", "user_id")))
group = sa.table("group", *map(sa.column, ("id", "domain_id", "name")))
provider = sa.table("identity_provider", *map(sa.column, ("id", "domain_id", "settings")))


def upgrade() -> None:
    op.add_column("membership", sa.Column("given_by", sa.String(64), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(provider)).all():
        # Of the groups that a provider's settings name, those who belong to them are as it says at each login.
        names = _mapped(row.settings)
        if names:
            connection.execute(
                sa.update(membership)
                .where(
                    membership.c.group.in_(
                        sa.select(sa.literal("group:") + group.c.id).where(
                            group.c.domain_id == row.domain_id, group.c.name.in_(names)
                        )
                    ),
                    membership.c.member.in_(
                        sa.select(sa.literal("user:") + identity.c.user_id).where(identity.c.provider_id == row.id)
                    ),
                )
                .values(given_by=f"provider:{row.id}")
            )


def _mapped(settings: Any) -> list[str]:
    document = json.loads(settings) if isinstance(settings, str | bytes) else settings
    return sorted(set((document.get("groups") or {}).values()))
