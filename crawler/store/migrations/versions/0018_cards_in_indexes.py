"""Cards in the indexes by which lists are chosen, and beside each win."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_listings_published": ["published", "opportunity_id"],
    "ix_listings_closes": ["closes"],
}


def upgrade() -> None:
    """Widens the indexes, and copies the listings' cards and days to the wins."""
    for name, columns in _INDEXES.items():
        op.drop_index(name, "listings")
        op.create_index(name, "listings", list(dict.fromkeys([*columns, "opportunity_id", "card"])))
    for name, comment in (("card", "its listing's, as last seen"), ("published", "its listing's, as last seen")):
        op.add_column(
            "organisation_wins",
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment),
        )
    op.execute(
        "UPDATE organisation_wins SET"
        " card = (SELECT card FROM listings"
        " WHERE listings.opportunity_id = organisation_wins.opportunity_id),"
        " published = (SELECT published FROM listings"
        " WHERE listings.opportunity_id = organisation_wins.opportunity_id)"
        " WHERE EXISTS (SELECT 1 FROM listings"
        " WHERE listings.opportunity_id = organisation_wins.opportunity_id)"
    )
    with op.batch_alter_table("organisation_wins") as batch:
        batch.alter_column("card", server_default=None)
        batch.alter_column("published", server_default=None)
    op.create_index(
        "ix_organisation_wins_published", "organisation_wins", ["published", "organisation_id", "card"]
    )


def downgrade() -> None:
    """Narrows the indexes again."""
    op.drop_index("ix_organisation_wins_published", "organisation_wins")
    with op.batch_alter_table("organisation_wins") as batch:
        batch.drop_column("published")
        batch.drop_column("card")
    for name, columns in _INDEXES.items():
        op.drop_index(name, "listings")
        op.create_index(name, "listings", columns)
