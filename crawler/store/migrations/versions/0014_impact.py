"""Whom we asked what became of a bid, and what they said beside the outcome."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table; the outcome of a bid itself stays with the marks."""
    op.create_table(
        "asks",
        sa.Column("subscriber_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column("opportunity_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column("asked_at", tables.Moment(), nullable=False),
        sa.Column("answered_at", tables.Moment(), nullable=True, comment="when they answered last; NULL if they have not"),
        sa.Column("company", sa.String(6), nullable=True, comment="alone or others"),
        sa.Column("with_whom", sa.Text(), nullable=True, comment="their own words, shown to nobody else"),
        sa.Column("why_not", sa.String(8), nullable=True, comment="why they did not bid"),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunities.id"], name="fk_asks_opportunity_id_opportunities", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name="fk_asks_subscriber_id_subscribers", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber_id", "opportunity_id", name="pk_asks"),
    )
    op.create_index("ix_asks_opportunity_id", "asks", ["opportunity_id"])


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("asks")
