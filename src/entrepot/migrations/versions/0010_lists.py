"""Repositories sorted by their own name and by their last change."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repository", sa.Column("name", Name(255), nullable=False, server_default=""))
    repository = sa.table("repository", sa.column("path"), sa.column("name"))
    slash = sa.func.instr if op.get_bind().dialect.name == "sqlite" else sa.func.strpos
    own_name = sa.func.substr(repository.c.path, slash(repository.c.path, "/") + 1)
    op.execute(sa.update(repository).values(name=own_name))
    with op.batch_alter_table("repository") as batch:
        batch.alter_column("name", server_default=None)
    op.create_index("ix_repository_updated_at", "repository", ["updated_at", "path", "organization_id"])
    op.create_index("ix_repository_name", "repository", ["name", "path", "organization_id"])
