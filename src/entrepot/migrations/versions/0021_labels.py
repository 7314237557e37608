"""Labels of images, to be searched for; workers look at those of all images that are there."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "version_label",
        sa.Column("manifest_id", _ROW_ID, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("key", Name(128), nullable=False),
        sa.Column("value", Name(2_000), nullable=False),
        sa.ForeignKeyConstraint(
            ["manifest_id"], ["manifest.id"], name=op.f("fk_version_label_manifest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("manifest_id", "number", name=op.f("pk_version_label")),
    )
    op.create_index("ix_version_label_value", "version_label", ["key", "value", "repository_id", "manifest_id"])
    op.create_index("ix_version_label_repository_id", "version_label", ["repository_id", "key", "value", "manifest_id"])
    op.create_table(
        "label_wait",
        sa.Column("manifest_id", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["manifest_id"], ["manifest.id"], name=op.f("fk_label_wait_manifest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("manifest_id", name=op.f("pk_label_wait")),
    )
    op.execute("INSERT INTO label_wait (manifest_id) SELECT id FROM manifest")
