"""Groups, robots, access keys, tokens of people, sessions, more than one domain."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("kind", sa.String(length=16), server_default=sa.text("'person'"), nullable=False))
    op.add_column("user", sa.Column("expires_at", UtcTime()))
    op.add_column("user", sa.Column("login_version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    # Refresh tokens of today were issued under the credential version; they stay good.
    op.execute('UPDATE "user" SET login_version = credential_version')
    op.execute("ALTER TABLE refresh_token RENAME COLUMN credential_version TO login_version")
