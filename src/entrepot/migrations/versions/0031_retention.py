"""Retention is carried out: what is to be done, what was done, and what was pushed again."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, UtcTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("tag", sa.Column("pushed_at", UtcTime(), nullable=True))
    for column in (
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(135), nullable=True),
        sa.Column("pushed_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
    ):
        op.add_column("retention_deletion", column)
    op.create_index("ix_retention_deletion_run_id", "retention_deletion", ["run_id", "id"])
    op.create_table(
        "retention_wish",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("organization_id", _ROW_ID, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=True),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_places("retention_wish"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_wish")),
    )
    op.create_index("ix_retention_wish_organization_id", "retention_wish", ["organization_id"])
    op.create_index("ix_retention_wish_repository_id", "retention_wish", ["repository_id"])
    op.create_table(
        "retention_run",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("organization_id", _ROW_ID, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("rules", Json(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stopped_by", sa.String(16), nullable=False),
        sa.Column("detail", Json(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("looked_at", "deleted", "kept", "immutable", "running", "untagged", "restored", "refused")
        ),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.Column("undone_by", sa.String(64), nullable=False),
        *_places("retention_run"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    for name in ("organization_id", "repository_id"):
        op.create_index(f"ix_retention_run_{name}", "retention_run", [name, "id"])
    op.create_index("ix_retention_run_ended_at", "retention_run", ["ended_at"])
    op.create_table(
        "retention_hold",
        sa.Column("repository_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("held_by", sa.String(64), nullable=False),
        sa.Column("held_at", UtcTime(), nullable=False),
        _places("retention_hold")[1],
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_retention_hold")),
    )
    op.create_table(
        "retention_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("jumped_from", UtcTime(), nullable=True),
        sa.Column("paused_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_clock")),
    )


def _places(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    organization, repository = (
        sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=op.f(f"fk_{table}_{name}_id"), ondelete="CASCADE")
        for name in ("organization", "repository")
    )
    return organization, repository
