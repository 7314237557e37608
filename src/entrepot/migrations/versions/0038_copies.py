"""Copies to other regions are carried out: who we are there, and how far each copy is."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import RowId, UtcTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sync_region", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("sync_job", sa.Column("rule_id", RowId, nullable=True))
    op.add_column("sync_job", sa.Column("digest", sa.String(135), nullable=False, server_default=sa.text("''")))
    op.add_column("sync_job", sa.Column("error", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("sync_job", sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("sync_job", sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("sync_job", sa.Column("bytes_sent", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("sync_job", sa.Column("started_at", UtcTime(), nullable=True))
    op.add_column("sync_job", sa.Column("ended_at", UtcTime(), nullable=True))
    op.add_column("sync_job", sa.Column("next_at", UtcTime(), nullable=True))
    # What was asked for while nothing copied is done now.
    op.execute(sa.text("UPDATE sync_job SET next_at = updated_at WHERE status = 'waiting'"))
    op.execute(sa.text("UPDATE sync_job SET ended_at = updated_at WHERE status <> 'waiting'"))
    op.create_index(op.f("ix_sync_job_next_at"), "sync_job", ["next_at", "id"])
    op.create_index(op.f("ix_sync_job_rule_id"), "sync_job", ["rule_id"])
    op.create_index(op.f("ix_sync_job_ended_at"), "sync_job", ["ended_at"])
