"""Who did what from where."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
# Types of events whose subject was an organization or begins with one.
_NAMED = ("organization.", "repository.", "grant.", "blob.", "manifest.", "tag.")


def upgrade() -> None:
    op.add_column("event", sa.Column("domain_id", sa.String(length=32), server_default=_EMPTY, nullable=False))
    op.add_column("event", sa.Column("organization", Name(64), server_default=_EMPTY, nullable=False))
    op.add_column("event", sa.Column("address", sa.String(length=64), server_default=_EMPTY, nullable=False))
    op.add_column("event", sa.Column("credential", sa.String(length=96), server_default=_EMPTY, nullable=False))
    _fill()
    op.drop_index("ix_event_subject", "event")
    op.create_index("ix_event_domain", "event", ["domain_id", "xid", "seq"])
    op.create_index("ix_event_organization", "event", ["organization", "xid", "seq"])
    op.create_index("ix_event_subject", "event", ["subject", "xid", "seq"])
    op.create_index("ix_event_actor", "event", ["actor", "xid", "seq"])
    op.create_index("ix_event_time", "event", ["time"])


def _fill() -> None:
    """Until now there was one domain, and every event was about something in it."""
    event = sa.table(
        "event", sa.column("type"), sa.column("subject"), sa.column("domain_id"), sa.column("organization")
    )
    domain = sa.table("domain", sa.column("id"), sa.column("created_at"))
    first = sa.select(domain.c.id).order_by(domain.c.created_at).limit(1).scalar_subquery()
    op.execute(sa.update(event).values(domain_id=sa.func.coalesce(first, "")))
    dialect = op.get_bind().dialect.name
    slash = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    whole = event.c.subject + "/"
    named = sa.or_(*[event.c.type.startswith(prefix) for prefix in _NAMED])
    op.execute(sa.update(event).where(named).values(organization=sa.func.substr(whole, 1, slash(whole, "/") - 1)))
