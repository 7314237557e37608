"""Groups, robots, access keys, tokens of people, sessions, more than one domain."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
