"""Tags of mirrors say when they were asked about; for how long that holds is said once, of the organization."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("fresh_seconds", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE organization SET fresh_seconds ="
        " (SELECT fresh_seconds FROM upstream WHERE upstream.organization_id = organization.id)"
    )
    op.execute("ALTER TABLE tag RENAME COLUMN fresh_until TO asked_at")
    op.execute(
        "UPDATE tag SET asked_at = asked_at - (SELECT fresh_seconds FROM organization JOIN repository"
        " ON repository.organization_id = organization.id WHERE repository.id = tag.repository_id)"
        " WHERE asked_at > 0"
    )
    op.execute("ALTER TABLE upstream DROP COLUMN fresh_seconds")
