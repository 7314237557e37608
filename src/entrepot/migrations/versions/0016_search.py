"""Tags by name and manifests by digest, in all repositories: what the search walks."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_tag_name",
        "tag",
        ["name", "repository_id"],
        unique=False,
        sqlite_where=sa.text("valid_until IS NULL"),
        postgresql_where=sa.text("valid_until IS NULL"),
    )
    op.create_index("ix_manifest_digest", "manifest", ["digest", "repository_id"])
