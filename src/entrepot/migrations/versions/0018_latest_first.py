"""Lists of repositories walk an index in their order; whose organizations there are besides ours is found by one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_repository_latest", "repository", [sa.text("updated_at DESC"), "path", "organization_id"])
    op.create_index("ix_organization_domain_id", "organization", ["domain_id"])
