"""An index by which plans whose tender is expected are found without reading wide rows."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    op.create_index(op.f("ix_opportunities_expected"), "opportunities", ["expected"])


def downgrade() -> None:
    """Takes it away."""
    op.drop_index(op.f("ix_opportunities_expected"), "opportunities")
