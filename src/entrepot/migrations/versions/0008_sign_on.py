"""Identity providers, and whom they vouch for."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("domain_id", sa.String(length=32), nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary()),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_identity_provider_domain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_provider")),
        sa.UniqueConstraint("name", name=op.f("uq_identity_provider_name")),
    )
    op.create_index(op.f("ix_identity_provider_domain_id_name"), "identity_provider", ["domain_id", "name"])
    op.create_table(
        "identity",
        sa.Column("provider_id", sa.String(length=32), nullable=False),
        sa.Column("subject", Name(255), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_provider.id"], name=op.f("fk_identity_provider_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_identity_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("provider_id", "subject", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_user_id_provider_id"), "identity", ["user_id", "provider_id"])
    op.create_table(
        "federation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("domain_id", sa.String(length=32), nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("robot_id", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=512), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_federation_domain_id")),
        sa.ForeignKeyConstraint(["robot_id"], ["user.id"], name=op.f("fk_federation_robot_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_federation")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_federation_domain_id_name")),
    )
    op.create_index(op.f("ix_federation_domain_id_issuer"), "federation", ["domain_id", "issuer"])
    op.create_index(op.f("ix_federation_robot_id"), "federation", ["robot_id"])
