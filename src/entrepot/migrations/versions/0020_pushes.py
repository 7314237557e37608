"""What was pushed, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_day",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pushes", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_push_day_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "day", name=op.f("pk_push_day")),
    )
    op.create_index("ix_push_day_day", "push_day", ["day"])
    for name in ("pushes", "pushed_bytes"):
        op.add_column("domain_day", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    with op.batch_alter_table("domain_day") as batch:
        for name in ("pushes", "pushed_bytes"):
            batch.alter_column(name, server_default=None)
