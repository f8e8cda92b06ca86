"""Which e-tendering portal an authority uses, and the notices that say so."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the two tables; `tenders reprocess` fills them from what is stored."""
    op.create_table(
        "bid_mentions",
        sa.Column("opportunity_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column(
            "authority", sa.String(length=9), nullable=False, comment="GSS code of the buyer"
        ),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False, comment="the host by which it is named"),
        sa.Column("published", tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_bid_mentions_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_bid_mentions")),
    )
    op.create_index(
        "ix_bid_mentions_authority_portal_published",
        "bid_mentions",
        ["authority", "portal", "published"],
        unique=False,
    )
    op.create_table(
        "bid_portals",
        sa.Column("authority", sa.String(length=9), nullable=False, comment="GSS code"),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=7), nullable=False, comment="notices or page"),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False, comment="a page, or the earliest notice"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("first_seen", tables.Moment(), nullable=False),
        sa.Column("last_seen", tables.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "portal", "basis", name=op.f("pk_bid_portals")),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("bid_portals")
    op.drop_table("bid_mentions")
