"""Cards in the index by which a buyer's notices are found: some buyers have thousands."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NAME = "ix_listings_buyer_key"


def upgrade() -> None:
    op.drop_index(_NAME, "listings")
    op.create_index(_NAME, "listings", ["buyer_key", "published", "opportunity_id", "card"])


def downgrade() -> None:
    op.drop_index(_NAME, "listings")
    op.create_index(_NAME, "listings", ["buyer_key"])
