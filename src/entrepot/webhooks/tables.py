"""Webhooks, and what they deliver.

Deliveries of one webhook about one repository are a lane: one goes out after the other. A lane has a row as long as
something waits in it, so what is due is found without looking at what waits.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    # Without one it is about all of the organization.
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("name", Name(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("events", Json, nullable=False),
    Column("repositories", Text, nullable=False),
    Column("tags", Text, nullable=False),
    # Address, secrets and headers: the address of a chat is a secret, too. What may be shown of it stands beside it.
    Column("sealed", LargeBinary, nullable=False),
    Column("shown_target", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    # When the courier gave up, and why; empty while it has not.
    Column("paused_at", UtcTime, nullable=True),
    Column("paused_why", Text, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("organization_id", "name"),
)

delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("lane", Name(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # Of the last attempt.
    Column("tried_at", UtcTime, nullable=True),
    Column("headers", Json, nullable=False),
    Column("status", Integer, nullable=True),
    Column("answer", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("milliseconds", Integer, nullable=True),
    UniqueConstraint("webhook_id", "event_id"),
    Index("ix_webhook_delivery_log", "webhook_id", "id"),
    Index("ix_webhook_delivery_created_at", "created_at"),
    Index(
        "ix_webhook_delivery_waiting",
        "webhook_id",
        "lane",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_autoincrement=True,  # later deliveries have greater numbers, also when the newest are gone
)

lane = Table(
    "webhook_lane",
    metadata,
    Column("webhook_id", ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True),
    Column("lane", Name(255), primary_key=True),
    # When its first delivery is tried; nothing is while the webhook is paused or switched off.
    Column("next_at", UtcTime, nullable=True),
    Column("failing_since", UtcTime, nullable=True),
    Index("ix_webhook_lane_next_at", "next_at"),
)
