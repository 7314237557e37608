"""Every tag has the time of its last push, and lists are sorted by it."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tag = sa.table("tag", sa.column("valid_from", UtcTime()), sa.column("pushed_at", UtcTime()))
    op.execute(sa.update(tag).where(tag.c.pushed_at.is_(None)).values(pushed_at=tag.c.valid_from))
    with op.batch_alter_table("tag") as batch:
        batch.alter_column("pushed_at", existing_type=UtcTime(), nullable=False)
    where = sa.text("valid_until IS NULL")
    columns = ["repository_id", "pushed_at", "id"]
    op.create_index("ix_tag_pushed", "tag", columns, sqlite_where=where, postgresql_where=where)
