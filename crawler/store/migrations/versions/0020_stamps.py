"""Stamps, by which those who keep organisations in memory see that they changed.

What wins were sought by in the database is read with them now, so it goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stamps",
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("stamp", sa.String(length=16), nullable=False, comment="another one after each change"),
        sa.PrimaryKeyConstraint("thing", name="pk_stamps"),
    )
    op.drop_index("ix_organisation_wins_published", "organisation_wins")
    op.drop_column("organisation_wins", "published")
    op.drop_column("organisation_wins", "card")


def downgrade() -> None:
    """Brings back what wins were sought by, as it is now."""
    for name, comment in (("card", "its listing's, as last seen"), ("published", "its listing's, as last seen")):
        op.add_column(
            "organisation_wins",
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment),
        )
    for name in ("card", "published"):
        op.execute(
            f"UPDATE organisation_wins SET {name} = coalesce((SELECT {name} FROM listings"
            " WHERE listings.opportunity_id = organisation_wins.opportunity_id), 0)"
        )
    op.create_index(
        "ix_organisation_wins_published", "organisation_wins", ["published", "organisation_id", "card"]
    )
    op.drop_table("stamps")
