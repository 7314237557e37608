"""Lists of people, groups, domains and organizations sorted by age, and of accounts by their end."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_user_created_at", "user", ["domain_id", "kind", "created_at", "name"])
    op.create_index("ix_user_expires_at", "user", ["domain_id", "kind", "expires_at", "name"])
    op.create_index("ix_group_created_at", "group", ["domain_id", "created_at", "name"])
    op.create_index("ix_domain_created_at", "domain", ["created_at", "name"])
    op.create_index("ix_organization_created_at", "organization", ["created_at", "name"])
