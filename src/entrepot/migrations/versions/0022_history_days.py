"""How long organizations keep what tags named before."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("history_days", sa.Integer(), nullable=True))
