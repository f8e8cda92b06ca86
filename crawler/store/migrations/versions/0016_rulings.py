"""Listings anew: they show what reviewers decided."""

import sqlalchemy as sa
from alembic import op

from crawler.store import listings

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    query = sa.text("SELECT DISTINCT opportunity_id FROM reviews")
    listings.renew(connection, list(connection.execute(query).scalars()))


def downgrade() -> None:
    """Listings are made anew whenever their opportunity is kept."""
