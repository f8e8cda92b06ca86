"""An index of when opportunities changed, to look up what is new of late."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the index."""
    op.create_index("ix_opportunities_changed_at", "opportunities", ["changed_at"])


def downgrade() -> None:
    """Drops it."""
    op.drop_index("ix_opportunities_changed_at", "opportunities")
