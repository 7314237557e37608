"""Groups, robots, access keys, tokens of people, sessions, more than one domain."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, UtcTime

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
    op.create_table(
        "group",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("domain_id", sa.String(length=32), nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_group_domain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_group_domain_id_name")),
    )
    op.create_table(
        "robot",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32)),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("old_secret_hash", sa.String(length=64)),
        sa.Column("old_secret_until", UtcTime()),
        sa.Column("rotated_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime()),
        sa.ForeignKeyConstraint(["id"], ["user.id"], name=op.f("fk_robot_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_robot_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot")),
    )
    op.create_index(op.f("ix_robot_owner_id"), "robot", ["owner_id"], unique=False)
    op.create_table(
        "personal_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("bounds", Json()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime()),
        sa.Column("last_used_at", UtcTime()),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_personal_token_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_personal_token_hash")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_personal_token_user_id_name")),
    )
